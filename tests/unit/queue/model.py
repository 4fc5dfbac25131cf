"""One message, two workers, a sweeper in two steps and an operator: every order of their steps.

The worlds are explored breadth first until no new one is found, so a fault's trace is a shortest
one. Every step of the row executes the transition table. The number of claims is not bounded:
only whether claim numbers are equal and which is the greatest matters, so worlds that differ
merely in how high the numbers are count as one; the same holds for instants, which are only past
or to come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from domain.queue.execution import after, matches
from domain.queue.guards import Given
from domain.queue.job import ENDED, IN_FLIGHT, Message, Status
from domain.queue.stale import Limits, is_stale
from domain.queue.transitions import Move, Transition

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
LIMITS = Limits(rescues=2, give_backs=1)
SOON, PAST, LONG_PAST = (NOW + LIMITS.lease, NOW - LIMITS.legacy_age, NOW - LIMITS.rescue_window)
NEW_MESSAGE = Message(
    id=1,
    queue="general",
    type="images.update",
    status_since=NOW,
    available_at=PAST,
    created_at=PAST,
    max_attempts=2,
)
LEGACY_MESSAGE = replace(NEW_MESSAGE, status=Status.PROCESSING)

Table = Mapping[Move, Transition]

SETTLEMENTS = (Move.FINISH, Move.RETRY, Move.CRASH_PERMANENT, Move.CRASH_EXHAUSTED, Move.GIVE_BACK)
VERDICTS = (Move.PUT_BACK, Move.RESTART, Move.POISON, Move.EXHAUST)
UNBEGUN = (Move.START, Move.RELEASE)
ORDERS = (Move.RESET, Move.CANCEL, Move.FORCE_RESTART, Move.FORCE_CRASH)


@dataclass(frozen=True)
class Worker:
    """What a worker believes, and (``holds``) whether it is true.

    A paused worker is one that takes no step, however long; a dead one forgets all and has a
    successor in its place, whose run id (``name``) may be the same as any other's.
    """

    name: str | None = None
    claim_no: int | None = None
    begun: bool = False
    holds: bool = False


IDLE = Worker()


@dataclass(frozen=True)
class World:
    """The row, those who act on it, and what the sweeper saw."""

    row: Message | None
    workers: tuple[Worker, Worker]
    seen: Message | None = None
    finished: int = 0
    fault: str = ""

    def with_worker(self, place: int, worker: Worker) -> World:
        others = list(self.workers)
        others[place] = worker
        return replace(self, workers=(others[0], others[1]))

    def nobody_holds(self) -> World:
        first, second = (replace(worker, holds=False) for worker in self.workers)
        return replace(self, workers=(first, second))


@dataclass
class Explored:
    """All worlds that can be, each with the step that first led to it, or the first faulty one."""

    origin: dict[World, tuple[str, World | None]] = field(default_factory=dict)
    next_to: dict[World, list[World]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    faulty: World | None = None

    def trace(self, world: World | None) -> list[str]:
        """The steps from the start to a world."""
        steps: list[str] = []
        while world is not None:
            step, world = self.origin[world]
            steps.append(step)
        return steps[-2::-1]


def explore(table: Table) -> Explored:
    """Follow every step from every world, up to the first fault."""
    firsts = [_normal(World(row, (IDLE, IDLE))) for row in (NEW_MESSAGE, LEGACY_MESSAGE)]
    explored = Explored(origin=dict.fromkeys(firsts, ("", None)))
    waiting = deque(firsts)
    while waiting:
        world = waiting.popleft()
        explored.next_to[world] = []
        for step, reached in steps(table, world):
            following = _normal(reached)
            explored.next_to[world].append(following)
            explored.taken.add(step)
            if following not in explored.origin:
                explored.origin[following] = (step, world)
                waiting.append(following)
            if following.fault:
                explored.faulty = following
                return explored
    return explored


def steps(table: Table, world: World) -> Iterator[tuple[str, World]]:
    """Everything that anyone may do next."""
    if world.row is not None:
        for place in range(len(world.workers)):
            yield from _work(table, world, world.row, place)
        yield from _sweep(table, world, world.row)
        yield from _by_hand(table, world, world.row)
        yield from _time(world, world.row)


# --- workers --------------------------------------------------------------------------------------


def _work(table: Table, world: World, row: Message, place: int) -> Iterator[tuple[str, World]]:
    worker, name = world.workers[place], "AB"[place]
    if worker.claim_no is None:
        for identity in ("AB", "BA")[place]:
            named = world.with_worker(place, Worker(identity))
            as_other = "" if identity == name else f" under the name of {identity}"
            yield f"{name}: claim{as_other}", _asked(table[Move.CLAIM], named, row, place)
        return
    for move in (Move.HEARTBEAT, *(SETTLEMENTS if worker.begun else UNBEGUN)):
        yield f"{name}: {move}", _asked(table[move], world, row, place)
    yield f"{name}: dies", world.with_worker(place, IDLE)
    yield f"{name}: {Move.ABANDON}", _asked(table[Move.ABANDON], world, row, place)


def _asked(transition: Transition, world: World, row: Message, place: int) -> World:
    """The world after a worker asked for a transition, matched or not."""
    worker = world.workers[place]
    given = Given(
        now=NOW, limits=LIMITS, claim_no=worker.claim_no, run_id=worker.name, available_at=SOON
    )
    if not matches(transition, row, given):
        return world.with_worker(place, IDLE)
    changed = replace(world, row=after(transition, row, given))
    if transition.move is Move.CLAIM:
        return _claimed(changed, place)
    if not worker.holds:
        return replace(changed, fault=f"{transition.move} by a worker that holds nothing")
    return _went_on(changed, transition, place)


def _claimed(world: World, place: int) -> World:
    claim_no = world.row.claim_no if world.row else None
    holder = replace(world.workers[place], claim_no=claim_no, holds=True)
    return world.nobody_holds().with_worker(place, holder)


def _went_on(world: World, transition: Transition, place: int) -> World:
    worker = world.workers[place]
    if transition.move is Move.HEARTBEAT:
        return world
    if transition.move is Move.START:
        return world.with_worker(place, replace(worker, begun=True))
    finished = world.finished + (transition.move is Move.FINISH)
    fault = "finished twice" if finished > 1 else ""
    return replace(world.with_worker(place, IDLE), finished=finished, fault=fault)


# --- sweeper, operator, cleaner, time -------------------------------------------------------------


def _sweep(table: Table, world: World, row: Message) -> Iterator[tuple[str, World]]:
    if is_stale(row, NOW, LIMITS):
        yield "sweeper: looks", replace(world, seen=row)
    if world.seen is None:
        return
    given = Given(now=NOW, limits=LIMITS, seen=world.seen)
    for move in VERDICTS:
        if matches(table[move], row, given):
            alive = row.lease_until is not None and row.lease_until > NOW
            fault = f"{move} over a live holder" if alive else ""
            swept = replace(world.nobody_holds(), row=after(table[move], row, given), fault=fault)
            yield f"sweeper: {move}", replace(swept, seen=None)
    yield "sweeper: gives up", replace(world, seen=None)


def _by_hand(table: Table, world: World, row: Message) -> Iterator[tuple[str, World]]:
    given = Given(
        now=NOW,
        limits=LIMITS,
        actor="anna",
        reason="host is gone",
        including_live=True,
        cutoff=NOW + timedelta(days=1),
    )
    for move in ORDERS:
        if matches(table[move], row, given):
            left = world.nobody_holds()
            yield f"operator: {move}", replace(left, row=after(table[move], row, given))
    for move in (Move.CLEAN, Move.CLEAN_CRASHED):
        if matches(table[move], row, given):
            yield f"cleaner: {move}", replace(world, row=after(table[move], row, given))


def _time(world: World, row: Message) -> Iterator[tuple[str, World]]:
    """Each thing that only waits for the clock, in any order: more than can really be."""
    if row.lease_until is not None and row.lease_until > NOW:
        yield "time: the lease runs out", replace(world, row=replace(row, lease_until=PAST))
    if row.available_at > NOW:
        yield "time: the wait is over", replace(world, row=replace(row, available_at=PAST))
    if row.status in IN_FLIGHT and row.lease_until is None and row.status_since == NOW:
        yield "time: 10 minutes pass", replace(world, row=replace(row, status_since=PAST))
    if row.first_rescue_at == NOW:
        yield "time: 72 hours pass", replace(world, row=replace(row, first_rescue_at=LONG_PAST))


# --- worlds that count as one ---------------------------------------------------------------------


@cache  # nine of ten steps lead to a world that was met before
def _normal(world: World) -> World:
    """Number the claims anew, by their order; leave out what no guard looks at."""
    if world.row is None:
        return World(None, world.workers, finished=world.finished, fault=world.fault)
    numbers = {worker.claim_no for worker in world.workers} | {world.row.claim_no, 0}
    if world.seen:
        numbers.add(world.seen.claim_no)
    order = {no: place for place, no in enumerate(sorted(n for n in numbers if n is not None))}
    first, second = (
        replace(w, claim_no=None if w.claim_no is None else order[w.claim_no])
        for w in world.workers
    )
    return replace(
        world,
        row=_plain(world.row, order),
        workers=(first, second),
        seen=_as_seen(world.seen, order) if world.seen else None,
    )


def _plain(row: Message, order: Mapping[int, int]) -> Message:
    row = replace(row, claim_no=order[row.claim_no], crash_reason=None, error=None)
    if row.lease_until == NOW:
        row = replace(row, lease_until=PAST)
    if row.status in ENDED:  # a reset sets all of these anew
        return replace(
            row,
            status_since=NOW,
            run_id=None,
            attempts=0,
            give_backs=0,
            rescues=0,
            first_rescue_at=None,
        )
    legacy = row.status in IN_FLIGHT and row.lease_until is None
    return row if legacy else replace(row, status_since=NOW)


def _as_seen(row: Message, order: Mapping[int, int]) -> Message:
    return replace(NEW_MESSAGE, status=row.status, claim_no=order[row.claim_no])


# --- what must be possible from every world -------------------------------------------------------


def without_exit(table: Table, explored: Explored) -> list[World]:
    """Worlds whose message would stay as it is for ever if its holder never spoke again."""
    return [
        world
        for world in explored.origin
        if world.row is not None
        and world.row.status not in ENDED
        and not _moved_by_others(table, world.row)
    ]


def _moved_by_others(table: Table, row: Message) -> bool:
    later = replace(
        row,
        lease_until=None if row.lease_until is None else PAST,
        available_at=PAST,
        status_since=PAST,
    )
    claim = Given(now=NOW, limits=LIMITS, run_id="another")
    sweep = Given(now=NOW, limits=LIMITS, seen=later)
    return matches(table[Move.CLAIM], later, claim) or any(
        is_stale(later, NOW, LIMITS) and matches(table[move], later, sweep) for move in VERDICTS
    )


def lost(explored: Explored) -> set[World]:
    """Worlds from which the message can never be processed any more, though it was not yet."""
    before: dict[World, list[World]] = {}
    for world, following in explored.next_to.items():
        for reached in following:
            before.setdefault(reached, []).append(world)
    good = {w for w in explored.origin if w.row is None or w.row.status is Status.PROCESSED}
    waiting = deque(good)
    while waiting:
        for world in before.get(waiting.popleft(), ()):
            if world not in good:
                good.add(world)
                waiting.append(world)
    return set(explored.origin) - good
