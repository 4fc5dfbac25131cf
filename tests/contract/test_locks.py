"""Every lock store keeps the same promises."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contract.lock_stores import KEY, Store, refused, taken
from domain.operating.ports import Busy
from domain.operating.run import Outcome
from domain.operating.several_locks import take_all
from fakes.operating import CONTRACT, DONE
from fakes.stage import Stage
from supervised.play import until
from supervised.rival import ROUNDS

# --- one after the other ---------------------------------------------------------------------


def test_a_free_key_is_given_to_the_run_that_asks(store: Store) -> None:
    lease = taken(store.client().acquire(KEY, "run-1"))

    assert (lease.key, lease.run_id) == (KEY, "run-1")
    assert lease.fence >= 1


def test_a_held_key_is_refused_with_its_holder(store: Store) -> None:
    store.client().acquire(KEY, "run-1")

    busy = store.client().acquire(KEY, "run-2")

    assert isinstance(busy, Busy)
    assert (busy.key, busy.run_id) == (KEY, "run-1")


def test_the_holder_is_told_by_host_process_and_time(shared: Store) -> None:
    shared.client().acquire(KEY, "run-1")

    busy = shared.client().acquire(KEY, "run-2")

    assert isinstance(busy, Busy)
    assert (busy.host, busy.pid) == (socket.gethostname(), os.getpid())
    assert busy.since is not None
    assert timedelta(0) <= datetime.now(UTC) - busy.since < timedelta(minutes=1)


def test_not_even_the_holder_gets_its_key_twice(store: Store) -> None:
    locks = store.client()
    locks.acquire(KEY, "run-1")

    assert isinstance(locks.acquire(KEY, "run-1"), Busy)


def test_different_keys_do_not_exclude_each_other(store: Store) -> None:
    locks = store.client()
    keys = ["a/b", "a_b", "A_b", "a.b", "ä", "", "x" * 190, "x" * 190 + "y", "../a", "a_b "]

    assert [taken(locks.acquire(key, "run-1")).key for key in keys] == keys
    assert sorted(busy.key for busy in locks.held()) == sorted(keys)


def test_a_released_key_is_free_for_the_next_run_under_a_higher_fence(store: Store) -> None:
    locks = store.client()
    first = taken(locks.acquire(KEY, "run-1"))
    locks.release(first)

    second = taken(store.client().acquire(KEY, "run-2"))

    assert second.fence > first.fence


def test_the_fence_rises_above_what_the_caller_knows(store: Store) -> None:
    locks = store.client()
    first = taken(locks.acquire(KEY, "run-1", above=41))
    locks.release(first)

    assert first.fence == 42
    assert taken(locks.acquire(KEY, "run-2", above=7)).fence == 43


def test_a_lease_is_renewed_as_long_as_it_is_held(store: Store) -> None:
    locks = store.client()
    lease = taken(locks.acquire(KEY, "run-1"))

    assert locks.renew(lease)
    assert locks.renew(lease)


def test_an_old_lease_releases_nothing_of_its_successor_s(store: Store) -> None:
    locks = store.client()
    old = taken(locks.acquire(KEY, "run-1"))
    locks.release(old)
    new = taken(locks.acquire(KEY, "run-2"))

    locks.release(old)

    assert not locks.renew(old)
    assert locks.renew(new)
    assert isinstance(store.client().acquire(KEY, "run-3"), Busy)


def test_an_old_lease_of_the_same_run_is_none_of_its_newer_one(store: Store) -> None:
    locks = store.client()
    old = taken(locks.acquire(KEY, "run-1"))
    locks.release(old)
    new = taken(locks.acquire(KEY, "run-1"))

    locks.release(old)

    assert not locks.renew(old)
    assert locks.renew(new)


def test_the_held_keys_are_listed_with_their_holders(store: Store) -> None:
    locks = store.client()
    released = taken(locks.acquire("b", "run-1"))
    locks.acquire("a", "run-1")
    locks.acquire("c", "run-2")
    locks.release(released)

    assert {(busy.key, busy.run_id) for busy in locks.held()} == {("a", "run-1"), ("c", "run-2")}


def test_before_anything_was_locked_nothing_is_held(store: Store) -> None:
    assert list(store.client().held()) == []


# --- breaking --------------------------------------------------------------------------------


def test_a_broken_key_is_free_and_its_holder_notices(store: Store) -> None:
    locks = store.client()
    old = taken(locks.acquire(KEY, "run-1"))

    fence = store.client().break_(KEY)

    assert fence > old.fence
    assert not locks.renew(old)
    assert list(store.client().held()) == []
    assert taken(store.client().acquire(KEY, "run-2")).fence > fence


def test_the_holder_of_a_broken_key_cannot_release_the_next_one(store: Store) -> None:
    locks, other = store.client(), store.client()
    old = taken(locks.acquire(KEY, "run-1"))
    other.break_(KEY)
    new = taken(other.acquire(KEY, "run-2"))

    locks.release(old)

    assert other.renew(new)
    assert isinstance(store.client().acquire(KEY, "run-3"), Busy)


def test_a_key_that_nobody_holds_can_be_broken_too(store: Store) -> None:
    fence = store.client().break_(KEY)

    assert taken(store.client().acquire(KEY, "run-1")).fence > fence


# --- several processes -----------------------------------------------------------------------


def test_of_two_processes_exactly_one_gets_each_key(shared: Store) -> None:
    rivals = [shared.rival(name, "race") for name in ("left", "right")]
    shared.go()
    for name in ("left", "right"):
        until((shared.folder / f"{name}-raced").exists, f"{name} had asked for every key")
    (shared.folder / "over").touch()
    left, right = (json.loads(rival.communicate(timeout=60)[0]) for rival in rivals)

    assert len(left) == ROUNDS
    assert left == right
    assert {*left} <= {"left", "right"}


def test_no_fence_is_given_out_twice(shared: Store) -> None:
    rivals = [shared.rival(name, "churn") for name in ("left", "right")]
    shared.go()
    fences = [json.loads(rival.communicate(timeout=60)[0]) for rival in rivals]

    assert all(had == sorted(had) for had in fences)
    assert len({*fences[0], *fences[1]}) == 2 * ROUNDS


def test_a_killed_holder_frees_its_key(shared: Store) -> None:
    rival = shared.rival("run-1", "hold")
    shared.go()
    until((shared.folder / "holding").exists, "the rival held its key")
    locks = shared.client()
    before = locks.acquire("held", "run-2")
    rival.kill()
    rival.wait()
    shared.let_all_run_out()
    until(lambda: locks.held() == [], "the key was free")

    busy = refused(before)
    assert (busy.run_id, busy.pid) == ("run-1", rival.pid)
    assert taken(locks.acquire("held", "run-2")).fence > 1


# --- overlap ---------------------------------------------------------------------------------


def stage_on(store: Store, wait: timedelta) -> Stage:
    contract = replace(CONTRACT, lock=KEY, overlap=replace(CONTRACT.overlap, wait=wait))
    stage = Stage(contract=contract)
    stage.locks = store.client()  # type: ignore[assignment]  # a fake makes way for the real one
    return stage


def test_a_start_waits_for_a_key_that_comes_free_in_time(shared: Store) -> None:
    holder = shared.client()
    lease = taken(holder.acquire(KEY, "run-0"))
    stage = stage_on(shared, timedelta(seconds=1))
    stage.attempts.between = lambda: holder.release(lease)

    ending = stage.run(DONE)

    assert ending.verdict.outcome is Outcome.SUCCEEDED
    assert stage.attempts.waits == [0.25]
    assert list(shared.client().held()) == []


def test_a_start_that_waited_in_vain_names_the_holder_and_its_age(shared: Store) -> None:
    shared.client().acquire(KEY, "run-0")
    stage = stage_on(shared, timedelta(seconds=1))

    ending = stage.run()

    assert ending.verdict.outcome is Outcome.SKIPPED_LOCKED
    assert stage.attempts.waits == [0.25] * 4
    assert f"{KEY} is held by run run-0 for " in ending.verdict.message
    assert ending.holder_run_id == "run-0"


# --- several keys ----------------------------------------------------------------------------


def test_several_keys_are_taken_together(store: Store) -> None:
    locks = store.client()

    leases = take_all(locks, ["b", "a", "b", "c"], "run-1")

    assert not isinstance(leases, Busy)
    assert [lease.key for lease in leases] == ["b", "a", "c"]
    assert {busy.key for busy in locks.held()} == {"a", "b", "c"}


@pytest.mark.parametrize("busy", ["a", "b", "c"])
def test_of_several_keys_all_are_had_or_none(store: Store, busy: str) -> None:
    locks = store.client()
    locks.acquire(busy, "run-1")

    answer = take_all(locks, ["c", "b", "a"], "run-2")

    assert isinstance(answer, Busy)
    assert (answer.key, answer.run_id) == (busy, "run-1")
    assert {held.key for held in locks.held()} == {busy}


def test_two_processes_that_want_the_same_keys_in_another_order_both_get_them(
    shared: Store,
) -> None:
    rivals = [shared.rival("left", "several"), shared.rival("right", "several backwards")]
    shared.go()
    had = [json.loads(rival.communicate(timeout=120)[0]) for rival in rivals]

    assert had == [20, 20]
    assert list(shared.client().held()) == []
