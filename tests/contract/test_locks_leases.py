"""Leases that run out: renewed in time they last, else the next run gets the key."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from contract.lock_stores import KEY, Store, refused, taken
from domain.operating.ports import Busy, Lease
from domain.operating.several_locks import take_all
from supervised.play import until

HOUR = timedelta(hours=1)


def test_a_lease_runs_out_by_itself_after_its_time(expiring: Store) -> None:
    store = expiring.leasing(1.0)
    started = time.monotonic()
    taken(store.client().acquire(KEY, "run-1"))
    until(lambda: isinstance(store.client().acquire(KEY, "run-2"), Lease), "the key was free")

    assert time.monotonic() - started > 0.9


def test_a_lease_that_nobody_renews_runs_out_and_the_fence_grows(expiring: Store) -> None:
    locks = expiring.client()
    first = taken(locks.acquire(KEY, "run-1"))
    refused(expiring.client().acquire(KEY, "run-2"))
    expiring.let_all_run_out()

    second = taken(expiring.client().acquire(KEY, "run-2"))

    assert second.fence > first.fence
    assert not locks.renew(first)


def test_a_lease_that_is_renewed_lasts(expiring: Store) -> None:
    store = expiring.leasing(1.5)
    locks = store.client()
    lease = taken(locks.acquire(KEY, "run-1"))
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert locks.renew(lease)

    assert refused(store.client().acquire(KEY, "run-2")).run_id == "run-1"


def test_a_lease_that_ran_out_stays_dead_though_nobody_took_the_key(expiring: Store) -> None:
    locks = expiring.client()
    lease = taken(locks.acquire(KEY, "run-1"))
    expiring.let_all_run_out()

    assert not locks.renew(lease)
    assert list(locks.held()) == []


def test_who_lost_its_lease_disturbs_its_successor_in_nothing(expiring: Store) -> None:
    locks = expiring.client()
    old = taken(locks.acquire(KEY, "run-1"))
    expiring.let_all_run_out()
    new = taken(expiring.client().acquire(KEY, "run-2"))

    locks.release(old)

    assert not locks.renew(old)
    assert expiring.client().renew(new)


def test_a_held_key_tells_its_age_and_what_is_left_by_the_store_s_clock(expiring: Store) -> None:
    locks = expiring.leasing(10).client()
    locks.acquire(KEY, "run-1")
    seen: list[Busy] = []

    def is_older() -> bool:
        seen.extend(locks.held())
        return seen[-1].age != seen[0].age

    until(is_older, "the store's clock had moved on")

    spans = [(busy.age, busy.lease_left) for busy in seen if busy.age and busy.lease_left]
    assert spans
    for age, left in spans:
        assert timedelta(0) < age < timedelta(seconds=9)
        assert timedelta(seconds=9) < age + left < timedelta(seconds=11)


@pytest.mark.parametrize("skew", [HOUR, -HOUR], ids=["an hour ahead", "an hour behind"])
def test_the_hosts_clocks_decide_nothing(expiring: Store, skew: timedelta) -> None:
    right, wrong = expiring.client(), expiring.client()
    held = taken(right.acquire(KEY, "run-1"))
    with time_machine.travel(datetime.now(UTC) + skew, tick=True):
        busy = refused(wrong.acquire(KEY, "run-2"))
        other = taken(wrong.acquire("other", "run-2"))
        listed = {lock.key for lock in wrong.held()}
        renewed = wrong.renew(other)

    assert busy.held_for(datetime.now(UTC) + skew) == busy.age
    assert busy.age is not None
    assert busy.age < timedelta(minutes=1)
    assert listed == {KEY, "other"}
    assert renewed
    assert right.renew(held)
    assert refused(right.acquire("other", "run-1")).run_id == "run-2"


def test_several_keys_are_free_again_together_once_their_holder_is_gone(expiring: Store) -> None:
    take_all(expiring.client(), ["b", "a"], "run-1")
    expiring.let_all_run_out()

    leases = take_all(expiring.client(), ["a", "b"], "run-2")

    assert not isinstance(leases, Busy)
    assert [(lease.key, lease.fence) for lease in leases] == [("a", 2), ("b", 2)]
