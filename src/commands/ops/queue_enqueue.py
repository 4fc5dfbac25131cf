"""queue:enqueue: a message written by hand, checked by its type before it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

import typer

from commands.ops.queue_pause import known
from commands.ops.queue_words import Why, accounted
from commands.result import Text
from commands.spans import span
from domain.errors import Refused
from domain.queue.dao import Reason
from domain.queue.job import FIRST, LAST, Direction
from domain.queue.message_type import MessageType
from domain.queue.work import USUAL_PRIORITY, Draft, Enqueued


class Declared(Protocol):
    """One message type as it is declared."""

    @property
    def declares(self) -> MessageType[Any]: ...
    def read(self, payload: str) -> object:
        """Check a payload against the schema. Raises Refused, which says what is wrong."""
        ...


class Types(Protocol):
    """The declared message types."""

    def names(self) -> Sequence[str]: ...
    def find(self, type_: str) -> Declared | None: ...


class Writer(Protocol):
    """Writes a message with its history and the audit in one transaction."""

    def enqueue(self, draft: Draft, why: Reason) -> Enqueued: ...


class Queues(Protocol):
    """The queues that there are."""

    def check(self, queue: str) -> None:
        """Raise BadParameter for one that nobody knows."""
        ...


class QueueEnqueue:
    """Writes a message by hand."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:enqueue images.update --payload='{\"batch\": 7}' --reason='once more'",
        "bin/console queue:enqueue images.update --payload=@batch.json --wait=2h --reason='later'",
        "bin/console queue:enqueue images.update --payload=- --priority=0 --reason='customer'",
    )

    def __init__(self, types: Types, writer: Writer, queues: Queues, actor: str) -> None:
        self._types, self._writer, self._queues, self._actor = types, writer, queues, actor

    def __call__(  # noqa: PLR0913 - each one is an option on the command line
        self,
        *,
        type_: Annotated[
            str, typer.Argument(metavar="TYPE", help="The message type; queue:types lists them.")
        ],
        payload: Annotated[
            str, typer.Option(metavar="JSON", help="A JSON object, @FILE, or - for stdin.")
        ],
        queue: Annotated[str, typer.Option(metavar="NAME", help="The queue.")] = "general",
        priority: Annotated[
            int, typer.Option(metavar="N", min=FIRST, max=LAST, help="0 goes first, 9 last.")
        ] = USUAL_PRIORITY,
        entity: Annotated[
            str | None,
            typer.Option(metavar="KEY", help="Messages of one key go one after the other."),
        ] = None,
        dedupe: Annotated[
            str | None, typer.Option(metavar="KEY", help="Waits once: not where one waits already.")
        ] = None,
        wait: Annotated[
            str | None, typer.Option(metavar="SPAN", help="Not before: 90m, 2h, 1d from now.")
        ] = None,
        direction: Annotated[
            Direction | None, typer.Option(help="The type's own unless it is given.")
        ] = None,
        reason: Why,
    ) -> Text:
        why = accounted(self._actor, reason)
        self._queues.check(queue)
        for option, key in (("--entity", entity), ("--dedupe", dedupe)):
            if key is not None and not key.strip():
                raise typer.BadParameter(
                    f"{option} is empty: a key of nothing would join strangers"
                )
        declares, content = self._checked(type_, _text_of(payload))
        draft = Draft(
            type=declares.name,
            payload=content,
            queue=queue,
            priority=priority,
            direction=direction or declares.direction,
            entity_key=entity,
            dedupe_key=dedupe,
            wait=span("--wait", wait) if wait else timedelta(0),
            max_attempts=declares.max_attempts,
            created_by=why.actor,
        )
        try:
            return _answer(draft, self._writer.enqueue(draft, why))
        except Refused as error:
            raise typer.BadParameter(str(error)) from error

    def _checked(self, type_: str, text: str) -> tuple[MessageType[Any], Mapping[str, Any]]:
        known("message type", type_, set(self._types.names()))
        declared = self._types.find(type_)
        if declared is None:
            raise typer.BadParameter(f"no message type is called {type_}")
        try:
            content = json.loads(text)
            declared.read(text)
        except json.JSONDecodeError as error:
            raise typer.BadParameter(f"--payload is no JSON: {error}") from error
        except Refused as error:
            raise typer.BadParameter(f"{type_}: {error}") from error
        return declared.declares, content


def _text_of(payload: str) -> str:
    try:
        if payload == "-":
            return sys.stdin.read()
        return Path(payload[1:]).read_text("utf-8") if payload.startswith("@") else payload
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"--payload {payload} cannot be read: {error}") from error


def _answer(draft: Draft, enqueued: Enqueued) -> Text:
    data = {"message": enqueued.message_id, "new": enqueued.is_new}
    if enqueued.is_new:
        text = f"message {enqueued.message_id} ({draft.type}) is in queue {draft.queue}"
    else:
        text = (
            f"message {enqueued.message_id} with the dedupe key {draft.dedupe_key} has not ended"
            " yet; nothing was written"
        )
    return Text(text=text, data=data)
