"""What is asked of the ledger before a run may work: pauses, dead runs, missed and late firings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.operating.events import Event
from domain.operating.job import Job
from domain.operating.ports import Ledger, RunLog
from domain.operating.slot import is_too_late, missed_between


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Looks at the ledger for one start, and writes down what nobody else did."""

    ledger: Ledger
    log: RunLog

    def paused(self, job: Job) -> str:
        """Say why the job may not run now; empty if it may."""
        if not job.switched_on:
            return "the switch cron.running is off"
        pause = self.ledger.pause_of(job.start.command, job.start.started_at)
        if pause is None:
            return ""
        until = f" until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else ""
        return f"paused by {pause.actor}{until}: {pause.reason}"

    def note_dead_runs(self, now: datetime) -> None:
        """Close runs whose process is gone, whoever started them."""
        for dead in self.ledger.reap(now):
            self.log.warning(
                Event.RUN_REAPED,
                f"run {dead.run_id} of {dead.command} was killed; closed as crashed",
                reaped_run_id=dead.run_id,
            )

    def note_missed(self, job: Job) -> None:
        """Write a row for each firing between the last one on record and this one."""
        if job.schedule is None or job.start.slot is None:
            return
        command, scope = job.start.command, job.start.scope
        last = self.ledger.newest_slot(command, scope)
        instants = missed_between(job.schedule, last, job.start.slot)
        if not instants:
            return
        schedule_id = job.schedule.schedule_id
        count = self.ledger.note_missed(command, scope, instants, schedule_id=schedule_id)
        if count:
            self.log.warning(Event.SLOT_MISSED, f"{count} firings were missed", count=count)

    def newer_slots(self, job: Job) -> int:
        """Count the firings after this one that were due already or have a row."""
        slot, now = job.start.slot, job.start.started_at
        if slot is None:
            return 0
        due = 0
        if job.schedule:
            most = max(job.contract.catch_up.most, 1)
            due = len(job.schedule.between(slot, now + timedelta(microseconds=1), most))
        return max(due, self.ledger.slots_after(job.start.command, job.start.scope, slot))

    def is_late(self, job: Job, newer_slots: int) -> bool:
        slot = job.start.slot
        if slot is None or job.start.again:  # a person who gives a reason is never too late
            return False
        return is_too_late(
            slot,
            job.start.started_at,
            start_grace=job.start_grace,
            catch_up=job.contract.catch_up,
            newer_slots=newer_slots,
        )
