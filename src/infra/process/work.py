"""Doing a job's work and putting its end into words, whatever that end is."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from domain.errors import (
    ConfigurationInvalid,
    JobError,
    LockLost,
    Retryable,
    SoftTimeout,
    StopRequested,
    lineage,
)
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Broke, Finished, RunLog
from domain.operating.run import Summary
from infra.process.active_run import RunInHand
from infra.secrets import scrub

DEFECT = "defect"
TIMED_OUT = "timed_out"
INTERRUPTED = "interrupted"

_FAMILIES: tuple[tuple[type[BaseException], str], ...] = (
    (SoftTimeout, TIMED_OUT),
    (StopRequested, INTERRUPTED),
    (KeyboardInterrupt, INTERRUPTED),
    (LockLost, "lock_lost"),
    (ConfigurationInvalid, "misconfigured"),
    (Retryable, "retryable"),
    (JobError, "refused"),
)


def perform(work: Callable[[ActiveRun], Summary], run: RunInHand, log: RunLog) -> Finished | Broke:
    """Do the work. A defect's traceback goes to the log before anything else is tried."""
    try:
        return Finished(summary=replace(work(run), stages=run.stages), output="")
    except BaseException as error:  # noqa: BLE001 - the top of a process: here errors become words
        return _broke(error, log)


def _broke(error: BaseException, log: RunLog) -> Broke:
    family = _family(error)
    said = scrub(str(error))
    message = said or type(error).__name__
    if family == DEFECT:
        message = f"{type(error).__name__}: {said}"
        with suppress(OSError, ValueError):  # the job may have closed its own stderr
            log.error(Event.DEFECT, message, traceback=_stack(error))
    return Broke(
        family=family,
        error=type(error).__name__,
        lineage=lineage(error),
        message=message,
        retry_after=error.retry_after if isinstance(error, Retryable) else None,
        output="",
    )


def _family(error: BaseException) -> str:
    return next((name for kind, name in _FAMILIES if isinstance(error, kind)), DEFECT)


def _stack(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
