"""The runner's ports in memory; each notes what it was asked in one shared journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import JobError, Refused, Retryable, StoreUnavailable, lineage
from domain.operating.contract import (
    CatchUp,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Owner,
    Priority,
    Retry,
)
from domain.operating.ports import (
    Broke,
    Busy,
    Closing,
    Died,
    Finished,
    Lease,
    Pause,
    SlotTaken,
)
from domain.operating.run import Outcome, Start, Summary, Trigger, Unit, UnitResult

THREE = datetime(2026, 11, 21, 3, tzinfo=UTC)
LOCK = "cron.sample.work"


class FeedAway(Retryable):
    """The transient failure that the sample contract names."""


class ClockedOut(Retryable):
    """A transient failure that it does not name."""


CONTRACT = Contract(
    name="cron:sample:work",
    covers=("CR-010",),
    summary="Do the sample's work",
    lock=LOCK,
    timeout=timedelta(minutes=10),
    grace=timedelta(seconds=30),
    overlap=Overlap.skip(starved_after=3),
    retry=Retry(
        attempts=3,
        base=timedelta(seconds=20),
        factor=2,
        cap=timedelta(seconds=30),
        on=(FeedAway,),
    ),
    idempotency=Idempotency(kind=IdempotencyKind.KEYED, by="digest", note="booked once"),
    catch_up=CatchUp.last(),
    destructive=False,
    accountable=(Owner.STOCK_IMPORT,),
    responsible=Owner.SHARED_OPS,
    consulted=(),
    priority=Priority.HIGH,
    expected_min_items=0,
)

START = Start(
    run_id="run-1",
    command=CONTRACT.name,
    covers=CONTRACT.covers,
    scope="all",
    trigger=Trigger.SCHEDULE,
    slot=THREE,
    schedule_id="cr-010-sample",
    correlation_id="run-1",
    scheduler_run_id=None,
    started_at=THREE,
    host="shop-1",
    pid=4711,
    process_token="boot/ns/1",  # noqa: S106 - tells processes apart, opens nothing
    version="0.1.0",
    arguments=("--all",),
    actor="updating",
    dry_run=False,
    again=False,
    reason="",
)


def finished(*units: Unit, output: str = "", **items: int) -> Finished:
    return Finished(summary=Summary(units=units, items=items), output=output)


def unit(
    name: str,
    result: UnitResult,
    *,
    failed_of: type[JobError] = Refused,
    message: str = "",
) -> Unit:
    names = lineage(failed_of(message)) if result is UnitResult.FAILED else ()
    return Unit(name=name, result=result, message=message, lineage=names)


def broke(
    family: str,
    error: type[BaseException] = ValueError,
    message: str = "it broke",
    *,
    retry_after: timedelta | None = None,
) -> Broke:
    lineage = tuple(base.__name__ for base in error.__mro__)
    return Broke(
        family=family,
        error=error.__name__,
        lineage=lineage,
        message=message,
        retry_after=retry_after,
        output="the last words",
    )


def died(outcome: Outcome, exit_code: int) -> Died:
    return Died(outcome=outcome, exit_code=exit_code, message=outcome.word, output="")


DONE = finished(booked=3)
FEED_AWAY = broke("retryable", FeedAway, "the feed is away")


class FakeClock:
    """Stands still but for sleeps and ``advance``; both clocks move together."""

    def __init__(self, at: datetime = THREE) -> None:
        self.at, self.slept = at, list[float]()
        self._began = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - self._began).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FixedEntropy:
    """Draws the same fraction of each range and remembers the ranges."""

    def __init__(self, fraction: float = 1.0) -> None:
        self.fraction, self.ranges = fraction, list[tuple[float, float]]()
        self._ids = 0

    def uuid7(self) -> str:
        self._ids += 1
        return f"run-{self._ids}"

    def uniform(self, low: float, high: float) -> float:
        self.ranges.append((low, high))
        return low + (high - low) * self.fraction


@dataclass
class RecordedLog:
    """Every line with its level and all fields bound so far."""

    lines: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    bound: dict[str, Any] = field(default_factory=dict)

    def bind(self, **fields: Any) -> None:
        self.bound.update(fields)

    def debug(self, event: str, message: str = "", **fields: Any) -> None:
        self._note("debug", event, message, fields)

    def info(self, event: str, message: str = "", **fields: Any) -> None:
        self._note("info", event, message, fields)

    def warning(self, event: str, message: str = "", **fields: Any) -> None:
        self._note("warning", event, message, fields)

    def error(self, event: str, message: str = "", **fields: Any) -> None:
        self._note("error", event, message, fields)

    def _note(self, level: str, event: str, message: str, fields: dict[str, Any]) -> None:
        self.lines.append((level, str(event), message, {**self.bound, **fields}))

    def events(self) -> list[str]:
        return [event for _, event, _, _ in self.lines]

    def fields_of(self, event: str) -> dict[str, Any]:
        """The fields of the one line with this event."""
        (fields,) = [fields for _, name, _, fields in self.lines if name == event]
        return fields

    def message_of(self, event: str) -> str:
        (message,) = [message for _, name, message, _ in self.lines if name == event]
        return message


class Outages:
    """Which steps of a fake fail, how often, and with what."""

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self._failing: dict[str, list[Exception]] = {}

    def fail(self, step: str, *, times: int = 1000, error: Exception | None = None) -> None:
        self._failing[step] = [error or StoreUnavailable(f"{step}: no answer")] * times

    def step(self, name: str) -> None:
        errors = self._failing.get(name)
        if errors:
            raise errors.pop()
        self._journal.append(name)


class MemoryLedger(Outages):
    """Runs, attempts and slots in dictionaries."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__(journal)
        self.runs: dict[str, Start] = {}
        self.closings: dict[str, Closing] = {}
        self.attempts: list[tuple[int, str]] = []
        self.slots: dict[datetime, str] = {}
        self.missed: list[datetime] = []
        self.pauses: list[Pause] = []
        self.dead: list[Start] = []
        self.skips = 0
        self.leases: list[Lease] = []
        self.waits: list[float] = []

    def pause_of(self, command: str, now: datetime) -> Pause | None:
        self.step("pause_of")
        found = [p for p in self.pauses if p.command in (command, "*")]
        return next((p for p in found if p.until is None or p.until > now), None)

    def open(self, start: Start) -> SlotTaken | None:
        self.step("open")
        self.runs[start.run_id] = start
        if start.slot is None:
            return None
        holder = self.slots.get(start.slot)
        outcome = self._outcome_of(holder)
        if holder and (outcome is None or (outcome.settles_slot and not start.again)):
            return SlotTaken(run_id=holder, outcome=outcome)
        self.slots[start.slot] = start.run_id
        return None

    def _outcome_of(self, run_id: str | None) -> Outcome | None:
        closing = self.closings.get(run_id or "")
        return closing.verdict.outcome if closing else None

    def newest_slot(self, command: str, scope: str) -> datetime | None:
        return max([*self.slots, *self.missed], default=None)

    def slots_after(self, command: str, scope: str, instant: datetime) -> int:
        return sum(slot > instant for slot in self.slots)

    def note_missed(
        self,
        command: str,
        scope: str,
        instants: Sequence[datetime],
        *,
        schedule_id: str | None = None,
    ) -> int:
        new = [instant for instant in instants if instant not in (*self.slots, *self.missed)]
        self.missed += new
        return len(new)

    def reap(self, now: datetime) -> Sequence[Start]:
        self.step("reap")
        return self.dead

    def hold(self, run_id: str, lease: Lease, *, waited: float) -> None:
        self.step("hold")
        self.waits.append(waited)
        self.leases.append(lease)

    def skips_in_a_row(self, command: str, scope: str) -> int:
        self.step("skips_in_a_row")
        return self.skips

    def attempt_started(self, run_id: str, attempt: int, now: datetime) -> None:
        self.step("attempt_started")
        self.attempts.append((attempt, "running"))

    def attempt_ended(
        self, run_id: str, attempt: int, now: datetime, *, outcome: str, message: str
    ) -> None:
        self.step("attempt_ended")
        self.attempts[-1] = attempt, outcome

    def close(self, run_id: str, closing: Closing) -> None:
        self.step("close")
        self.closings.setdefault(run_id, closing)


