"""Locks as operators meet them, in the database and in Redis."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from private_shop import CHECKOUT, IMPORT, Shop, kill
from servers import database, redis_url
from supervised.play import until

ROWS = [("A-1", 4, "10,00")]
STORES = (("database", "postgresql"), ("database", "mariadb"), ("redis", "sqlite"))


@pytest.fixture(params=STORES, ids=" ".join)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    store, kind = request.param
    with database(kind) as url:
        shop = Shop(tmp_path / "shop", url=url)
        shop.environment["CRONTRACT_LOCKS__STORE"] = store
        if store == "redis":
            shop.environment["CRONTRACT_LOCKS__REDIS_URL"] = redis_url()
        shop.add_supplier(2)
        shop.deliver(2, ROWS)
        yield shop


def modules_of(shop: Shop, *words: str) -> set[str]:
    """Give the modules that a start loads, as the interpreter itself reports them."""
    command = [sys.executable, "-I", "-X", "importtime", str(CHECKOUT / "src/kernel/__main__.py")]
    done = subprocess.run(
        [*command, *words], env=shop.environment, capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_a_held_lock_is_listed_refuses_others_and_can_be_broken(shop: Shop) -> None:
    store = shop.environment["CRONTRACT_LOCKS__STORE"]
    holder = shop.start_faulty(f"pause:compared:{shop.root}", IMPORT, "--supplier=2")
    until((shop.root / "compared").exists, "the holder was at work")

    second = shop.console(IMPORT, "--supplier=2")
    loaded = modules_of(shop, IMPORT, "--supplier=2")
    (listed,) = json.loads(shop.console("lock:list", "--format=json").stdout)
    broken = shop.console("lock:break", listed["lock"], "--reason=it hangs")
    (shop.root / "go").touch()
    _, said = holder.communicate(timeout=60)

    assert (second.returncode, "skipped_locked" in second.stdout) == (0, True)
    assert "infra.locks.redis" in loaded or "infra.locks.database" in loaded
    assert loaded.isdisjoint({"sqlalchemy", "alembic", "pydantic", "rich"})
    assert f"is held by run {listed['run']} for " in second.stderr + second.stdout
    assert listed["store"] == store
    assert listed["host"]
    assert listed["lease left"].endswith(" s")
    assert broken.returncode == 0, broken.stderr
    assert holder.returncode == 6, said
    assert shop.query("SELECT verb, object, reason FROM cron_audit") == [
        ("lock:break", listed["lock"], "it hangs")
    ]
    assert shop.console("lock:list").stdout.strip() == "no lock is held"


def test_a_killed_holder_s_lock_runs_out_and_the_next_run_imports(shop: Shop) -> None:
    holder = shop.start_faulty("hang:2,lease:3", IMPORT, "--supplier=2")
    assert holder.stderr
    assert any("hangs at" in line for line in holder.stderr)
    kill([holder.pid])
    holder.communicate(timeout=30)
    refused = shop.console(IMPORT, "--supplier=2")
    until(lambda: "no lock" in shop.console("lock:list").stdout, "the lease had run out")

    after = shop.console(IMPORT, "--supplier=2")

    assert "skipped_locked" in refused.stdout
    assert (after.returncode, "succeeded" in after.stdout) == (0, True), after.stderr
    assert shop.query("SELECT qty FROM supplier_stock") == [(4,)]


def test_a_store_that_cannot_be_reached_starts_nothing(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.add_supplier(2)
    shop.deliver(2, ROWS)
    away = {
        "CRONTRACT_LOCKS__STORE": "redis",
        "CRONTRACT_LOCKS__REDIS_URL": "redis://127.0.0.1:1/0",
    }

    done = shop.console(IMPORT, "--supplier=2", **away)

    assert done.returncode == 69
    assert "redis 127.0.0.1:1/0" in done.stdout + done.stderr
    assert shop.query("SELECT COUNT(*) FROM supplier_stock") == [(0,)]
    assert shop.runs()[0]["outcome"] == "unavailable"
