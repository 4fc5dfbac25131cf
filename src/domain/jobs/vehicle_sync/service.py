"""CR-012: pull, compare, tell, then apply; what fails stops the rest, and the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.errors import JobError, LockLost, Refused, StoreUnavailable
from domain.jobs.vehicle_sync.ports import (
    TOLD,
    Differences,
    How,
    Kind,
    Snapshots,
    Source,
    Sources,
    VehicleBook,
)
from domain.jobs.vehicle_sync.pulling import Pulling
from domain.jobs.vehicle_sync.reporting import changes_of, counts_of
from domain.jobs.vehicle_sync.stages import Plan, Snapshot, Stage, SyncRequest, plan
from domain.jobs.vehicle_sync.telling import Telling
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult


class TooManyGone(Refused):
    """More would vanish than a run may take away unasked; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How old a snapshot may be to go on with it, and what stops a stage."""

    resume_max_age: timedelta = timedelta(hours=24)
    most_gone_percent: float = 5
    most_fitments_gone_percent: float = 20
    most_rejected_percent: float = 2


class VehicleSync:
    """Brings the source's vehicles into the shop.

    Source: DriveRightController::sync (CR-012).
    """

    def __init__(
        self, sources: Sources, book: VehicleBook, telling: Telling, limits: Limits
    ) -> None:
        self._sources, self._book, self._limits = sources, book, limits
        self.telling = telling

    def __call__(self, request: SyncRequest, run: ActiveRun) -> Summary:
        """Go on where the last run stopped, or begin a snapshot."""
        with self._book.opened(run) as book:
            planned = plan(request, book.newest(), run.run_id, self._limits.resume_max_age)
            if not run.dry_run:
                return self._synced(planned, book, request, run)
        with self._book.rehearsed(run, pulls=planned.pulls) as book:
            return self._rehearsed(planned, book, request, run)

    def _synced(
        self, planned: Plan, book: Snapshots, request: SyncRequest, run: ActiveRun
    ) -> Summary:
        if not planned.pulls:
            return _OneSnapshot(self, book, planned, request, run).worked()
        with self._sources.opened(run) as source:
            there = _same_source(planned, source, request)
            if there.snapshot is None:
                there = replace(there, snapshot=book.begin(source.identity))
                run.checkpoint("begun")
            elif there.restart:
                book.clear(there.snapshot.number)
            return _OneSnapshot(self, book, there, request, run, source).worked()

    def _rehearsed(
        self, planned: Plan, book: Snapshots, request: SyncRequest, run: ActiveRun
    ) -> Summary:
        """Pull and compare beside the real tables; tell what would be mailed and applied."""
        if not planned.stages:
            return _OneSnapshot(self, book, planned, request, run).worked()
        if not planned.pulls:
            compared = replace(planned, stages=(Stage.SYNC,))
            return _OneSnapshot(self, book, compared, request, run).worked()
        with self._sources.opened(run) as source:
            begun = book.begin(source.identity)
            there = replace(planned, snapshot=begun, stages=(Stage.PULL, Stage.SYNC))
            return _OneSnapshot(self, book, there, request, run, source).worked()

    # --- for the stages ---------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        return self._limits

    def fault(self, differences: Differences) -> str:
        """Say why the differences must not go live unasked; empty where they may."""
        allowed = {
            Kind.VEHICLE: self._limits.most_gone_percent,
            Kind.FITMENT: self._limits.most_fitments_gone_percent,
        }
        for kind, most in allowed.items():
            share = differences.gone_percent(kind)
            if share > most:
                gone = differences.of(How.GONE, kind)
                return (
                    f"{gone:,} of {differences.live[kind]:,} {kind}s would be gone,"
                    f" {share:.1f} %, more than {most:g} %"
                )
        return ""


def _same_source(planned: Plan, source: Source, request: SyncRequest) -> Plan:
    """Go on only with what is read from the same file or place."""
    there = planned.snapshot
    if there is None or there.source == source.identity:
        return planned
    why = f"the source is another than that of snapshot {there.number}: abandoned"
    return Plan(snapshot=None, stages=request.wanted, why=why)


class _OneSnapshot:
    """One snapshot on its way through the stages that a run does."""

    def __init__(
        self,
        sync: VehicleSync,
        book: Snapshots,
        planned: Plan,
        request: SyncRequest,
        run: ActiveRun,
        source: Source | None = None,
    ) -> None:
        self._sync, self._book, self._planned = sync, book, planned
        self._request, self._run, self._source = request, run, source
        self._notes = [planned.why]
        self._done: list[tuple[Stage, str, Mapping[str, int]]] = []

    def worked(self) -> Summary:
        """Do stage after stage; the first that fails ends the run."""
        steps = {
            Stage.PULL: self._pull,
            Stage.SYNC: self._compare,
            Stage.EMAIL: self._tell,
            Stage.UPDATE: self._apply,
        }
        for stage in self._planned.stages:
            self._run.checkpoint(stage)
            with self._run.stage(stage), self._noting(stage):
                self._done.append((stage, *steps[stage]()))
        return self._summary()

    @property
    def _snapshot(self) -> Snapshot:
        if self._planned.snapshot is None:
            raise TypeError("a stage needs a snapshot")
        return self._planned.snapshot

    @property
    def _number(self) -> int:
        return self._snapshot.number

    @contextmanager
    def _noting(self, stage: Stage) -> Iterator[None]:
        """Keep of a stage that it was started, and why it failed."""
        self._book.started(self._number, stage)
        try:
            yield
        except (LockLost, StoreUnavailable):
            raise
        except JobError as error:
            self._book.failed(self._number, stage, str(error))
            raise

    def _pull(self) -> tuple[str, Mapping[str, int]]:
        if self._source is None:
            raise TypeError("a pull needs a source")
        most = self._sync.limits.most_rejected_percent
        pulling = Pulling(
            source=self._source, book=self._book, number=self._number, most_rejected_percent=most
        )
        pulled = pulling(self._run)
        message = f"{len(pulled.makes):,} makes"
        self._book.finished(self._number, Stage.PULL, message)
        return message, counts_of(pulled)

    def _compare(self) -> tuple[str, Mapping[str, int]]:
        differences = self._book.compare(self._number)
        if self._run.dry_run and (fault := self._sync.fault(differences)):
            self._notes.append(f"the update would stop: {fault}")
        return f"{differences.total:,} differences", changes_of(differences)

    def _tell(self) -> tuple[str, Mapping[str, int]]:
        fault = self._sync.fault(self._book.differences(self._number))
        warnings = [f"{fault}: the update waits for --force"] if fault else []
        return self._sync.telling(self._book, self._snapshot, warnings, self._run), {}

    def _apply(self) -> tuple[str, Mapping[str, int]]:
        differences = self._book.differences(self._number)
        self._guard(differences)
        version = self._book.apply(self._number)
        changes = changes_of(differences)
        return f"version {version} of the vehicle data", changes if differences.total else {}

    def _guard(self, differences: Differences) -> None:
        fault = self._sync.fault(differences)
        if not fault:
            return
        if not self._request.force:
            raise TooManyGone(f"{fault}; read the report, then once with --force --reason=WHY")
        self._run.warn(
            Event.GUARD_FORCED, fault, actor=self._run.actor, reason=self._request.reason
        )

    # --- what came of it --------------------------------------------------------------------------

    def _summary(self) -> Summary:
        stages = {stage for stage, _, _ in self._done}
        items = dict.fromkeys((how.value for how in TOLD), 0)
        last: Mapping[str, int] = {}
        for stage, _, counts in self._done:
            last = counts if stage in (Stage.SYNC, Stage.UPDATE) and counts else last
        items |= last
        changed = any(items.values()) or stages == {Stage.PULL}
        result = UnitResult.DONE if changed else UnitResult.UNCHANGED
        units = tuple(
            self._unit(stage, result, message, counts) for stage, message, counts in self._done
        )
        notes = ("dry run: nothing was written",) if self._run.dry_run else ()
        return Summary(units=units, items=items, notes=(*self._notes, *notes))

    def _unit(
        self, stage: Stage, result: UnitResult, message: str, counts: Mapping[str, int]
    ) -> Unit:
        unit = Unit(name=stage.value, result=result, message=message, counts=counts)
        self._run.log(
            Event.UNIT_FINISHED, message, unit=unit.name, result=result.value, **unit.counts
        )
        return unit
