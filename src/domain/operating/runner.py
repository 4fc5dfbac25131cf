"""One run from start to exit code: a straight pipe of named steps (docs/explanation/runtime.md)."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from domain.errors import ConfigurationInvalid, StoreUnavailable
from domain.operating.admission import Admission
from domain.operating.events import Event
from domain.operating.job import Ending, Job
from domain.operating.ports import (
    Alerts,
    AttemptEnd,
    Attempts,
    Broke,
    Busy,
    Clock,
    Closing,
    Died,
    Entropy,
    Finished,
    Lease,
    Ledger,
    Locks,
    Metrics,
    RunLog,
    SlotTaken,
)
from domain.operating.run import Outcome, Start, Verdict
from domain.operating.several_locks import take_all
from domain.operating.verdicts import is_transient, verdict_of

LOCK_POLL_SECONDS = 0.25
"""How often a start that may wait asks again for the lock."""

CLOSING_TRIES = 5
"""Tries to write the verdict; the waits between add up to 7.5 s, a database's quick restart."""

COUNTED_BY_HOLDER = (Outcome.SKIPPED_LOCKED, Outcome.SKIPPED_DUPLICATE)
"""A refused start publishes nothing: the run it met publishes the job's whole state at its end,
this skip included, and a refusal stays quick."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Takes a job through slot, lock, attempts and verdict; never raises."""

    ledger: Ledger
    locks: Locks
    attempts: Attempts
    metrics: Metrics
    alerts: Alerts
    log: RunLog
    clock: Clock
    entropy: Entropy

    def run(self, job: Job) -> Ending:
        """Run the job to its verdict, written to ledger, log and metrics."""
        self.log.info(Event.RUN_STARTED, _opening(job.start))
        if job.start.dry_run:
            ending = self._guarded(lambda: self._attempt(job, leases=()))
        else:
            ending = self._guarded(lambda: self._recorded(job))
            if ending.verdict.outcome not in COUNTED_BY_HOLDER:
                self._publish(job.start.job)
                self._tell(job, ending)
        self._say_finished(ending)
        return ending

    def _publish(self, job: str) -> None:
        try:
            self.metrics.publish(job)
        except Exception as error:  # noqa: BLE001 - what is published must not change what was done
            self.log.error(Event.METRICS_FAILED, str(error), traceback=traceback.format_exc())

    def _tell(self, job: Job, ending: Ending) -> None:
        try:
            self.alerts.tell(job, ending.verdict, ending.summary)
        except Exception as error:  # noqa: BLE001 - nor must what is said of it
            self.log.error(Event.ALERTS_FAILED, str(error), traceback=traceback.format_exc())

    def _guarded(self, step: Callable[[], Ending]) -> Ending:
        try:
            return step()
        except StoreUnavailable as error:
            return _ended(Outcome.UNAVAILABLE, str(error), error)
        except ConfigurationInvalid as error:
            return _ended(Outcome.MISCONFIGURED, str(error), error)
        except Exception as error:  # noqa: BLE001 - the runner is where a defect becomes a verdict
            self.log.error(Event.DEFECT, str(error), traceback=traceback.format_exc())
            return _ended(Outcome.FAILED, f"{type(error).__name__}: {error}", error)

    # --- the pipe: pause, slot, lock, attempts --------------------------------------------------

    def _recorded(self, job: Job) -> Ending:
        admission = Admission(ledger=self.ledger, log=self.log)
        paused = admission.paused(job)
        admission.note_dead_runs(self.clock.now())
        admission.note_missed(job)
        late = admission.is_late(job, admission.newer_slots(job))
        taken = self.ledger.open(job.start)
        with ExitStack() as held:  # the verdict stands before the next run may take the lock
            ending = _ended_early(taken, paused, late=late) or self._guarded(
                lambda: self._under_lock(job, held)
            )
            self._close(job, ending)
        return ending

    def _under_lock(self, job: Job, held: ExitStack) -> Ending:
        asked = self.clock.monotonic()
        answer = self._acquire(job)
        waited = self.clock.monotonic() - asked
        if isinstance(answer, Busy):
            return self._refused_overlap(job, answer)
        if isinstance(answer, Died):
            return _ending_of(answer, attempts=0)
        for lease in answer:
            held.callback(self._release, lease)
        self.log.bind(fence=answer[0].fence)
        self.ledger.hold(job.start.run_id, answer[0], waited=waited)
        return self._attempt(job, leases=answer)

    def _acquire(self, job: Job) -> tuple[Lease, ...] | Busy | Died:
        give_up = self.clock.monotonic() + job.contract.overlap.wait.total_seconds()
        answer = take_all(self.locks, job.lock_keys, job.start.run_id)
        if isinstance(answer, Busy) and job.contract.overlap.wait:
            self.log.info(Event.LOCK_WAITING, f"{answer.key} is held by run {answer.run_id}")
        while isinstance(answer, Busy) and self.clock.monotonic() < give_up:
            stopped = self.attempts.wait(LOCK_POLL_SECONDS)
            if stopped:
                return stopped
            answer = take_all(self.locks, job.lock_keys, job.start.run_id)
        return answer

    def _release(self, lease: Lease) -> None:
        """Give the lock back; where its store is away it ends with the lease or the process."""
        try:
            self.locks.release(lease)
        except StoreUnavailable as error:
            self.log.warning(Event.LOCK_UNRELEASED, str(error))

    def _refused_overlap(self, job: Job, busy: Busy) -> Ending:
        held_for = busy.held_for(self.clock.now())
        age = "" if held_for is None else f" for {_seconds(held_for)}"
        message = f"{busy.key} is held by run {busy.run_id or 'unknown'}{age}"
        skips = self.ledger.skips_in_a_row(job.start.command, job.start.scope) + 1
        outcome = Outcome.SKIPPED_LOCKED
        if skips >= job.contract.overlap.starved_after:
            outcome = Outcome.STARVED
            message = f"{skips} starts in a row found the lock held; {message}"
        return _with_holder(_ended(outcome, message), busy.run_id)

    # --- attempts -------------------------------------------------------------------------------

    def _attempt(self, job: Job, *, leases: tuple[Lease, ...]) -> Ending:
        attempt = 1
        while True:
            end = self._one_attempt(job, attempt, leases)
            wait = self._wait_before_next(job, attempt, end)
            if wait is None:
                return _ending_of(end, attempt)
            self.log.warning(
                Event.ATTEMPT_RETRYING, f"attempt {attempt + 1} follows in {wait:.1f} s", wait=wait
            )
            stopped = self.attempts.wait(wait)
            if stopped:
                return _ending_of(stopped, attempt)
            attempt += 1

    def _one_attempt(self, job: Job, attempt: int, leases: tuple[Lease, ...]) -> AttemptEnd:
        self.log.bind(attempt=attempt)
        self.log.debug(Event.ATTEMPT_STARTED)
        if not job.start.dry_run:
            self._note_start(job.start.run_id, attempt)
        end = self.attempts.run(job, attempt=attempt, leases=leases)
        verdict = verdict_of(end)
        if not verdict.outcome.is_good:
            self.log.warning(Event.ATTEMPT_FAILED, verdict.message, error=verdict.error)
        if not job.start.dry_run:
            self._note_end(job.start.run_id, attempt, verdict)
        return end

    def _note_start(self, run_id: str, attempt: int) -> None:
        try:
            self.ledger.attempt_started(run_id, attempt, self.clock.now())
        except StoreUnavailable as error:
            if attempt == 1:  # no work began yet, and none is done without a ledger
                raise
            self.log.error(Event.LEDGER_UNREACHABLE, str(error))

    def _note_end(self, run_id: str, attempt: int, verdict: Verdict) -> None:
        """Write how the attempt ended; a ledger that is away now does not undo what was done."""
        now, outcome = self.clock.now(), verdict.outcome.word
        try:
            self.ledger.attempt_ended(
                run_id, attempt, now, outcome=outcome, message=verdict.message
            )
        except StoreUnavailable as error:
            self.log.error(Event.LEDGER_UNREACHABLE, str(error))

    def _wait_before_next(self, job: Job, attempt: int, end: AttemptEnd) -> float | None:
        retry = job.contract.retry
        if attempt >= retry.attempts or not is_transient(end, job.contract):
            return None
        wait = self.entropy.uniform(0, retry.ceiling(attempt).total_seconds())
        if isinstance(end, Broke) and end.retry_after is not None:
            wait = end.retry_after.total_seconds()
        left = job.soft_deadline - self.clock.monotonic()
        return wait if wait < left else None

    # --- verdict --------------------------------------------------------------------------------

    def _close(self, job: Job, ending: Ending) -> None:
        closing = Closing(
            verdict=ending.verdict,
            finished_at=self.clock.now(),
            attempts=ending.attempts,
            summary=ending.summary,
            log_tail=ending.output,
            holder_run_id=ending.holder_run_id,
        )
        for tries_left in reversed(range(CLOSING_TRIES)):
            try:
                self.ledger.close(job.start.run_id, closing)
            except StoreUnavailable as error:
                self.log.error(Event.LEDGER_UNREACHABLE, str(error), tries_left=tries_left)
                if tries_left:
                    self.clock.sleep(0.5 * 2 ** (CLOSING_TRIES - 1 - tries_left))
            else:
                return

    def _say_finished(self, ending: Ending) -> None:
        verdict = ending.verdict
        say = self.log.info if verdict.outcome.is_good else self.log.error
        say(
            Event.RUN_FINISHED,
            verdict.message,
            outcome=verdict.outcome.word,
            exit_code=int(verdict.exit_code),
            attempts=ending.attempts,
            items=dict(ending.summary.items) if ending.summary else {},
        )


