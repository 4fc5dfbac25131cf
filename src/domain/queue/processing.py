"""The processor: claims messages for its workers, watches over both, and ends in good order."""

from __future__ import annotations

from contextlib import suppress

from domain.errors import ConfigurationInvalid, SoftTimeout, StopRequested, StoreUnavailable
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary
from domain.queue.dao import Reason, Wanted
from domain.queue.process_request import ProcessRequest
from domain.queue.shift import Shift
from domain.queue.station import Station
from domain.queue.tally import Tally


class QueueProcessing:
    """CR-006 as a call."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def __call__(self, request: ProcessRequest, run: ActiveRun) -> Summary:
        self._station.workers(request.queue)  # refuses a queue that nobody declared
        types = tuple(name for type_ in request.types for name in self._names(type_))
        wanted = Wanted(queue=request.queue, direction=request.direction, types=types)
        if run.dry_run:
            return self._foretell(request, wanted)
        return self._process(request, wanted, run)

    def _names(self, type_: str) -> tuple[str, ...]:
        names = self._station.named(type_)
        if not names:
            raise ConfigurationInvalid(
                f"--type {type_}: no message type is called so; bin/console queue:types lists them"
            )
        return names

    def _foretell(self, request: ProcessRequest, wanted: Wanted) -> Summary:
        found = self._station.outlook.due(
            wanted, restart=request.force_restart, live=request.including_live
        )
        notes = [f"{one.count} {one.direction} {one.type}: {one.state}" for one in found]
        due = sum(one.count for one in found)
        return Summary(notes=tuple(notes) or ("nothing is due",), items={"due": due})

    def _process(self, request: ProcessRequest, wanted: Wanted, run: ActiveRun) -> Summary:
        shift = Shift(self._station, request, wanted, run)
        try:
            shift.open()
            if request.force_restart:
                self._force_restart(request, run, shift)
            shift.work()
        except (StopRequested, SoftTimeout):
            with suppress(StoreUnavailable):  # what cannot be given back is taken by its lease
                shift.leave()
            self._say(shift.tally, run)
            raise
        finally:
            shift.dismiss()
        return shift.tally.summary(request.queue)

    def _force_restart(self, request: ProcessRequest, run: ActiveRun, shift: Shift) -> None:
        why = Reason(actor=run.actor, reason=request.reason)
        swept = shift.dao.force_restart(request.queue, why, including_live=request.including_live)
        run.warn(
            Event.QUEUE_RESTARTED,
            f"{len(swept)} messages in flight put back by force",
            queue=request.queue,
            actor=why.actor,
            reason=why.reason,
            messages=[one.message.id for one in swept[:100]],
        )

    @staticmethod
    def _say(tally: Tally, run: ActiveRun) -> None:
        """Log what was done so far; a run that was stopped hands no summary in."""
        done = {type_: dict(counts) for type_, counts in tally.types.items()}
        run.log(Event.QUEUE_LEFT, "left in good order", done=done)
