"""doctor from outside: as a table for people, as a probe for programs."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.sql.connection import Database
from private_shop import Shop
from queue_rows import insert
from servers import KINDS, database

AWAY = {"postgresql": "postgresql://shop@127.0.0.1:9/shop", "mariadb": "mysql://s@127.0.0.1:9/s"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def answers(shop: Shop, *words: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = shop.console("doctor", "--format=json", *words, **environment)
    assert done.stderr == ""
    return done.returncode, {row["check"]: row for row in json.loads(done.stdout)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_shop_that_is_fit_has_nothing_to_do(kind: str, tmp_path: Path) -> None:
    with database(kind) as url:
        done = Shop(tmp_path / "shop", url=url).console("doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("fit to run\n")


def test_every_part_of_an_installation_has_its_check(shop: Shop) -> None:
    _, seen = answers(shop)

    assert {name for name in seen if not name.startswith("partner ")} == {
        *("python", "settings", "secrets", "database", "migrations", "clock", "locks", "redis"),
        *("folders", "schedules", "zones", "gateway", "channels", "supervisor", "bytecode"),
        "queues",
    }
    assert seen["partner mak"]["found"].endswith("var/partners/mak, made at its first use")
    assert all(row["seconds"] < 3 for row in seen.values())


@pytest.mark.parametrize("url", AWAY.values(), ids=AWAY)
def test_a_database_that_is_away_is_69_and_hides_nothing(shop: Shop, url: str) -> None:
    code, seen = answers(shop, DATABASE_URL=url)

    assert code == 69
    assert {name for name, row in seen.items() if row["state"] == "fail"} == {
        *("database", "migrations", "clock", "locks", "queues"),
    }
    assert {row["do"] for row in seen.values()} == {"", "Start the server, or correct DATABASE_URL"}


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_that_never_answers_costs_three_seconds_at_the_most(
    shop: Shop, scheme: str, silent: str
) -> None:
    code, seen = answers(shop, DATABASE_URL=f"{scheme}://shop@{silent}/shop")

    assert code == 69
    assert seen["database"]["found"] == "no answer in time"
    assert seen["folders"]["state"] == "ok"


def test_a_database_without_tables_is_78_and_says_what_to_type(tmp_path: Path) -> None:
    with database("sqlite", migrated=False) as url:
        code, seen = answers(Shop(tmp_path / "shop", url=url))

    assert code == 78
    assert "db:migrate" in seen["database"]["found"] + seen["migrations"]["do"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_fault_is_one_thing_to_do(kind: str, tmp_path: Path) -> None:
    with database(kind, migrated=False) as url:
        done = Shop(tmp_path / "shop", url=url).console("doctor")

    to_do = done.stdout.partition("to do:\n")[2].splitlines()
    assert (done.returncode, len(to_do)) == (78, 1)
    assert to_do[0].endswith("migrations, locks, queues: Run bin/console db:migrate")


@pytest.mark.parametrize(
    ("text", "code", "state", "found"),
    [
        ("[channel.x]\nkind = 'smpt'\n", 78, "fail", "kind is one of smtp"),
        ("[channel.x]\nkind = 'smtp'\n", 78, "fail", "host is missing"),
        ("[channel.x\n", 78, "fail", "at line 1"),
        ("[channel.x]\nkind = 'alertmanager'\nurl = 'http://127.0.0.1:9'\n", 69, "warn", "owner"),
        ("", 0, "warn", "no channel is declared"),
    ],
)
def test_alerts_that_would_reach_nobody_are_said(
    text: str, code: int, state: str, found: str, shop: Shop
) -> None:
    (shop.root / "config" / "alerts.toml").write_text(text)

    exit_code, seen = answers(shop, "--env=prod")

    assert (exit_code, seen["channels"]["state"]) == (code, state)
    assert found in seen["channels"]["found"]


def test_a_setting_that_is_wrong_is_78_and_named(shop: Shop) -> None:
    path = shop.root / "config" / "app.toml"
    path.write_text(path.read_text().replace("running = true", "running = 7"))

    code, seen = answers(shop)

    assert code == 78
    assert "cron.running" in seen["settings"]["found"]
    assert seen["python"]["state"] == "ok"
    assert {row["do"] for row in seen.values()} == {"", seen["settings"]["do"]}


def test_a_file_of_queues_that_cannot_be_understood_is_78_and_a_fault_in_a_queue_is_not(
    shop: Shop,
) -> None:
    with closing(Database(shop.url)) as connection:
        insert(connection, [{"status": "DONE"}])
    strange, broken = shop.root / "config" / "queues.toml", "lease_seconds = 30 # of 20"

    warned = answers(shop, "--only=queues")
    strange.write_text(strange.read_text().replace("lease_seconds = 60", broken))
    code, seen = answers(shop, "--only=queues")

    assert (warned[0], warned[1]["queues"]["state"]) == (0, "warn")
    assert (code, seen["queues"]["state"]) == (78, "fail")
    assert "lease is shorter than two heartbeats" in seen["queues"]["found"]
    assert "config/queues.toml" in seen["queues"]["do"]


def test_a_secret_that_is_not_mounted_is_the_one_thing_to_do(shop: Shop) -> None:
    code, seen = answers(shop, DATABASE_URL="file:/nowhere/url")

    assert code == 78
    (advice,) = {row["do"] for row in seen.values()} - {""}
    assert advice.startswith("Mount it")


def test_a_schedule_and_a_zone_that_do_not_exist_are_said(shop: Shop) -> None:
    path = shop.root / "config" / "schedules.toml"
    cadence = 'cron = "7,37 * * * *"'
    path.write_text(path.read_text().replace(cadence, f'{cadence}\nzone = "Mars/Olympus"'))

    code, seen = answers(shop)

    assert (code, seen["schedules"]["state"]) == (78, "fail")
    assert "Mars/Olympus" in seen["schedules"]["found"]


def test_only_some_are_looked_at_and_an_unknown_one_is_refused(shop: Shop) -> None:
    code, seen = answers(shop, "--only=database, locks")
    strange = shop.console("doctor", "--only=databse")

    assert (code, list(seen)) == (0, ["database", "locks"])
    assert strange.returncode == 2
    assert "no check databse; there are python" in strange.stderr


def test_as_a_probe_it_says_nothing_but_its_exit_code(shop: Shop) -> None:
    fit = shop.console("doctor", "--quiet")
    unfit = shop.console("doctor", "--quiet", DATABASE_URL=AWAY["postgresql"])

    assert (fit.returncode, fit.stdout, fit.stderr) == (0, "", "")
    assert (unfit.returncode, unfit.stdout, unfit.stderr) == (69, "", "")


def test_nothing_is_changed_but_for_the_probe_s_lock(shop: Shop) -> None:
    shop.console("doctor")
    before = _files(shop.root)

    assert shop.console("doctor").returncode == 0

    changed = {name for name, text in _files(shop.root).items() if before.get(name) != text}
    assert {name for name in changed if "locks" not in name and "crontract.db" not in name} == set()
    assert shop.console("lock:list").stdout == "no lock is held\n"
    assert shop.console("runs:list", "--format=json").stdout == "[]\n"


def _files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
