"""contract:lint from outside: what stands in files, and what code hosts read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from acceptance.console_home import ROOT, Home
from commands.base import CronCommand
from domain.operating.lint import RULES
from infra.doctor.places import manifests, places, runbooks
from kernel.declared import built_jobs
from kernel.inventory import COMMANDS

ANOTHER = """
[[schedule]]
id = "cr-010-one-supplier"
command = "{command}"
arguments = {arguments}
cron = "5 4 * * *"
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.new(tmp_path / "shop")


def schedule(home: Home, arguments: str, command: str = "cron:suppliers:import-stock") -> None:
    path = home.root / "config" / "schedules.toml"
    text = path.read_text() + ANOTHER.format(command=command, arguments=arguments)
    path.write_text(text)


def errors(home: Home, *words: str) -> list[tuple[str, str]]:
    done = home.console("contract:lint", "--format=json", *words)
    found = [(f["rule"], f["at"]) for f in json.loads(done.stdout) if f["level"] == "error"]
    assert done.returncode == (78 if found else 0)
    return found


def line_of(home: Home, name: str, text: str) -> int:
    lines = (home.root / "config" / name).read_text("utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if text in line)


def sarif(home: Home) -> dict[str, Any]:
    done = home.console("contract:lint", "--format=sarif")
    log: dict[str, Any] = json.loads(done.stdout)
    return log


def test_the_shipped_files_have_no_error(home: Home) -> None:
    assert errors(home) == []


def test_every_built_job_has_its_cadence_and_only_long_runs_are_warned_of(home: Home) -> None:
    found = json.loads(home.console("contract:lint", "--format=json").stdout)

    assert {(finding["level"], finding["rule"]) for finding in found} == {("warning", "period")}


@pytest.mark.parametrize(
    "arguments", ['["--supplier=23"]', '["--supplier", "23", "--update-anyway"]']
)
def test_arguments_that_the_job_takes_are_fine(home: Home, arguments: str) -> None:
    schedule(home, arguments)

    assert errors(home) == []


@pytest.mark.parametrize(
    "arguments",
    [
        "[]",
        '["--supplier=many"]',
        '["--suplier=23"]',
        '["--all", "--supplier=23"]',
        '["--supplier=23", "--dry-run"]',
        '["--supplier=23", "--force"]',
    ],
)
def test_arguments_that_the_job_refuses_are_an_error_at_the_schedule_s_line(
    home: Home, arguments: str
) -> None:
    schedule(home, arguments)

    line = line_of(home, "schedules.toml", "cr-010-one-supplier")
    assert errors(home) == [("schedule-arguments", f"config/schedules.toml:{line}")]


def test_a_schedule_of_no_job_is_an_error(home: Home) -> None:
    schedule(home, "[]", "cron:tea:make")

    assert [rule for rule, _ in errors(home)] == ["schedule"]


def test_a_schedule_of_a_queue_that_nobody_declared_is_an_error(home: Home) -> None:
    schedule(home, '["--queue=gone"]', "cron:queue:clean")

    line = line_of(home, "schedules.toml", "cr-010-one-supplier")
    assert errors(home) == [("queue-declared", f"config/schedules.toml:{line}")]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("app.toml", '"sqlite:///var/crontract.db"', '"postgresql://shop:hunter22@db/shop"'),
        ("env/prod.toml", "# What", '[database]\nurl = "mariadb://shop:hunter22@db/shop"\n# What'),
        ("schedules.toml", '"--all"', '"--all", "--password=hunter22"'),
    ],
)
def test_a_credential_in_a_file_is_an_error_at_its_line_that_does_not_repeat_it(
    home: Home, name: str, before: str, after: str
) -> None:
    home.change(name, before, after)

    done = home.console("contract:lint")

    at = f"config/{name}:{line_of(home, name, 'hunter22')}"
    assert ("credential-literal", at) in errors(home)
    assert "hunter22" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "url",
    ["secret:database/url", "postgresql://shop:{secret:db/password}@db/shop", "postgresql://db/s"],
)
def test_a_reference_in_a_file_is_fine(home: Home, url: str) -> None:
    home.change("env/prod.toml", "# What", f'[database]\nurl = "{url}"\n# What')

    assert errors(home) == []


