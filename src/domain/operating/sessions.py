"""Sessions on the shop's database server: what a killed job may leave running there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class ServerSession:
    """One session that a job opened: the server's number for it, and the run's mark on it.

    Numbers come again, some after a restart of the server only; a mark never does.
    """

    number: int
    mark: str


def mark_of(run_id: str) -> str:
    """Write what a run's sessions are called on the server."""
    return f"crontract {run_id}"


class Sessions(Protocol):
    """Ends what an attempt left on the server; never raises for a server that is away."""

    def end(self, sessions: Sequence[ServerSession]) -> None: ...
