"""queue:types: what may stand in a message's type, and what happens then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from commands.result import Table
from domain.queue.message_type import MessageType


class QueueTypes:
    """Lists the declared message types by name."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console queue:types",
        "bin/console queue:types --format=json",
    )

    def __init__(self, types: Sequence[MessageType[Any]]) -> None:
        self._types = types

    def __call__(self) -> Table:
        return Table(
            columns=(
                *("type", "legacy name", "direction", "effects", "limit", "attempts"),
                *("payload", "why twice does no harm"),
            ),
            rows=[_row(declared) for declared in self._types],
            empty="no message type is declared; docs/tutorial/first-message.md makes one",
        )


def _row(declared: MessageType[Any]) -> tuple[str | int, ...]:
    return (
        declared.name,
        ", ".join(declared.legacy),
        declared.direction,
        declared.effects,
        f"{declared.limit.total_seconds():g} s",
        declared.max_attempts,
        ", ".join(declared.fields),
        declared.idempotency,
    )
