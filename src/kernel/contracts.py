"""Every job's contract by its command; loaded when somebody else's run has to be told of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache

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
from kernel.inventory import COMMANDS

STRAY = Contract(
    name="cron:unknown:command",
    covers=("CR-000",),
    summary="Something is scheduled that is no job of this console",
    lock="cron.unknown",
    timeout=timedelta(minutes=1),
    grace=timedelta(seconds=1),
    overlap=Overlap.skip(starved_after=1),
    retry=Retry.never(),
    idempotency=Idempotency(
        kind=IdempotencyKind.NONE, by="nothing was run", note="nothing was run"
    ),
    catch_up=CatchUp.none(),
    destructive=False,
    accountable=(Owner.SHARED_OPS,),
    responsible=Owner.SHARED_OPS,
    consulted=(),
    priority=Priority.HIGH,
    expected_min_items=0,
)
"""Stands for a command that no job has: a typing error in a schedule, or a job removed."""


@cache
def contracts() -> Mapping[str, Contract]:
    """Give every job's contract in CR order."""
    return {entry.name: entry.load().contract for entry in COMMANDS if entry.is_job}


def contract_of(command: str) -> Contract:
    """Give the command's contract, or the one of strays."""
    return contracts().get(command, STRAY)
