"""Which lock store the settings mean, and which contracts it is good enough for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid
from domain.operating.lock_store import LockStore
from fakes.operating import CONTRACT
from infra.boot import Boot, boot
from infra.sql.connection import Database
from kernel.lock_stores import chosen, open_store

SQLITE, SERVERS = "sqlite:///var/app.db", ("postgresql://shop@db/shop", "mariadb://shop@db/shop")


@pytest.fixture
def settings() -> Boot:
    return boot("test", Path(__file__).resolve().parents[3])


@pytest.mark.parametrize(
    ("word", "url", "kind"),
    [
        ("auto", SQLITE, LockStore.FILE),
        *(("auto", url, LockStore.DATABASE) for url in SERVERS),
        ("file", SERVERS[0], LockStore.FILE),
        ("database", SQLITE, LockStore.DATABASE),
        ("redis", SERVERS[1], LockStore.REDIS),
    ],
)
def test_the_store_is_the_one_that_is_named_or_fits_the_database(
    settings: Boot, word: str, url: str, kind: LockStore
) -> None:
    assert chosen(replace(settings, lock_store=word), Database(url)) is kind


def test_an_unknown_store_is_refused_with_those_there_are(settings: Boot) -> None:
    with pytest.raises(ConfigurationInvalid, match="auto, file, database, redis"):
        chosen(replace(settings, lock_store="zookeeper"), Database(SQLITE))


def test_redis_without_an_address_says_what_to_write(settings: Boot) -> None:
    with pytest.raises(ConfigurationInvalid, match="redis_url is empty: write redis://"):
        open_store(replace(settings, lock_store="redis", redis_url=""), Database(SQLITE))


@pytest.mark.parametrize("store", list(LockStore))
@pytest.mark.parametrize("destructive", [False, True])
def test_only_a_destructive_contract_on_redis_is_refused(
    store: LockStore, *, destructive: bool
) -> None:
    contract = replace(CONTRACT, destructive=destructive)
    if destructive and store is LockStore.REDIS:
        with pytest.raises(ConfigurationInvalid, match=r'locks\.store to "database"'):
            store.check(contract)
    else:
        store.check(contract)

    assert store.advisory is (store is LockStore.REDIS)


@pytest.mark.parametrize(("word", "stops"), [("file", False), ("database", True)])
def test_only_a_store_whose_leases_run_out_stops_a_job_that_cannot_renew(
    settings: Boot, word: str, *, stops: bool
) -> None:
    pace = open_store(replace(settings, lock_store=word), Database(SQLITE)).pace

    assert (pace.stop_after < 30) is stops
    assert (pace.kill_after < 30) is stops