# --- SARIF --------------------------------------------------------------------------------------


def test_sarif_names_every_rule_with_its_entry_in_the_reference(home: Home) -> None:
    (run,) = sarif(home)["runs"]
    page = (ROOT / "docs/reference/contract-rules.md").read_text("utf-8")

    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    for rule in rules:
        address = urlsplit(rule["helpUri"])
        assert Path(unquote(address.path)) == ROOT / "docs/reference/contract-rules.md"
        assert f"\n## {address.fragment}\n" in page
        assert rule["shortDescription"]["text"] in page
        assert rule["help"]["text"] in page


def test_sarif_leads_to_the_file_and_line_of_each_finding(home: Home) -> None:
    home.change("app.toml", '"sqlite:///var/crontract.db"', '"mariadb://shop:hunter22@db/shop"')
    home.change("schedules.toml", "7,37 * * * *", "* * * * *")

    log = sarif(home)

    (run,) = log["runs"]
    seen: dict[str, list[str]] = {}
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        base = urlsplit(run["originalUriBaseIds"][place["artifactLocation"]["uriBaseId"]]["uri"])
        path = Path(unquote(base.path)) / place["artifactLocation"]["uri"]
        line = path.read_text("utf-8").splitlines()[place["region"]["startLine"] - 1]
        seen.setdefault(result["ruleId"], []).append(line.strip())
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
    assert 'name="cron:suppliers:import-stock",' in seen["period"]
    assert "hunter22" in "".join(seen["credential-literal"])
    assert "hunter22" not in json.dumps(log)
    assert log["version"] == "2.1.0"


@pytest.mark.parametrize("words", [("runs:list",), ("list",), ("cron:suppliers:import-stock",)])
def test_only_the_linter_speaks_sarif(home: Home, words: tuple[str, ...]) -> None:
    done = home.console(*words, "--format=sarif")

    assert (done.returncode, done.stdout) == (2, "")
    assert "--format is text or json for" in done.stderr


# --- what is read from the checkout -------------------------------------------------------------


def test_each_built_job_is_known_with_the_fields_of_its_request() -> None:
    jobs = built_jobs()

    assert set(jobs) == {entry.name for entry in COMMANDS if entry.is_job}
    assert {"scope", "supplier"} <= set(jobs["cron:suppliers:import-stock"].request_fields)
    assert all(issubclass(e.load(), CronCommand) for e in COMMANDS if e.name in jobs)


def test_the_runbooks_of_this_checkout_are_found() -> None:
    assert {"CR-009", "CR-010"} <= runbooks(ROOT)


def test_rendered_files_name_their_schedules_once_each(tmp_path: Path) -> None:
    folder = tmp_path / "ops" / "kubernetes"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("kind: CronJob\nname: cr-009-all\nlabel: cr-009-all\n")
    (folder / "notes.md").write_text("cr-011-gone")

    assert [(s.file, s.line, s.what) for s in manifests(tmp_path)] == [
        ("ops/kubernetes/a.yaml", 2, "cr-009-all")
    ]


@pytest.mark.parametrize(
    ("subject", "file", "text"),
    [
        ("CR-011", "src/kernel/inventory.py", "CR-011"),
        ("cr-009-suppliers-import-stock-all", "config/schedules.toml", "cr-009-suppliers"),
        ("[queue.general]", "config/queues.toml", "[queue.general]"),
        ("config/app.toml", "config/app.toml", ""),
        ("what is nowhere", "config/schedules.toml", ""),
    ],
)
def test_whatever_a_finding_is_about_has_a_place(subject: str, file: str, text: str) -> None:
    found, line = places(ROOT, ROOT)(subject)

    assert found == file
    assert text in (ROOT / found).read_text("utf-8").splitlines()[line - 1]
