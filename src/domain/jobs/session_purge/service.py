"""CR-014: session files that nobody used for longer than the retention are removed.

Source: the package php-common's sessionclean, and CR-014 of the operating model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from domain.errors import Refused
from domain.jobs.session_purge.policy import RetentionPolicy, SessionFolder, Store
from domain.jobs.session_purge.ports import SessionFiles, Tally
from domain.jobs.session_purge.request import PurgeRequest
from domain.operating.events import Event
from domain.operating.ports import ActiveRun, Clock
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.units import guarded

LEAVE = timedelta(seconds=10)
"""What is left of the run's time when it stops by itself."""


class SessionPurge:
    """Goes through the folders one after another; one that fails stops no other."""

    def __init__(self, files: SessionFiles, policy: RetentionPolicy, clock: Clock) -> None:
        self._files, self._policy, self._clock = files, policy, clock

    def __call__(self, request: PurgeRequest, run: ActiveRun) -> Summary:
        """Remove what expired in every folder asked for (CR-014)."""
        folders = self._folders(request)
        if self._policy.store is Store.REDIS:
            return Summary(notes=("sessions are in Redis, which ends them by itself (TTL)",))
        units = tuple(
            guarded(folder.path, partial(self._unit, folder, run), run) for folder in folders
        )
        notes = ["dry run: nothing was removed"] if run.dry_run else []
        if not folders:
            notes.append("no folder of sessions is set: [[session-purge.paths]] in jobs.toml")
        items = {"removed": sum(unit.counts.get("removed", 0) for unit in units)}
        return Summary(units=units, items=items, notes=tuple(notes))

    def _folders(self, request: PurgeRequest) -> Sequence[SessionFolder]:
        """Raise Refused for a folder that is not configured, and for too short an age."""
        known = {folder.path.rstrip("/"): folder for folder in self._policy.folders}
        wanted = [path.rstrip("/") for path in request.paths]
        if strangers := [path for path in wanted if path not in known]:
            raise Refused(
                f"--path {strangers[0]}: config/jobs.toml has no such folder, only"
                f" {', '.join(known) or 'none'}"
            )
        if request.max_age and (fault := self._policy.fault_of_age(request.max_age)):
            raise Refused(f"--max-age: {fault}; a longer one may be asked for")
        asked = [known[path] for path in dict.fromkeys(wanted)] or list(known.values())
        return [replace(it, max_age=request.max_age or it.max_age) for it in asked]

    def _unit(self, folder: SessionFolder, run: ActiveRun) -> Unit:
        before = self._clock.now() - folder.max_age
        tally, is_whole = self._work(folder, before, run)
        run.log(
            Event.SESSIONS_PURGED,
            folder.path,
            before=before.isoformat(),
            dry_run=run.dry_run,
            **tally.counts(),
        )
        return _told(folder, tally, is_whole=is_whole)

    def _work(self, folder: SessionFolder, before: datetime, run: ActiveRun) -> tuple[Tally, bool]:
        """Give what became of the files, and whether the time was enough for all of them."""
        tally = Tally()
        steps = self._files.purge(folder, before, self._policy.basis, dry_run=run.dry_run)
        for tally in steps:
            run.checkpoint("files")
            run.progress("session files", tally.seen, None)
            if run.remaining < LEAVE:
                return tally, False
        return tally, True


def _told(folder: SessionFolder, tally: Tally, *, is_whole: bool) -> Unit:
    message = "" if is_whole else "its time was over: the next run goes on"
    result = UnitResult.DONE if tally.removed else UnitResult.UNCHANGED
    if tally.denied:
        result = UnitResult.FAILED
        message = f"{tally.denied:,} files or folders are closed to this user: run it as PHP's user"
    return Unit(name=folder.path, result=result, message=message, counts=tally.counts())
