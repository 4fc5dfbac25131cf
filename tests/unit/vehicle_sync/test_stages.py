"""With which stage of which snapshot a run begins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Refused
from domain.jobs.vehicle_sync.stages import ALL, Snapshot, Stage, SyncRequest, plan

DAY = timedelta(hours=24)
PULL, SYNC, EMAIL, UPDATE = ALL


def snapshot(*done: Stage, hours: float = 1, run_id: str = "run-1", **more: bool) -> Snapshot:
    age = timedelta(hours=hours)
    return Snapshot(number=7, run_id=run_id, source="x", age=age, done=frozenset(done), **more)


def planned(newest: Snapshot | None, run_id: str = "run-2", **request: Any) -> tuple[Any, ...]:
    """Give the number of the snapshot that is gone on with, None for a new one, and the stages."""
    made = plan(SyncRequest(**request), newest, run_id, DAY)
    return made.snapshot and made.snapshot.number, *made.stages


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (None, (None, *ALL)),
        (snapshot(), (7, *ALL)),
        (snapshot(PULL), (7, SYNC, EMAIL, UPDATE)),
        (snapshot(PULL, SYNC, EMAIL), (7, UPDATE)),
        (snapshot(*ALL), (None, *ALL)),
        (snapshot(PULL, abandoned=True), (None, *ALL)),
        (snapshot(PULL, hours=24), (7, SYNC, EMAIL, UPDATE)),
        (snapshot(PULL, hours=24.1), (None, *ALL)),
    ],
)
def test_a_run_goes_on_where_the_last_one_stopped_unless_that_is_too_long_ago(
    newest: Snapshot | None, expected: tuple[Any, ...]
) -> None:
    assert planned(newest) == expected


@pytest.mark.parametrize(
    ("newest", "request_", "expected"),
    [
        (snapshot(PULL, SYNC), {"resume": False}, (None, *ALL)),
        (snapshot(PULL, SYNC), {"from_stage": SYNC}, (7, SYNC, EMAIL, UPDATE)),
        (snapshot(PULL, SYNC), {"only_stage": EMAIL}, (7, EMAIL)),
        (snapshot(PULL, SYNC), {"from_stage": PULL}, (None, *ALL)),
        (snapshot(PULL, SYNC), {"only_stage": PULL}, (None, PULL)),
        (snapshot(), {"only_stage": PULL}, (7, PULL)),
        (snapshot(*ALL), {"only_stage": UPDATE}, (7,)),
    ],
)
def test_a_stage_can_be_asked_for(
    newest: Snapshot, request_: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert planned(newest, **request_) == expected


@pytest.mark.parametrize(
    ("newest", "asked", "said"),
    [
        (None, SYNC, "there is no snapshot to sync"),
        (snapshot(abandoned=True), UPDATE, "there is no snapshot to update"),
        (snapshot(), SYNC, "pull of snapshot 7 never succeeded"),
        (snapshot(PULL), UPDATE, "sync of snapshot 7 never succeeded.*start at sync"),
        (snapshot(PULL, SYNC), UPDATE, "email of snapshot 7 never succeeded"),
        (snapshot(PULL, SYNC, hours=30), EMAIL, "30 h old"),
    ],
)
def test_what_never_succeeded_is_not_skipped(
    newest: Snapshot | None, asked: Stage, said: str
) -> None:
    for words in ({"from_stage": asked}, {"only_stage": asked}):
        with pytest.raises(Refused, match=said):
            planned(newest, **words)


@pytest.mark.parametrize("request_", [{"resume": False}, {"restart": True}, {"from_stage": PULL}])
def test_a_further_attempt_goes_on_with_what_its_run_began(request_: dict[str, Any]) -> None:
    begun = snapshot(PULL, SYNC, run_id="run-2")

    assert planned(begun, **request_) == (7, EMAIL, UPDATE)
    assert not plan(SyncRequest(**request_), begun, "run-2", DAY).restart


def test_a_restart_is_of_the_open_snapshot() -> None:
    assert plan(SyncRequest(restart=True), snapshot(), "run-2", DAY).restart
    assert not plan(SyncRequest(restart=True), snapshot(*ALL), "run-2", DAY).restart
