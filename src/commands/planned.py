"""The contracts agreed for jobs still to be built; each moves to its command when that lands."""

from __future__ import annotations

from datetime import timedelta

from domain.errors import StoreUnavailable
from domain.operating.contract import (
    CatchUp,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Owner,
    Priority,
    Retry,
)

_RETRY = Retry.thrice(on=(StoreUnavailable,))


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def _because(kind: IdempotencyKind, by: str, note: str) -> Idempotency:
    return Idempotency(kind=kind, by=by, note=note)


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        name="cron:system:clean-data",
        covers=("CR-011",),
        summary="Clean the article search caches",
        lock="cron.system.clean-data",
        timeout=_minutes(30),
        grace=_minutes(0.5),
        overlap=Overlap.skip(starved_after=2),
        retry=_RETRY,
        idempotency=_because(
            IdempotencyKind.NATURAL, "a deleted row stays deleted", "one audit row per operation"
        ),
        catch_up=CatchUp.none(),
        destructive=True,
        accountable=(Owner.SHARED_OPS,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.ALL_ISLANDS,),
        priority=Priority.MEDIUM,
        expected_min_items=0,
    ),
)
"""In CR order. Source: the operating model's inventory and ownership tables."""
