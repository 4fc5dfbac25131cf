"""CR-004 through bin/console: a real web log, counted as awk, sort and uniq count it."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from private_shop import CHECKOUT, Shop
from servers import KINDS, database
from servers.access import Access

LOAD, COUNT = "pagehits:load", "cron:dwh:update-counters"
LOG = CHECKOUT / "tests" / "data" / "pagehits" / "access.log"

# One line for each hit: kind, day, hour, path, address and agent.
SORTED_OUT = r"""
    awk -F'"' '{
        split($2, request, " "); path = request[2]; sub(/[?#].*/, "", path)
        split($3, answer, " "); agent = tolower($6)
        kind = "page"
        if (answer[1] !~ /^(200|206|304)$/) kind = "error"
        if (tolower(path) ~ /\.(css|js|png|jpe?g|gif|svg|webp|ico|woff2?|ttf|map)$/) kind = "static"
        if (agent ~ /bot|crawl|spider|slurp|feed|rss|curl|wget|python|java\/|monitor/) kind = "bot"
        split($1, host, " ")
        match($1, /[0-9][0-9]\/May\/2015:[0-9][0-9]/)
        day = "2015-05-" substr($1, RSTART, 2); hour = substr($1, RSTART + RLENGTH - 2, 2)
        print kind "\t" day "\t" hour "\t" path "\t" host[1] " " $6
    }' "$1"
"""
COUNTED = {
    "kinds": "cut -f1,2 | sort | uniq -c",
    "hours": "cut -f1,2,3 | sort | uniq -c",
    "paths": "grep ^page | cut -f2,4 | sort | uniq -c",
    "visitors": "grep ^page | cut -f2,5 | sort -u | cut -f1 | uniq -c",
    "visitors of paths": "grep ^page | cut -f2,4,5 | sort -u | cut -f1,2 | uniq -c",
}


class CounterShop(Shop):
    """A private shop that counts at once, in days of UTC."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, url=url)
        self.set("zone", '"UTC"')
        self.set("safety_lag_seconds", "0")

    def set(self, key: str, value: str) -> None:
        file = self.root / "config" / "jobs.toml"
        text, found = re.subn(rf"(?m)^{key} = \S+", f"{key} = {value}", file.read_text("utf-8"))
        assert found == 1, key
        file.write_text(text, "utf-8")

    def loads(self, file: Path) -> dict[str, Any]:
        """Load a log; gives what was told."""
        done = self.console(LOAD, str(file), "--format=json")
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def counts(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = self.console(COUNT, "--format=json", *words)
        return done.returncode, json.loads(done.stdout)

    def left(self) -> dict[str, Any]:
        """All that counting leaves, but for run ids."""
        return {
            **{
                table: self.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3")  # noqa: S608 - our own words
                for table in ("counter_hourly", "counter_daily")
            },
            "watermark": self.query("SELECT last_id, last_ts FROM dwh_watermark ORDER BY name"),
        }


def by_tools(what: str) -> dict[tuple[str, ...], int]:
    """Count the log with the tools that every system has."""
    script = f"{SORTED_OUT.strip()} | {COUNTED[what]}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script, "-", LOG],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.strip().partition(" ") for line in done.stdout.splitlines())
    return {tuple(words.split("\t")): int(count) for count, _, words in lines}


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_log_is_counted_as_other_tools_count_it(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = CounterShop(tmp_path / "shop", url=url)
        loaded = shop.loads(LOG)

        first, second = shop.counts(), shop.counts()

        assert loaded == {"loaded": 412, "left_out": 0}
        assert (first[0], first[1]["outcome"], second[1]["outcome"]) == (0, "succeeded", "empty")
        assert first[1]["items"] == {"counted": 412, "late": 0, "rejected": 0}
        days = shop.query('SELECT kind, bucket, "key", hits, visitors FROM counter_daily')
        hours = shop.query("SELECT kind, bucket, hits FROM counter_hourly")
    assert {row[:2]: row[3] for row in days if row[0] != "path"} == by_tools("kinds")
    assert {(k, b[:10], b[11:13]): hits for k, b, hits in hours} == by_tools("hours")
    paths = {row[1:3]: row[3:] for row in days if row[0] == "path"}
    assert {key: hits for key, (hits, _) in paths.items()} == by_tools("paths")
    assert {key: seen for key, (_, seen) in paths.items()} == by_tools("visitors of paths")
    assert {(row[1],): row[4] for row in days if row[0] == "page"} == by_tools("visitors")


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, kind: str
) -> None:
    with database(kind) as url:
        shop = CounterShop(tmp_path / "shop", url=url)
        shop.loads(LOG)
        names = tmp_path / "checkpoints"
        shop.start_faulty(f"record:{names}", COUNT).communicate(timeout=60)
        expected, checkpoints = shop.left(), names.read_text("utf-8").split()
        assert checkpoints == ["hits", "recounted", "written", "shown"]

        for number, name in enumerate(checkpoints, start=1):
            if kind != "sqlite" and name != "written":
                continue  # elsewhere the one within the transaction
            with Access(url) as access:
                for table in ("counter_hourly", "counter_daily"):
                    access.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words
                access.execute("DELETE FROM dwh_watermark WHERE name = 'pagehit'")
            killed = shop.start_faulty(f"kill:{number}", COUNT)
            killed.communicate(timeout=60)
            assert killed.returncode == 70, name
            shown = bool(shop.query("SELECT 1 FROM counter_daily LIMIT 1"))
            assert shown == (name == "shown")
            assert shop.counts()[0] == 0
            assert shop.left() == expected, (number, name)


def test_a_growing_log_is_read_from_where_it_was_left(tmp_path: Path) -> None:
    shop, log = CounterShop(tmp_path / "shop"), tmp_path / "access.log"
    lines = LOG.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:10]) + lines[10][:30])
    loaded = [shop.loads(log)]
    log.write_bytes(b"".join(lines[:11]) + b"nonsense\n" + lines[11])
    loaded += [shop.loads(log), shop.loads(log)]

    assert loaded == [
        {"loaded": 10, "left_out": 0},
        {"loaded": 2, "left_out": 1, "line 12": "is not in the combined log format"},
        {"loaded": 0, "left_out": 0},
    ]
    assert shop.query("SELECT COUNT(*) FROM pagehit") == [(12,)]


