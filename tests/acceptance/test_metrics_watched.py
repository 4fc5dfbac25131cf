"""What a Prometheus sees of runs through bin/console, by way of a real Pushgateway."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bad_gateway import Manner, bad_gateway, drips, nobody, says, sleeps
from infra.telemetry.gateway import LIMIT_SECONDS
from private_shop import IMPORT, Shop, events
from watching import Watched, watched

JOB = "cr-009-suppliers-import-stock-all"
BY_SCHEDULE = f'job="cron",cron_job="{JOB}",trigger="schedule"'
NEVER_BY_ITSELF = f"""
[[schedule]]
id = "{JOB}"
command = "{IMPORT}"
arguments = ["--all"]
cron = "0 0 1 1 *"
start_grace_seconds = 600
"""
GOOD, BROKEN = [("A-1", 4, "49,90")], "nonsense\n"
TIMEOUT_SECONDS, START_GRACE_SECONDS = 1800, 600


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("watched")) as servers:
        yield servers


@pytest.fixture
def shop(tmp_path: Path, seen: Watched) -> Shop:
    seen.wipe()
    shop = Shop(tmp_path / "shop")
    (shop.root / "config" / "schedules.toml").write_text(NEVER_BY_ITSELF, encoding="utf-8")
    shop.environment["CRONTRACT_METRICS__PUSHGATEWAY_URL"] = seen.gateway.url
    shop.add_supplier(1)
    return shop


class Firings:
    """Starts one firing after the other, each a minute later than the one before."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self._ago = shop, 9

    def words(self) -> tuple[str, ...]:
        self._ago -= 1
        instant = datetime.now(UTC) - timedelta(minutes=self._ago)
        return IMPORT, "--all", f"--scheduled-at={instant:%Y-%m-%dT%H:%M:00Z}"

    def run(self, fault: str = "") -> int:
        """Give the exit code."""
        if not fault:
            return self.shop.console(*self.words()).returncode
        process = self.shop.start_faulty(fault, *self.words())
        process.communicate(timeout=60)
        return process.returncode


def series(name: str, **labels: str) -> str:
    own = "".join(f',{label}="{word}"' for label, word in labels.items())
    return f"{name}{{{BY_SCHEDULE}{own}}}"


SUCCESS = series("cron_job_last_success_timestamp_seconds")
FAILURE = series("cron_job_last_failure_timestamp_seconds")


@pytest.fixture
def firings(shop: Shop, seen: Watched) -> Firings:
    """A job that has succeeded once, and Prometheus knows."""
    firings = Firings(shop)
    shop.deliver(1, GOOD)
    assert firings.run() == 0
    seen.comes_to(series("cron_runs_total", outcome="succeeded"), 1)
    return firings


def test_a_success_is_seen_with_its_items_its_stages_and_its_promises(
    firings: Firings, seen: Watched
) -> None:
    succeeded = seen.value(SUCCESS)

    assert succeeded == seen.value(series("cron_run_finished_timestamp_seconds"))
    assert succeeded
    assert abs(succeeded - time.time()) < 60
    assert seen.value(series("cron_run_items", result="new")) == 1
    assert (seen.value(series("cron_run_stage_duration_seconds", stage="book")) or 0) > 0
    assert (seen.value(series("cron_lock_wait_seconds")) or 0) > 0
    assert seen.value(series("cron_job_expected_min_items")) == 1
    assert seen.value(series("cron_run_timeout_seconds")) == TIMEOUT_SECONDS
    new_year = datetime(datetime.now(UTC).year + 1, 1, 1, tzinfo=UTC).timestamp()
    deadline = new_year + START_GRACE_SECONDS + TIMEOUT_SECONDS
    assert seen.value(series("cron_job_next_deadline_timestamp_seconds")) == deadline