def _opening(start: Start) -> str:
    return f"{start.command} {start.scope}" + (" (dry run)" if start.dry_run else "")


def _ended_early(taken: SlotTaken | None, paused: str, *, late: bool) -> Ending | None:
    if taken:
        state = taken.outcome.word if taken.outcome else "running"
        ending = _ended(Outcome.SKIPPED_DUPLICATE, f"slot {state} by run {taken.run_id}")
        return _with_holder(ending, taken.run_id)
    if paused:
        return _ended(Outcome.SKIPPED_PAUSED, paused)
    if late:
        return _ended(Outcome.SKIPPED_LATE, "the start grace of this firing is over")
    return None


def _seconds(span: timedelta) -> str:
    return f"{max(span.total_seconds(), 0):.0f} s"


def _ended(outcome: Outcome, message: str, error: BaseException | None = None) -> Ending:
    name = type(error).__name__ if error else ""
    return Ending(verdict=Verdict.of(outcome, message, error=name))


def _with_holder(ending: Ending, run_id: str) -> Ending:
    return Ending(verdict=ending.verdict, holder_run_id=run_id or None)


def _ending_of(end: AttemptEnd, attempts: int) -> Ending:
    summary = end.summary if isinstance(end, Finished) else None
    return Ending(verdict=verdict_of(end), summary=summary, attempts=attempts, output=end.output)
