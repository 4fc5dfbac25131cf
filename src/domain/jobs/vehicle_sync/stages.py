"""Four stages in one order, and with which of them a run begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.errors import Refused


class Stage(StrEnum):
    """Each once for a snapshot, and none before the one above it is done."""

    PULL = "pull"
    SYNC = "sync"
    EMAIL = "email"
    UPDATE = "update"

    @property
    def before(self) -> tuple[Stage, ...]:
        return ALL[: ALL.index(self)]

    @property
    def onwards(self) -> tuple[Stage, ...]:
        return ALL[ALL.index(self) :]


ALL = tuple(Stage)


@dataclass(frozen=True, kw_only=True)
class SyncRequest:
    """Go on where the last run stopped, or as the flags say; ``force`` passes the guard once."""

    resume: bool = True
    restart: bool = False
    from_stage: Stage | None = None
    only_stage: Stage | None = None
    force: bool = False
    reason: str = ""

    @property
    def scope(self) -> str:
        return f"stage.{self.only_stage}" if self.only_stage else "all"

    @property
    def wanted(self) -> tuple[Stage, ...]:
        if self.only_stage:
            return (self.only_stage,)
        return (self.from_stage or Stage.PULL).onwards

    @property
    def asks_for(self) -> Stage | None:
        """Name the stage that was asked for to begin with."""
        return self.only_stage or self.from_stage


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a source said at one time, and how far it has come; ``run_id`` began it."""

    number: int
    run_id: str
    source: str
    age: timedelta
    done: frozenset[Stage] = frozenset()
    abandoned: bool = False

    @property
    def is_open(self) -> bool:
        return not self.abandoned and Stage.UPDATE not in self.done

    @property
    def left(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in ALL if stage not in self.done)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run does: without a snapshot it begins one.

    ``restart``: the pull begins at its first make, whatever was pulled.
    """

    snapshot: Snapshot | None
    stages: tuple[Stage, ...]
    restart: bool = False
    why: str = ""

    @property
    def pulls(self) -> bool:
        return Stage.PULL in self.stages


def plan(request: SyncRequest, newest: Snapshot | None, run_id: str, max_age: timedelta) -> Plan:
    """Say with which stage of which snapshot to begin.

    Raises Refused for a stage before which another one never succeeded.
    """
    if newest and newest.is_open and newest.run_id == run_id:
        # A further attempt of the run that began it: the flags were obeyed already.
        left = tuple(stage for stage in request.wanted if stage not in newest.done)
        return Plan(snapshot=newest, stages=left, why=f"goes on with its snapshot {newest.number}")
    if request.asks_for not in (None, Stage.PULL):
        return _from_stage(request, newest, max_age)
    return _usual(request, newest, max_age)


def _usual(request: SyncRequest, newest: Snapshot | None, max_age: timedelta) -> Plan:
    if newest is None or not newest.is_open:
        return Plan(snapshot=None, stages=request.wanted, why="a new snapshot")
    if why := _outdated(request, newest, max_age):
        why = f"a new snapshot; snapshot {newest.number} is abandoned: {why}"
        return Plan(snapshot=None, stages=request.wanted, why=why)
    stages = tuple(stage for stage in request.wanted if stage not in newest.done)
    why = f"goes on with snapshot {newest.number} at {newest.left[0]}"
    return Plan(snapshot=newest, stages=stages, restart=request.restart, why=why)


def _outdated(request: SyncRequest, newest: Snapshot, max_age: timedelta) -> str:
    """Say why an open snapshot is not gone on with; empty where it is."""
    if not request.resume:
        return "--no-resume"
    if newest.age > max_age:
        return f"it is {_hours(newest.age)} old"
    return "pulled anew" if request.asks_for and Stage.PULL in newest.done else ""


def _from_stage(request: SyncRequest, newest: Snapshot | None, max_age: timedelta) -> Plan:
    first = request.wanted[0]
    if newest is None or newest.abandoned:
        raise Refused(f"there is no snapshot to {first}: start without --from-stage")
    missing = [stage for stage in first.before if stage not in newest.done]
    if missing:
        raise Refused(
            f"{missing[0]} of snapshot {newest.number} never succeeded, so {first} cannot be done:"
            f" start at {missing[0]}"
        )
    if not newest.is_open:
        return Plan(snapshot=newest, stages=(), why=f"snapshot {newest.number} is finished")
    if newest.age > max_age:
        raise Refused(f"snapshot {newest.number} is {_hours(newest.age)} old: begin a new one")
    why = f"snapshot {newest.number} from {first} on, as asked for"
    return Plan(snapshot=newest, stages=request.wanted, why=why)


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.0f} h"