@pytest.mark.parametrize(
    ("outcome", "exit_code", "fault"),
    [("failed", 70, ""), ("timed_out", 124, "timeout:1,hang:2"), ("crashed", 70, "kill:2")],
)
def test_a_bad_end_is_seen_and_the_success_before_it_is_not_forgotten(
    firings: Firings, seen: Watched, outcome: str, exit_code: int, fault: str
) -> None:
    succeeded = seen.value(SUCCESS)
    file = firings.shop.deliver(1, [("A-1", 5, "49,90")])
    if not fault:
        file.write_text(BROKEN, encoding="utf-8")

    assert firings.run(fault) == exit_code

    seen.comes_to(series("cron_runs_total", outcome=outcome), 1)
    assert seen.value(series("cron_run_last_exit_code")) == exit_code
    assert seen.value(SUCCESS) == succeeded
    assert seen.value(f"{FAILURE} > {SUCCESS}") is not None
    assert seen.value(series("cron_run_duration_seconds_count")) == 2


def test_a_skip_is_seen_when_the_run_that_it_met_ends(firings: Firings, seen: Watched) -> None:
    shop = firings.shop
    shop.deliver(1, [("A-1", 5, "49,90")])
    holder = shop.start_faulty(f"pause:compared:{shop.root}", *firings.words())
    while not (shop.root / "compared").exists():
        assert holder.poll() is None
        time.sleep(0.02)
    skipped = shop.console(*firings.words())
    assert "skipped_locked" in skipped.stdout
    assert seen.value(series("cron_runs_total", outcome="skipped_locked")) == 0

    (shop.root / "go").touch()
    holder.communicate(timeout=60)

    seen.comes_to(series("cron_runs_total", outcome="skipped_locked"), 1)
    assert seen.value(series("cron_runs_total", outcome="succeeded")) == 2
    assert seen.value(series("cron_job_consecutive_skips")) == 1
    assert seen.value(FAILURE) == 0


def test_a_wiped_gateway_is_refilled_identically(shop: Shop, seen: Watched) -> None:
    firings = Firings(shop)
    assert shop.console("metrics:declare").returncode == 0
    firings.run("kill:1")
    shop.console(IMPORT, "--supplier=1", "--reason=a\\b")
    before = seen.pushed()
    assert before.count("cron_run_last_exit_code{") == 3

    seen.wipe()

    assert seen.pushed() == ""
    assert shop.console("metrics:push", "--all").returncode == 0
    assert seen.pushed() == before


def test_what_is_shown_is_what_is_pushed(shop: Shop, seen: Watched) -> None:
    shop.console("metrics:declare")
    shop.deliver(1, GOOD)
    Firings(shop).run()

    shown = shop.console("metrics:show").stdout

    assert len(samples(shown)) > 100
    assert samples(seen.pushed()) == samples(shown)