def test_a_packed_log_is_read_like_the_log_itself(tmp_path: Path) -> None:
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress(LOG.read_bytes()))
    shop = CounterShop(tmp_path / "shop")

    assert [shop.loads(file)["loaded"] for file in (packed, LOG)] == [412, 0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"article;quantity\nA-1;3\nA-2;4\n", "most lines are wrong; line 1"),
        (b"\x00" * 200_000 + b"\n", "most lines are wrong"),
        (b"\x1f\x8bnot gzip", "cannot be read"),
    ],
)
def test_what_is_no_log_is_refused_and_nothing_is_loaded(
    tmp_path: Path, content: bytes, said: str
) -> None:
    shop, log = CounterShop(tmp_path / "shop"), tmp_path / "access.log"
    log.write_bytes(content)

    done = shop.console(LOAD, str(log))

    assert done.returncode != 0
    assert said in done.stderr
    assert shop.query("SELECT COUNT(*) FROM pagehit") == [(0,)]


def test_a_log_that_became_shorter_is_not_read_on(tmp_path: Path) -> None:
    shop, log = CounterShop(tmp_path / "shop"), tmp_path / "access.log"
    log.write_bytes(LOG.read_bytes())
    shop.loads(log)
    log.write_bytes(LOG.read_bytes()[:5_000])

    done = shop.console(LOAD, str(log))

    assert done.returncode != 0
    assert "is shorter than what was read of it before" in done.stderr


def test_a_dry_run_names_the_days_and_changes_nothing(tmp_path: Path) -> None:
    shop = CounterShop(tmp_path / "shop")
    shop.loads(LOG)
    before = shop.left()

    code, told = shop.counts("--dry-run")

    assert (code, [unit["unit"] for unit in told["units"]]) == (
        0,
        ["2015-05-17", "2015-05-18", "2015-05-19"],
    )
    assert shop.left() == before


def test_the_same_firing_twice_counts_once(tmp_path: Path) -> None:
    shop = CounterShop(tmp_path / "shop")
    shop.loads(LOG)
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"

    codes = [shop.counts(firing)[0] for _ in range(2)]

    assert codes == [0, 0]
    assert [run["outcome"] for run in shop.runs()] == ["skipped_duplicate", "succeeded"]


def test_an_emptied_table_of_hits_is_an_alarm_until_somebody_says_why(tmp_path: Path) -> None:
    shop = CounterShop(tmp_path / "shop")
    shop.set("closed_after_days", "36500")
    shop.loads(LOG)
    shop.counts()
    counted = shop.left()
    with Access(shop.url) as access:
        access.execute("DELETE FROM pagehit WHERE id > 100")

    alarm = shop.counts()
    still = shop.left()
    restarted = shop.counts("--from-id=0", "--reason=restored from the backup")
    forced = shop.counts("--from-id=0", "--force", "--reason=the backup is all there is")

    assert (alarm[0], still) == (70, counted)
    assert "up to id 412, but the newest is 100" in alarm[1]["why"]
    assert (restarted[0], forced[0]) == (70, 0)
    assert "counters say" in restarted[1]["why"]
    assert shop.query("SELECT last_id FROM dwh_watermark WHERE name = 'pagehit'") == [(100,)]


@pytest.mark.parametrize(
    "words",
    [
        *("--force", "--from-id=0", "--from-id=-1", f"--from-id={2**63}"),
        *("--rebuild-from=May", "--rebuild-from=0001-01-01"),
    ],
)
def test_words_that_make_no_sense_are_told(tmp_path: Path, words: str) -> None:
    done = CounterShop(tmp_path / "shop").console(COUNT, words)

    assert done.returncode == 2
    assert words.partition("=")[0] in done.stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [("safety_lag_seconds", "-1"), ("closed_after_days", "0"), ("future_seconds", '"soon"')],
)
def test_a_rule_that_makes_no_sense_is_a_fault_of_the_settings(
    tmp_path: Path, key: str, value: str
) -> None:
    shop = CounterShop(tmp_path / "shop")
    shop.set(key, value)

    code, told = shop.counts()

    assert (code, f"page-counters.{key}" in told["why"]) == (78, True)
