"""One platform in one run: asked, stored page by page, and its cursor moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.errors import JobError, LockLost, Refused, StoreUnavailable
from domain.jobs.platform_orders.ports import Desk, Reach, State, Stored
from domain.jobs.platform_orders.request import PullRequest
from domain.jobs.platform_orders.windows import is_ahead, windows
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Unit, UnitResult
from domain.platforms.patience import Patience
from domain.platforms.ports import LimitReached, NotOffered, Page, Platform, Reading, Wanted
from domain.platforms.setting import LONGEST_PAUSE, PlatformSetting
from domain.transfers.failures import TransferBroken

MOST_NAMED = 20
"""Orders in quarantine that become lines of their own in the result; the rest is counted."""


class PlatformRests(Refused):
    """It is not asked for a while: it failed too often in a row, or wants to be left alone.

    That is a failure, or an incident would be over while no orders come.
    """


@dataclass
class Tally:
    """What was stored so far; it stays where the platform fails later."""

    pages: int = 0
    orders: int = 0
    known: int = 0
    quarantined: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    def add(self, stored: Stored) -> None:
        self.pages += 1
        self.orders += stored.new
        self.known += stored.known
        self.quarantined += len(stored.quarantined)
        self.named += stored.quarantined[: MOST_NAMED - len(self.named)]

    @property
    def words(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("pages", "orders", "known", "quarantined")}


class OnePlatform:
    """``tally`` is filled as pages are stored."""

    def __init__(
        self,
        desk: Desk,
        setting: PlatformSetting,
        budget: timedelta,
        run: ActiveRun,
        tally: Tally,
    ) -> None:
        self._desk, self._book, self._setting, self._run = desk, desk.book, setting, run
        self._budget, self._tally = budget, tally

    def pulled(self, request: PullRequest) -> Unit:
        """Read what is wanted; a failure counts towards the platform's rest."""
        state = self._book.state(self._setting.platform_id)
        if state.blocked_for:
            raise PlatformRests(f"it wants to be left alone: {_resting(state, state.blocked_for)}")
        if state.rests_for and not request.platforms:
            raise PlatformRests(_resting(state, state.rests_for))
        try:
            self._read(request, state)
        except LimitReached as reached:
            return self._ended(str(reached))
        except (LockLost, StoreUnavailable):
            raise
        except JobError as error:
            self._failed(error)
            raise
        if state.failures:
            self._book.went_well(self._setting.platform_id, self._run)
        return self._ended("")

    def _read(self, request: PullRequest, state: State) -> None:
        desk, setting = self._desk, self._setting
        patience = Patience(desk.clock, desk.entropy, self._budget, self._run.checkpoint)
        calls = self._book.calls(setting.platform_id, self._run)
        with desk.connect(Reach(setting=setting, patience=patience, calls=calls)) as platform:
            if request.orders:
                for one in request.orders:
                    self._store(platform.order(one))
            elif platform.reading is Reading.WINDOWS:
                self._windows(platform, request, state)
            elif request.has_window:
                raise NotOffered(f"it gives {platform.reading.value}: leave out --since, --until")
            else:
                self._pages(platform.pages(self._wanted(state)))

    def _windows(self, platform: Platform, request: PullRequest, state: State) -> None:
        now = self._desk.clock.now()
        watermark = state.watermark if request.has_window else self._trusted(state.watermark, now)
        for window in windows(request, self._setting, watermark, now):
            wanted = Wanted(since=window.since, until=window.until, peek=self._run.dry_run)
            self._pages(platform.pages(wanted))
            if window.moves_to and not self._run.dry_run:
                self._book.move(self._setting.platform_id, window.moves_to, self._run)
                self._run.checkpoint("moved")

    def _trusted(self, watermark: datetime | None, now: datetime) -> datetime | None:
        """Forget a cursor that stands in the future: until then nothing would be read."""
        if watermark is None or not is_ahead(self._setting, watermark, now):
            return watermark
        said = f"read {self._setting.first.days} days again: the cursor stood at {watermark:%F %T}"
        self._run.warn(Event.PLATFORM_AHEAD, said, unit=self._setting.platform_id)
        if not self._run.dry_run:
            self._book.forget(self._setting.platform_id, self._run)
        return None

    def _wanted(self, state: State) -> Wanted:
        now = self._desk.clock.now()
        return Wanted(
            since=now,
            until=now,
            counter=state.counter,
            was_asking=state.was_asking,
            peek=self._run.dry_run,
        )

    def _pages(self, pages: Iterator[Page]) -> None:
        for page in pages:
            self._run.checkpoint("page")
            self._store(page)

    def _store(self, page: Page) -> None:
        with self._run.stage("store"):
            stored = self._book.store(self._setting, page, self._run)
        self._tally.add(stored)
        self._run.progress(self._setting.platform_id, self._tally.orders + self._tally.known, None)
        if self._run.dry_run:
            return
        self._run.checkpoint("stored")
        if page.kept:
            page.kept()
            self._run.checkpoint("kept")

    # --- how it ended -----------------------------------------------------------------------------

    def _failed(self, error: JobError) -> None:
        if self._run.dry_run:
            return
        asked = error.retry_after if isinstance(error, TransferBroken) else None
        blocked_for = min(asked, LONGEST_PAUSE) if asked else None
        state = self._book.went_wrong(self._setting, str(error), blocked_for, self._run)
        if state.rests_for:
            said = _resting(state, state.rests_for)
            self._run.warn(Event.PLATFORM_RESTS, said, unit=self._setting.platform_id)

    def _ended(self, message: str) -> Unit:
        counts = self._tally.words
        result = UnitResult.DONE if self._tally.orders else UnitResult.UNCHANGED
        if message and not self._tally.pages:
            result = UnitResult.SKIPPED
        unit = Unit(name=self._setting.platform_id, result=result, message=message, counts=counts)
        self._run.log(Event.UNIT_FINISHED, message, unit=unit.name, result=result.value, **counts)
        return unit


def _resting(state: State, rests_for: timedelta) -> str:
    failed = "once" if state.failures == 1 else f"{state.failures} times"
    return f"not asked for {_span(rests_for)}: it failed {failed}, last: {state.reason}"


def _span(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"  # noqa: PLR2004 - then minutes say more
