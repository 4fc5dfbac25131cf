"""lock:list and lock:break: who holds what, and taking it away."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar

import typer

from commands.result import Table, Text
from domain.operating.history import Audit
from domain.operating.lock_store import LockStore
from domain.operating.ports import Clock, Locks


class LockList:
    """Lists the locks that are held now, in the store that the settings name."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console lock:list",)

    def __init__(self, locks: Locks, store: LockStore, clock: Clock) -> None:
        self._locks, self._store, self._clock = locks, store, clock

    def __call__(self) -> Table:
        now = self._clock.now()
        return Table(
            columns=(
                *("lock", "store", "run", "host", "process"),
                *("since (UTC)", "age", "lease left"),
            ),
            rows=[
                (
                    busy.key,
                    str(self._store),
                    busy.run_id,
                    busy.host,
                    busy.pid,
                    f"{busy.since:%Y-%m-%d %H:%M:%S}" if busy.since else None,
                    _seconds(busy.held_for(now)),
                    _seconds(busy.lease_left),
                )
                for busy in self._locks.held()
            ],
            empty="no lock is held",
        )


class LockBreak:
    """Takes a lock from its holder, whose writes are refused from then on."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console lock:break cron.suppliers.import.all --reason='host is gone'",
    )

    def __init__(self, locks: Locks, audit: Audit, clock: Clock, actor: str) -> None:
        self._locks, self._audit, self._clock, self._actor = locks, audit, clock, actor

    def __call__(
        self,
        key: Annotated[str, typer.Argument(help="The lock's key, as lock:list shows it.")],
        reason: Annotated[str, typer.Option(help="Why; kept in the audit.")],
    ) -> Text:
        held = [busy.key for busy in self._locks.held()]
        if key not in held:
            known = ", ".join(held) or "none"
            raise typer.BadParameter(f"{key} is not held; held now: {known}")
        fence = self._locks.break_(key)
        self._audit.note(
            actor=self._actor, verb="lock:break", target=key, reason=reason, at=self._clock.now()
        )
        return Text(text=f"{key} is free, fence {fence}", data={"key": key, "fence": fence})


def _seconds(span: timedelta | None) -> str | None:
    """Write a span; a store without leases has none that could run out."""
    return None if span is None else f"{max(span.total_seconds(), 0):.0f} s"
