"""What a start loads: a job that runs every minute pays for each module."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.console_home import ROOT, Home

HEAVY = {
    "alembic",
    "asyncio",
    "click",
    "cronsim",
    "dataclasses",
    "json",
    "logging",
    "pathlib",
    "prometheus_client",
    "pydantic",
    "pydantic_settings",
    "rich",
    "sqlalchemy",
    "typer",
    "typing",
}
LEDGER_ONLY = HEAVY - {"dataclasses", "json", "pathlib", "typer", "typing"}
"""What a command on the light connection must not load; typer parses its options."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.migrated(tmp_path_factory.mktemp("imports") / "shop")


def loaded(home: Home, *words: str) -> set[str]:
    """The modules that a start loads, as the interpreter itself reports them."""
    command = [sys.executable, "-I", "-X", "utf8", "-X", "importtime", "src/kernel/__main__.py"]
    done = subprocess.run(
        [*command, *words],
        cwd=ROOT,
        env=home.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("list",),
        ("list", "cron"),
        ("--version",),
        ("help",),
        ("completion", "bash"),
        ("_complete", "--", "bin/console ru"),
        ("cron:job3",),
        ("list", "--format=xml"),
    ],
    ids=" ".join,
)
def test_what_the_static_table_answers_loads_nothing_heavy(
    shop: Home, words: tuple[str, ...]
) -> None:
    modules = loaded(shop, *words)

    assert "kernel.inventory" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    "words",
    [
        ("runs:list",),
        ("runs:show", "0192"),
        ("jobs:list",),
        ("incidents:list",),
        ("lock:list",),
        ("contract:show", "CR-010"),
    ],
    ids=" ".join,
)
def test_what_reads_the_ledger_loads_no_orm_and_no_settings_library(
    shop: Home, words: tuple[str, ...]
) -> None:
    modules = loaded(shop, *words)

    assert "infra.sql.connection" in modules
    assert modules & LEDGER_ONLY == set()


def test_a_run_s_supervisor_loads_no_orm_and_no_settings_library(shop: Home) -> None:
    assert shop.console("jobs:pause", "cron:suppliers:import-stock", "--reason=x").returncode == 0

    modules = loaded(shop, "cron:suppliers:import-stock", "--all")

    assert "domain.operating.runner" in modules
    assert modules & {"sqlalchemy", "alembic", "pydantic", "pydantic_settings", "rich"} == set()


def test_the_processor_s_supervisor_loads_nothing_of_the_queue_s_machine(shop: Home) -> None:
    shop.console("jobs:pause", "cron:queue:process", "--reason=x")

    modules = loaded(shop, "cron:queue:process", "--workers=2")

    assert "domain.queue.process_request" in modules
    machine = {"domain.queue.transitions", "domain.queue.shift", "infra.sql.queue.dao"}
    assert modules & {*machine, "sqlalchemy", "pydantic", "rich"} == set()


def test_a_run_that_nobody_must_hear_of_loads_nothing_of_the_alerts(shop: Home) -> None:
    shop.console("jobs:pause", "cron:suppliers:import-stock", "--reason=x")

    modules = loaded(shop, "cron:suppliers:import-stock", "--all")

    assert "kernel.alarm" in modules
    assert modules & {"infra.alerts.alarm", "infra.sql.incident_book", "smtplib"} == set()


def test_the_heavy_modules_are_seen_where_they_are_loaded(shop: Home) -> None:
    modules = loaded(shop, "db:status")

    assert modules >= {"sqlalchemy", "alembic", "typer", "json"}
    assert Path(ROOT, "src", "kernel", "__main__.py").is_file()
