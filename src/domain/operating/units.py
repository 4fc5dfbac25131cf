"""One failing unit must not stop its neighbours."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from domain.errors import JobError, LockLost, StoreUnavailable, lineage
from domain.operating.events import Event
from domain.operating.ports import ActiveRun
from domain.operating.run import Unit, UnitResult


def guarded(name: str, work: Callable[[], Unit], run: ActiveRun) -> Unit:
    """Do one unit; whatever it fails of becomes its own line in the result.

    A lost lock or an unreachable database is not the unit's fault and ends the run.
    """
    try:
        return work()
    except (LockLost, StoreUnavailable):
        raise
    except JobError as error:
        run.warn(Event.UNIT_FAILED, str(error), unit=name, error=type(error).__name__)
        return _failed(name, error)
    except Exception as error:  # noqa: BLE001 - the last of three: a defect met by one supplier's file must not stop the others
        run.warn(Event.DEFECT, str(error), unit=name, traceback=traceback.format_exc())
        return _failed(name, error)


def _failed(name: str, error: Exception) -> Unit:
    return Unit(
        name=name,
        result=UnitResult.FAILED,
        message=f"{type(error).__name__}: {error}",
        lineage=lineage(error),
    )
