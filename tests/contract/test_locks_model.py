"""Takings, renewals, releases, breaks and expiries in any order: a store does as a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.lock_stores import SHARED, Databases, Store, opened
from domain.operating.ports import Busy, Lease, Locks

KEYS, RUNS = ("a", "b"), ("run-1", "run-2", "run-3")

Step = tuple[str, str, str]

steps = st.lists(
    st.tuples(
        st.sampled_from(["acquire", "acquire", "renew", "release", "break", "expire", "held"]),
        st.sampled_from(KEYS),
        st.sampled_from(RUNS),
    ),
    max_size=30,
)


class Model:
    """Who holds each key, and the newest fence it ever had."""

    def __init__(self, store: Store, clients: Mapping[str, Locks]) -> None:
        self.store, self.clients = store, clients
        self.holders: dict[str, Lease] = {}
        self.fences: dict[str, int] = dict.fromkeys(KEYS, 0)
        self.leases: dict[tuple[str, str], Lease] = {}

    def acquire(self, key: str, run: str) -> None:
        answer = self.clients[run].acquire(key, run)
        if key in self.holders:
            assert isinstance(answer, Busy)
            assert (answer.key, answer.run_id) == (key, self.holders[key].run_id)
            return
        assert isinstance(answer, Lease)
        assert (answer.key, answer.run_id) == (key, run)
        assert answer.fence > self.fences[key]
        self.holders[key] = self.leases[key, run] = answer
        self.fences[key] = answer.fence

    def renew(self, key: str, run: str) -> None:
        if lease := self.leases.get((key, run)):
            assert self.clients[run].renew(lease) == (self.holders.get(key) == lease)

    def release(self, key: str, run: str) -> None:
        if lease := self.leases.get((key, run)):
            self.clients[run].release(lease)
            if self.holders.get(key) == lease:
                del self.holders[key]

    def break_(self, key: str, run: str) -> None:
        fence = self.clients[run].break_(key)
        assert fence > self.fences[key]
        self.fences[key] = fence
        self.holders.pop(key, None)

    def expire(self, _key: str, _run: str) -> None:
        if self.store.let_all_run_out():
            self.holders.clear()

    def held(self, _key: str, run: str) -> None:
        listed = {(busy.key, busy.run_id) for busy in self.clients[run].held()}
        assert listed == {(key, lease.run_id) for key, lease in self.holders.items()}


@pytest.mark.parametrize("name", SHARED)
def test_a_store_does_as_a_dictionary_does(tmp_path: Path, databases: Databases, name: str) -> None:
    with opened(name, tmp_path, databases) as store:
        clients = {run: store.client() for run in RUNS}

        @settings(max_examples=40, deadline=None)
        @given(steps)
        def behaves(taken: list[Step]) -> None:
            model = Model(store, clients)
            for verb, key, run in taken:
                getattr(model, "break_" if verb == "break" else verb)(key, run)
            for key in KEYS:
                clients[RUNS[0]].break_(key)

        behaves()