ADDED = {("job", "cron"), ("job", "cron_queue"), ("instance", "")}


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read series; those labels are left out that the gateway adds."""
    return {
        (sample.name, frozenset(sample.labels.items() - ADDED)): (sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_declared_job_s_first_failure_is_an_increase(shop: Shop, seen: Watched) -> None:
    failed = series("cron_runs_total", outcome="failed")
    assert shop.console("metrics:declare").returncode == 0
    seen.comes_to(failed, 0)

    shop.deliver(1, []).write_text(BROKEN, encoding="utf-8")
    Firings(shop).run()

    seen.comes_to(failed, 1)
    assert (seen.value(f"increase({failed}[1m])") or 0) > 0


def test_declaring_again_lowers_nothing(shop: Shop, seen: Watched) -> None:
    shop.console("metrics:declare")
    Firings(shop).run("kill:1")
    before = seen.pushed()

    again = shop.console("metrics:declare")

    assert again.stdout.splitlines()[2].split()[-1] == "0"
    assert seen.pushed() == before


def test_a_start_by_hand_counts_under_its_schedule_or_its_command(
    shop: Shop, seen: Watched
) -> None:
    shop.deliver(1, GOOD)

    shop.console(IMPORT, "--all")
    shop.console(IMPORT, "--supplier=1")

    for job, outcome in ((JOB, "succeeded"), (IMPORT, "empty")):
        labels = f'cron_job="{job}",trigger="manual",outcome="{outcome}"'
        seen.comes_to(f"cron_runs_total{{{labels}}}", 1)
    assert [run[0] for run in shop.query("SELECT slot FROM cron_run")] == [None, None]


def test_a_pause_is_seen_until_it_is_lifted(shop: Shop, seen: Watched) -> None:
    paused = series("cron_job_paused_until_timestamp_seconds")
    shop.console("jobs:pause", IMPORT, "--reason=x")
    Firings(shop).run()
    seen.comes_to(paused, float("inf"))

    shop.console("jobs:resume", IMPORT, "--reason=y")
    shop.console("metrics:push", JOB)

    seen.comes_to(paused, 0)


def test_the_text_satisfies_prometheus_own_checker(shop: Shop) -> None:
    shop.console("metrics:declare")
    shop.deliver(1, GOOD)
    shop.console(IMPORT, "--all")
    shown = shop.console("metrics:show").stdout

    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=shown,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "cron_run_stage_duration_seconds" in shown
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_nothing_that_grows_without_end_is_a_label(shop: Shop) -> None:
    assert shop.console("metrics:declare").returncode == 0
    shop.console(IMPORT, "--supplier=1")
    run = shop.runs()[0]

    shown = shop.console("metrics:show").stdout

    assert "_created" not in shown
    for told in (str(run["run"]), "--supplier", shop.query("SELECT host FROM cron_run")[0][0]):
        assert told not in shown


@pytest.mark.parametrize(
    ("manner", "fault"),
    [
        (None, "Connection refused"),
        (sleeps, "no answer within 3 s"),
        (drips, "no answer within 3 s"),
        (says("400 Bad Request"), "answered 400"),
        (says("500 Internal Server Error"), "answered 500"),
        (says("302 Found", "Location: http://127.0.0.1:1/"), "answered 302"),
    ],
    ids=["away", "slow", "dripping", "400", "500", "302"],
)
def test_a_bad_gateway_costs_three_seconds_and_one_line_at_most(
    shop: Shop, manner: Manner | None, fault: str
) -> None:
    shop.deliver(1, []).write_text(BROKEN, encoding="utf-8")
    with nobody() if manner is None else bad_gateway(manner) as url:
        shop.environment["CRONTRACT_METRICS__PUSHGATEWAY_URL"] = url
        ended = shop.console(*Firings(shop).words())

    (failed,) = events(ended.stderr, "metrics.failed")
    (finished,) = events(ended.stderr, "run.finished")
    assert (ended.returncode, finished["exit_code"]) == (70, 70)
    assert fault in failed["message"]
    assert url in failed["message"]
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    before = lines[lines.index(failed) - 1]
    assert _instant(failed) - _instant(before) < timedelta(seconds=LIMIT_SECONDS + 1)
    assert shop.query("SELECT outcome FROM cron_run") == [("failed",)]


def _instant(line: dict[str, str]) -> datetime:
    return datetime.fromisoformat(line["ts"])


def test_a_gateway_that_asks_for_a_password_gets_it_from_a_secret(
    shop: Shop, seen: Watched
) -> None:
    password = shop.root / "gateway-word"
    password.write_text("hunter-2-hunter\n", encoding="utf-8")
    password.chmod(0o600)
    address = f"http://shop:{{file:{password}}}@127.0.0.1:1"

    shop.console("metrics:declare")

    answer = shop.console("metrics:push", "--all", CRONTRACT_METRICS__PUSHGATEWAY_URL=address)

    assert answer.returncode == 69
    assert "http://127.0.0.1:1" in answer.stderr
    assert "hunter" not in answer.stderr + answer.stdout
