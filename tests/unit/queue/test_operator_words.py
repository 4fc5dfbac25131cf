"""How messages are told to people, and what is asked of them before many are changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer

from commands.ops.queue_enqueue import QueueEnqueue
from commands.ops.queue_words import (
    PAYLOAD_CHARACTERS,
    next_steps,
    readable_payload,
    since_when,
    span_words,
)
from commands.spans import instant, span
from domain.errors import Refused
from domain.queue.dao import Reason
from domain.queue.job import Direction
from domain.queue.listing import Listed
from domain.queue.message_type import Effects, MessageType
from domain.queue.work import Draft, Enqueued

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

WAITING = Listed(
    id=17,
    queue="general",
    type="images.update",
    direction="incoming",
    status="NEW",
    priority=5,
    created_at=NOON,
    created_by="anna",
    available_at=NOON,
    status_since=NOON,
    attempts=0,
    max_attempts=3,
    give_backs=0,
    rescues=0,
    claim_no=0,
    correlation_id="",
    payload="{}",
)


# --- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("36h", timedelta(hours=36)),
        ("14d", timedelta(days=14)),
        (" 2w ", timedelta(weeks=2)),
    ],
)
def test_a_span_is_read(text: str, expected: timedelta) -> None:
    assert span("--for", text) == expected


@pytest.mark.parametrize("text", ["", "0h", "2", "h", "-1h", "1.5h", "2 h", "999999d", "tomorrow"])
def test_what_is_no_span_is_refused_with_what_to_type(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no span: write 90m"):
        span("--for", text)


def test_since_is_an_instant_or_so_long_ago() -> None:
    assert since_when("2h", NOON) == NOON - 2 * HOUR
    assert since_when("2026-11-20", NOON) == datetime(2026, 11, 20, tzinfo=UTC)
    assert instant("2026-11-20T01:00:00+01:00") == datetime(2026, 11, 20, tzinfo=UTC)
    with pytest.raises(typer.BadParameter, match="soon is no instant"):
        since_when("soon", NOON)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(seconds=120), "2 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_a_span_is_told_by_its_largest_unit_that_says_enough(length: timedelta, words: str) -> None:
    assert span_words(length) == words


def test_a_payload_is_set_out_without_what_is_named_like_a_secret() -> None:
    payload = {"article": 17, "ftp": [{"user": "u", "Password": "hunter2", "api_key": [1]}]}

    shown = readable_payload(json.dumps(payload))

    assert json.loads(shown) == {
        "article": 17,
        "ftp": [{"user": "u", "Password": "***", "api_key": "***"}],
    }


def test_a_long_payload_is_cut_and_one_that_is_no_json_is_shown_as_it_is() -> None:
    assert readable_payload('a:1:{s:1:"x";i:1;}') == 'a:1:{s:1:"x";i:1;}'
    assert readable_payload("x" * 9_000) == "x" * PAYLOAD_CHARACTERS + "\n… 9,000 characters in all"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "it is due"),
        ({"available_at": NOON + HOUR}, "it waits until 2026-11-21 13:00:00 UTC"),
        ({"status": "PROCESSING", "run_id": "run-7"}, "runs:show run-7"),
        ({"status": "IN_QUEUE", "lease_until": NOON}, "the legacy side holds it until 2026"),
        ({"status": "CRASH"}, "queue:reset 17 --reason=…, once its cause is mended"),
        ({"status": "CRASH", "fingerprint": "ab"}, "queue:reset --fingerprint=ab --reason=…"),
        ({"status": "PROCESSED"}, "nothing: it is done"),
        ({"status": "GONE"}, "nobody knows this status"),
    ],
)
def test_of_every_status_it_is_said_what_can_be_done(change: dict[str, Any], said: str) -> None:
    steps = next_steps(replace(WAITING, **change), NOON, [])

    assert said in "\n".join(steps)


def test_what_stands_in_the_way_is_said_before_that_it_is_due() -> None:
    assert next_steps(WAITING, NOON, ["the queue is paused"])[0] == "the queue is paused"


# --- a message by hand -------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """What the sample type is told."""

    batch: int


SAMPLE = MessageType(
    name="sample.work",
    payload=Batch,
    effects=Effects.LOCAL,
    idempotency="a row is written once",
    limit=HOUR / 60,
    max_attempts=7,
    direction=Direction.OUTGOING,
)


class SampleTypes:
    """One type, whose reader takes a whole number named batch."""

    declares = SAMPLE

    def names(self) -> list[str]:
        return [SAMPLE.name]

    def find(self, type_: str) -> SampleTypes | None:
        return self if type_ == SAMPLE.name else None

    def read(self, payload: str) -> object:
        content = json.loads(payload)
        if set(content) != {"batch"}:
            raise Refused("the payload does not fit: batch: Field required")
        return Batch(**content)


class Everywhere:
    """Knows every queue."""

    def check(self, queue: str) -> None: ...


class Written:
    """Keeps what was written; a dedupe key waits already."""

    def __init__(self) -> None:
        self.drafts: list[tuple[Draft, Reason]] = []

    def enqueue(self, draft: Draft, why: Reason) -> Enqueued:
        self.drafts.append((draft, why))
        return Enqueued(message_id=4711, is_new=draft.dedupe_key is None)


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def enqueue(written: Written) -> QueueEnqueue:
    return QueueEnqueue(SampleTypes(), written, Everywhere(), "anna")


def test_a_message_by_hand_is_what_its_type_declares(
    enqueue: QueueEnqueue, written: Written
) -> None:
    answer = enqueue(type_="sample.work", payload='{"batch": 7}', wait="2h", reason="again")

    [(draft, why)] = written.drafts
    assert (draft.type, draft.payload, draft.wait) == ("sample.work", {"batch": 7}, 2 * HOUR)
    assert (draft.max_attempts, draft.direction) == (7, Direction.OUTGOING)
    assert (draft.created_by, why) == ("anna", Reason(actor="anna", reason="again"))
    assert answer.data == {"message": 4711, "new": True}


def test_one_that_waits_already_is_told(enqueue: QueueEnqueue) -> None:
    answer = enqueue(type_="sample.work", payload='{"batch": 7}', dedupe="b7", reason="again")

    assert "message 4711 with the dedupe key b7 has not ended yet" in answer.text
    assert answer.data == {"message": 4711, "new": False}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type_": "sample.wrok"}, "called sample.wrok, did you mean sample.work?"),
        ({"payload": "{"}, "--payload is no JSON: Expecting property name"),
        ({"payload": '{"bach": 7}'}, "sample.work: the payload does not fit: batch"),
        ({"payload": "@/no/such/file"}, "--payload @/no/such/file cannot be read"),
        ({"reason": " "}, "--reason is empty"),
        ({"wait": "soon"}, "--wait soon is no span"),
    ],
)
def test_what_cannot_be_handled_is_not_written(
    enqueue: QueueEnqueue, written: Written, given: dict[str, Any], said: str
) -> None:
    asked = {"type_": "sample.work", "payload": '{"batch": 7}', "reason": "again", **given}

    with pytest.raises(typer.BadParameter, match=said.replace("?", r"\?")):
        enqueue(**asked)
    assert written.drafts == []