class MemoryLocks(Outages):
    """Leases in a dictionary; the counter of a key outlives its leases."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__(journal)
        self.fences: dict[str, int] = {}
        self.holders: dict[str, Busy] = {}
        self.asked = 0

    def keep_busy(self, key: str = LOCK, *, since: datetime | None = THREE) -> None:
        busy = Busy(key=key, run_id="run-0", host="shop-2", pid=1, since=since)
        self.holders[key] = busy

    def free(self, key: str = LOCK) -> None:
        del self.holders[key]

    def acquire(self, key: str, run_id: str, *, above: int = 0) -> Lease | Busy:
        self.step("acquire")
        self.asked += 1
        if key in self.holders:
            return self.holders[key]
        self.fences[key] = max(self.fences.get(key, 0), above) + 1
        self.holders[key] = Busy(key=key, run_id=run_id, host="shop-1", pid=4711, since=THREE)
        return Lease(key=key, fence=self.fences[key], run_id=run_id)

    def renew(self, lease: Lease) -> bool:
        return self.fences[lease.key] == lease.fence

    def release(self, lease: Lease) -> None:
        self.step("release")
        if lease.key in self.holders and self.renew(lease):
            del self.holders[lease.key]

    def held(self) -> Sequence[Busy]:
        return list(self.holders.values())

    def break_(self, key: str) -> int:
        self.holders.pop(key, None)
        self.fences[key] = self.fences.get(key, 0) + 1
        return self.fences[key]
