"""The lock stores that every promise is tried on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.lock_stores import EXPIRING, SHARED, STORES, Databases, Store, one_of_each, opened


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with one_of_each() as given:
        yield given


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Store]:
    with opened(request.param, tmp_path, databases) as store:
        yield store


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Store]:
    """Give a store that several processes can use."""
    with opened(request.param, tmp_path, databases) as store:
        yield store


@pytest.fixture(params=EXPIRING)
def expiring(
    request: pytest.FixtureRequest, tmp_path: Path, databases: Databases
) -> Iterator[Store]:
    """Give a store whose leases run out."""
    with opened(request.param, tmp_path, databases) as store:
        yield store
