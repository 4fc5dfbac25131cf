"""What a message type must declare, and how it is found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.messages import base
from commands.messages.base import Consumer
from commands.ops.queue_types import QueueTypes
from domain.errors import ConfigurationInvalid
from domain.queue.message_type import Effects, MessageType
from domain.queue.work import Work
from kernel.inventory import MESSAGES, Message
from kernel.message_types import MessageTypes, built_by


@dataclass(frozen=True)
class Label:
    article: int
    copies: int = 1
    printers: tuple[str, ...] = field(default_factory=tuple)


SOUND: dict[str, Any] = {
    "name": "labels.print",
    "payload": Label,
    "effects": Effects.LOCAL,
    "idempotency": "the label's row is written once",
    "limit": timedelta(seconds=30),
    "max_attempts": 3,
}


class PrintLabel(Consumer[Label]):
    declares = MessageType(**SOUND)

    def handle(self, payload: Label, work: Work, /) -> None:
        work.log("label", str(payload.article))


@dataclass
class Mutable:
    article: int


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "labels", "subject.verb"),
        ("name", "Labels.Print", "subject.verb"),
        ("payload", dict, "no frozen dataclass"),
        ("payload", Mutable, "no frozen dataclass"),
        ("idempotency", " ", "idempotency is empty"),
        ("limit", timedelta(0), "limit is not above zero"),
        ("limit", timedelta(seconds=601), "limit is above 600 s"),
        ("max_attempts", 0, "max_attempts is below 1"),
    ],
)
def test_a_type_that_declares_nonsense_fails_at_import(field: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=words):
        MessageType(**{**SOUND, field: value})


@pytest.mark.parametrize("field", sorted(SOUND))
def test_a_field_left_out_fails_at_import(field: str) -> None:
    with pytest.raises(TypeError, match=field):
        MessageType(**{name: value for name, value in SOUND.items() if name != field})


def test_a_consumer_without_a_declaration_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="declares no MessageType"):
        type("Silent", (Consumer,), {})


def test_a_type_is_found_by_its_name_and_by_the_legacy_sides() -> None:
    here = f"{__name__}:PrintLabel"
    known = Message("labels.print", here, "Print a label", ("LabelController::print",))
    types = MessageTypes(built_by(object()), [known])

    found = types.find("LabelController::print")

    assert types.names() == ["labels.print"]
    assert found is not None
    assert found.declares is PrintLabel.declares
    assert types.find("labels.burn") is None


def test_a_consumer_is_built_by_the_containers_method_where_there_is_one() -> None:
    class Container:
        def message_labels_print(self) -> Consumer[Label]:
            return made

    made = PrintLabel()
    known = Message("labels.print", f"{__name__}:PrintLabel", "Print a label")

    assert built_by(Container())(known, PrintLabel) is made
    assert built_by(object())(known, PrintLabel) is not made


def test_every_line_of_the_inventory_agrees_with_its_class() -> None:
    for message in MESSAGES:
        consumer = message.load()

        assert issubclass(consumer, Consumer)
        assert (consumer.declares.name, consumer.declares.legacy) == (message.name, message.legacy)


def test_every_type_stands_in_the_module_and_the_class_of_its_name() -> None:
    for message in MESSAGES:
        words = re.split(r"[._]", message.name)

        assert message.target == (
            f"commands.messages.{'_'.join(words)}:{''.join(map(str.capitalize, words))}"
        )


def test_every_module_of_a_message_type_has_a_line_in_the_inventory() -> None:
    folder = Path(base.__file__).parent
    modules = {f"commands.messages.{file.stem}" for file in folder.glob("[!_]*.py")}

    listed = {message.target.partition(":")[0] for message in MESSAGES}

    assert modules - {base.__name__} == listed


def test_no_two_types_answer_to_one_name() -> None:
    names = [name for message in MESSAGES for name in (message.name, *message.legacy)]

    assert len(set(names)) == len(names)


def test_queue_types_tells_what_each_type_declares() -> None:
    table = QueueTypes([MessageType(**SOUND, legacy=("LabelController::print",))])()

    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "type": "labels.print",
        "legacy name": "LabelController::print",
        "direction": "incoming",
        "effects": "local",
        "limit": "30 s",
        "attempts": 3,
        "payload": "article, copies?, printers?",
        "why twice does no harm": "the label's row is written once",
    }
