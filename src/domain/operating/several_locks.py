"""Taking several locks at once: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from domain.operating.ports import Busy, Lease, Locks


def take_all(locks: Locks, keys: Sequence[str], run_id: str) -> tuple[Lease, ...] | Busy:
    """Take every key, or tell who holds the first busy one; the leases stand as the keys do.

    The keys are taken in their sorted order, so that two runs that want the same ones never both
    go away with half of them.
    """
    taken: dict[str, Lease] = {}
    with ExitStack() as undone:
        for key in sorted(set(keys)):
            answer = locks.acquire(key, run_id)
            if isinstance(answer, Busy):
                return answer
            undone.callback(locks.release, answer)
            taken[key] = answer
        undone.pop_all()
    return tuple(taken[key] for key in dict.fromkeys(keys))
