"""What a person types, and what comes back: bin/console from outside."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from acceptance.console_home import Home, one_line
from domain.operating.contract_rules import ALL_CRS
from kernel.version import VERSION

IMPORT = "cron:suppliers:import-stock"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.new(tmp_path / "shop")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A shop with a database, for tests that change nothing another one sees."""
    return Home.migrated(tmp_path_factory.mktemp("console") / "shop")


# --- finding commands ---------------------------------------------------------------------------


def test_without_a_word_the_commands_are_listed(home: Home) -> None:
    done = home.console()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == home.console("list").stdout
    assert IMPORT in done.stdout


def test_a_namespace_is_listed_by_itself(home: Home) -> None:
    listed = home.console("list", "jobs").stdout

    assert re.findall(r"jobs:\w+", listed) == ["jobs:list", "jobs:pause", "jobs:resume"]
    assert "runs:" not in listed


@pytest.mark.parametrize("words", [("runs:show", "--help"), ("help", "runs:show"), ("r:s", "-h")])
def test_a_command_s_help_has_its_options_and_an_example(home: Home, words: list[str]) -> None:
    done = home.console(*words)

    assert done.returncode == 0
    for piece in ("Usage: bin/console runs:show", "--no-log", "Examples:", "--format=FORMAT"):
        assert piece in done.stdout


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_told(home: Home, word: str) -> None:
    assert home.console(word).stdout == f"Crontract {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runs:lst",), "runs:list"),
        (("suppliers",), IMPORT),
        (("jobs:",), "ambiguous"),
        (("runs:list", "--limt=3"), "--limit"),
        (("runs:list", "--limit=many"), "many"),
        (("runs:show",), "Missing argument"),
        (("jobs:pause", "cron:no:job", "--reason=x"), "jobs:list shows them"),
        (("list", "--format=xml"), "text or json"),
        (("list", "--env="), "dev, test or prod"),
        ((IMPORT,), "--all"),
        ((IMPORT, "--all", "--again"), "--again needs a --reason"),
        ((IMPORT, "--all", "--scheduled-at=2999-01-01T00:00:00Z"), "lies in the future"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_slip_exits_with_2_and_says_what_to_type(
    shop: Home, words: tuple[str, ...], said: str
) -> None:
    done = shop.console(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# --- contracts ----------------------------------------------------------------------------------


def test_the_jobs_are_listed_in_order(shop: Home) -> None:
    rows = shop.data("jobs:list")

    assert [row["CR"] for row in rows[: len(ALL_CRS)]] == list(ALL_CRS)
    assert {row["command"]: row["state"] for row in rows}[IMPORT] == "ready"
    assert all(row["accountable"] and row["responsible"] for row in rows)


@pytest.mark.parametrize("asked", ["CR-010", "CR-009", IMPORT])
def test_a_contract_is_shown_by_its_job_or_by_a_change_it_covers(home: Home, asked: str) -> None:
    assert home.data("contract:show", asked)["covers"] == ["CR-009", "CR-010"]


@pytest.mark.parametrize("cr", ALL_CRS)
def test_every_change_has_a_contract(home: Home, cr: str) -> None:
    assert cr in home.data("contract:show", cr)["covers"]


def test_the_contracts_hold_together(home: Home) -> None:
    done = home.console("contract:lint")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_schedule_too_tight_for_its_job_fails_the_check(home: Home) -> None:
    home.change("schedules.toml", "7,37 * * * *", "* * * * *")

    done = home.console("contract:lint", "--format=json")

    assert done.returncode == 78
    found = [(fault["level"], fault["rule"]) for fault in json.loads(done.stdout)]
    assert [rule for level, rule in found if level == "error"] == ["period"]


# --- configuration ------------------------------------------------------------------------------


def test_the_shipped_configuration_holds(home: Home) -> None:
    for env in ("dev", "test"):
        done = home.console("config:check", f"--env={env}")
        assert (done.returncode, done.stdout) == (0, "the configuration holds\n")


def test_in_production_owners_must_hear_of_failures_and_customers_get_their_mail(
    home: Home,
) -> None:
    done = home.console("config:check", "--env=prod", "--format=json")

    assert done.returncode == 78
    channels, mail = (row["fault"] for row in json.loads(done.stdout))
    assert channels == "alerts.toml: no channel is declared: nobody would hear of a failure"
    assert mail.startswith("jobs.toml: [mail] keeps mails in var/mail and sends none")


def test_all_faults_of_all_files_are_said_at_once(home: Home) -> None:
    home.change("app.toml", "start_grace_seconds = 900", "start_grace_seconds = 0")
    home.change("app.toml", "running = true", "running = 'flase'\nrunnning = true")
    home.change("schedules.toml", "7,37 * * * *", "61 * * * *")

    done = home.console("config:check", "--format=json")

    assert done.returncode == 78
    faults = [row["fault"] for row in json.loads(done.stdout)]
    for part in ("cron.running:", "slots.start_grace_seconds", "cron.runnning", "Bad minute"):
        assert [fault for fault in faults if part in fault], part


@pytest.mark.parametrize("name", ["app.toml", "schedules.toml"])
def test_a_broken_file_is_a_fault_and_no_defect(home: Home, name: str) -> None:
    (home.root / "config" / name).write_text("[broken\n")

    done = home.console("config:check")

    assert done.returncode == 78
    assert f"{name}: " in done.stdout
    assert (done.stderr, list((home.root / "tmp").iterdir())) == ("", [])


def test_a_command_under_a_wrong_configuration_says_so_in_one_line(home: Home) -> None:
    home.change("app.toml", "[cron]", "[corn]")

    done = home.console("db:status")

    assert done.returncode == 78
    assert "unknown section [corn]" in one_line(done)


def test_an_unknown_environment_is_answered_with_those_that_exist(home: Home) -> None:
    done = home.console("db:status", "--env=production")

    assert done.returncode == 78
    assert "dev, test, prod" in one_line(done)


# --- the database -------------------------------------------------------------------------------


def test_a_database_is_due_then_made_then_left_alone(home: Home) -> None:
    before = home.console("db:status")
    assert before.returncode == 78
    assert "run bin/console db:migrate" in before.stdout

    made, again = home.data("db:migrate"), home.data("db:migrate")
    assert made["before"] is None
    assert made["after"] == again["before"] == again["after"]

    after = home.console("db:status")
    assert after.returncode == 0
    assert "up to date" in after.stdout


def test_looking_at_a_missing_database_does_not_make_one(home: Home) -> None:
    done = home.console("runs:list")

    assert done.returncode == 78
    assert "run bin/console db:migrate" in one_line(done)
    assert not (home.root / "var").exists()


@pytest.mark.parametrize("words", [("cron:queue:clean",), (IMPORT, "--all")], ids=" ".join)
def test_a_dry_run_without_a_database_is_not_tried_again(
    home: Home, words: tuple[str, ...]
) -> None:
    done = home.console(*words, "--dry-run")

    assert done.returncode == 78
    assert '"attempts":1' in done.stderr
    assert "run bin/console db:migrate" in done.stdout


def test_a_new_ledger_has_no_runs(shop: Home) -> None:
    assert shop.console("runs:list").stdout == "no runs yet\n"
    assert shop.data("runs:list") == []


def test_a_run_that_does_not_exist_is_refused(shop: Home) -> None:
    done = shop.console("runs:show", "0192")

    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "no run 0192; bin/console runs:list shows the newest"


# --- pauses -------------------------------------------------------------------------------------


def state_of(home: Home, command: str) -> str:
    states = {row["command"]: row["state"] for row in home.data("jobs:list")}
    return str(states[command])


def test_a_job_is_paused_and_resumed_with_a_reason(tmp_path: Path) -> None:
    home = Home.migrated(tmp_path / "shop")

    assert home.console("jobs:pause", IMPORT, "--reason=stocktaking").returncode == 0
    assert state_of(home, IMPORT) == "paused"
    skipped = home.console(IMPORT, "--all", "--format=json")
    assert skipped.returncode == 0
    assert json.loads(skipped.stdout)["outcome"] == "skipped_paused"
    assert "stocktaking" in json.loads(skipped.stdout)["why"]

    assert home.console("jobs:resume", IMPORT, "--reason=done").returncode == 0
    assert state_of(home, IMPORT) == "ready"
    assert "was not paused" in home.console("jobs:resume", IMPORT, "--reason=done").stdout


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "soon"])
def test_a_pause_must_end_in_the_future(shop: Home, until: str) -> None:
    done = shop.console("jobs:pause", IMPORT, "--reason=x", f"--until={until}")

    assert done.returncode == 2
    assert until in done.stderr


# --- a defect -----------------------------------------------------------------------------------


def test_a_defect_is_one_line_and_its_traceback_is_in_the_file_it_names(tmp_path: Path) -> None:
    home = Home.migrated(tmp_path / "shop")
    home.console(IMPORT, "--all")
    with sqlite3.connect(home.root / "var" / "crontract.db") as database:
        database.execute("UPDATE cron_run SET started_at = 'yesterday'")
    database.close()

    done = home.console("runs:list")

    assert (done.returncode, done.stdout) == (70, "")
    said = re.fullmatch(r"defect: ValueError: .*'yesterday' \(traceback: (.*)\)", one_line(done))
    assert said
    assert "in from_text" in Path(said[1]).read_text("utf-8")
