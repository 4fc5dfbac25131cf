"""CR-004: new hits are found by their id and counted by their time; touched days are recounted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from functools import partial

from domain.errors import Refused
from domain.jobs.page_counters.ports import CounterStore, Position, Quarter, Recount, Tally
from domain.jobs.page_counters.request import CountRequest
from domain.jobs.page_counters.rules import Day, Rules, day_at, day_of, days
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.units import guarded

CHUNK = 5_000_000
"""So many ids at most in one transaction: a long backlog is worked off in several."""

_LEAST_LEFT = 0.5


class HitsVanished(Refused):
    """Counters say more than the table of hits holds; nothing was changed."""


@dataclass(frozen=True)
class News:
    """The new hits of a stretch of ids: open days to be recounted, late hits by their day."""

    open: tuple[date, ...]
    late: Mapping[date, int]
    counted: int
    rejected: int


@dataclass
class _Result:
    units: list[Unit] = field(default_factory=list)
    items: Counter[str] = field(default_factory=lambda: Counter(counted=0, late=0, rejected=0))
    notes: list[str] = field(default_factory=list)

    def add(self, news: News) -> None:
        self.items.update(
            counted=news.counted, rejected=news.rejected, late=sum(news.late.values())
        )

    def rebuilt(self, first: date, days: Sequence[Unit]) -> None:
        """Name the days that were not right; of the others nobody would hear otherwise."""
        told = [unit for unit in days if unit.message]
        self.units += told
        right = len(days) - len(told)
        self.notes.append(f"of {len(days)} days from {first} on, {right} were right already")


@dataclass(frozen=True)
class _Way:
    """What was asked for, and the run that does it."""

    request: CountRequest
    run: ActiveRun

    def checked(self, day: Day, tally: Tally) -> Tally:
        """Refuse to count down: hits that were counted once are not there any more."""
        if tally.hits >= tally.before * _LEAST_LEFT:
            return tally
        said = f"{day.day}: counters say {tally.before:,} hits, the table holds {tally.hits:,}"
        if not self.request.force:
            raise HitsVanished(
                f"{said}; nothing was changed. --force with a --reason counts them so"
            )
        self.run.warn(Event.GUARD_FORCED, f"{said}, counted so: {self.request.reason}")
        return tally


class PageCounters:
    """Keeps the counters in step with the hits.

    Source: DwhController::updateCounters (CR-004).
    """

    def __init__(self, store: CounterStore, rules: Rules, zone: tzinfo) -> None:
        self._store, self._rules, self._zone = store, rules, zone

    def __call__(self, request: CountRequest, run: ActiveRun) -> Summary:
        """Count what is new, then count anew what was asked for."""
        result, way = _Result(), _Way(request, run)
        found = _sound(self._store.position(request.from_id))
        after = found.after
        for upto in _stretches(request, after, found.ready_id):
            run.checkpoint("hits")
            with run.stage("find"):
                news = self._news(self._store.quarters(after, upto), found)
            if run.dry_run:
                result.units += [_would(day) for day in news.open]
            else:
                result.units += self._counted(news, upto, way)
            result.add(news)
            after = upto
        if request.rebuild_from is not None and not run.dry_run:
            first = self._begun(request.rebuild_from, found)
            result.rebuilt(first, self._rebuilt(first, after, found, way))
        result.notes += _notes(request, run)
        return Summary(
            units=tuple(result.units), items=dict(result.items), notes=tuple(result.notes)
        )

    # --- what is new -----------------------------------------------------------------------------

    def _counted(self, news: News, upto: int, way: _Way) -> list[Unit]:
        """Count touched days anew and move the watermark, in one transaction."""
        run = way.run
        units: list[Unit] = []
        with self._store.recount(upto) as recount:
            for one in news.open:
                day = day_of(one, self._zone)
                run.progress("days", len(units), len(news.open))
                with run.stage("count"):
                    units.append(_unit(day, way.checked(day, recount.add(day))))
            run.checkpoint("recounted")
            with run.stage("show"):
                recount.show(run, late=news.late, last_id=upto)
        run.checkpoint("shown")
        return units

    def _news(self, quarters: Iterable[Quarter], found: Position) -> News:
        by_day: Counter[date] = Counter()
        rejected = 0
        for quarter in quarters:
            rejected += quarter.rejected
            if quarter.hits:  # what is all rejected may be of a time that no calendar knows
                by_day[day_at(quarter.begins, self._zone)] += quarter.hits
        touched = sorted(by_day)
        open_from = self._open_from(found)
        late = {day: by_day[day] for day in touched if day < open_from}
        return News(
            open=tuple(day for day in touched if day >= open_from),
            late=late,
            counted=by_day.total() - sum(late.values()),
            rejected=rejected,
        )

    def _open_from(self, found: Position) -> date:
        """Before the first count nothing is closed: what is there is history to be counted."""
        if found.last_id is None:
            return date.min
        return day_at(found.now, self._zone) - self._rules.closed_after

    # --- whole days anew -------------------------------------------------------------------------

    def _begun(self, first: date, found: Position) -> date:
        today = day_at(found.now, self._zone)
        if first > today:
            raise Refused(f"--rebuild-from {first} lies ahead: today is {today}")
        return first

    def _rebuilt(self, first: date, upto: int, found: Position, way: _Way) -> list[Unit]:
        units = []
        with self._store.recount(upto) as recount:
            for day in days(first, day_at(found.now, self._zone), self._zone):
                way.run.checkpoint("day")
                units += [guarded(str(day.day), partial(_anew, day, recount, way), way.run)]
        return units


def _anew(day: Day, recount: Recount, way: _Way) -> Unit:
    """Put one day in place of what was counted; its unit says nothing where that is the same."""
    try:
        with way.run.stage("count"):
            tally = way.checked(day, recount.add(day))
        if tally.is_changed:
            way.run.checkpoint("recounted")
            recount.show(way.run)
            return _unit(day, tally)
    finally:
        recount.forget()
    return Unit(name=str(day.day), result=UnitResult.UNCHANGED)


def _sound(found: Position) -> Position:
    """Raise HitsVanished where hits were counted that are beyond the newest one."""
    if found.after > found.newest_id:
        raise HitsVanished(
            f"hits are counted up to id {found.after}, but the newest is {found.newest_id}: was the"
            " table emptied or restored? Nothing was changed. See the runbook, then start once"
            " with --from-id=ID and a --reason"
        )
    return found


def _stretches(request: CountRequest, after: int, upto: int) -> Iterator[int]:
    """Give the ends of the stretches; a watermark that was asked for moves over nothing too."""
    if request.from_id is not None and after >= upto:
        yield after
    yield from _chunks(after, upto)


def _chunks(after: int, upto: int) -> Iterator[int]:
    while after < upto:
        after = min(after + CHUNK, upto)
        yield after


def _notes(request: CountRequest, run: ActiveRun) -> tuple[str, ...]:
    if not run.dry_run:
        return ()
    rebuilt = f"; every day from {request.rebuild_from} on would be" if request.rebuild_from else ""
    return (f"dry run: nothing was counted{rebuilt}",)


def _would(day: date) -> Unit:
    return Unit(name=str(day), result=UnitResult.DONE, message="would be counted anew")


def _unit(day: Day, tally: Tally) -> Unit:
    said = f"{tally.views:,} page views by {tally.visitors:,} visitors"
    others = ", ".join(f"{kind} {hits:,}" for kind, hits in tally.others.items() if hits)
    return Unit(
        name=str(day.day),
        result=UnitResult.DONE,
        message=f"{said}; {others}" if others else said,
        counts={"views": tally.views, "visitors": tally.visitors},
    )
