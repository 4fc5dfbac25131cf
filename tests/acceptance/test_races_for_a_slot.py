"""Two hosts start one firing again and again: one works, the others say so and leave."""

from __future__ import annotations

import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from private_shop import events
from racing import ONE, SERVERS, RacedShop
from servers import database

STARTS = {"postgresql": 200, "mariadb": 60}
AT_ONCE = 20
"""A server takes a hundred connections as it comes; other tests need some, too."""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kind", SERVERS)
def test_of_many_starts_from_two_hosts_exactly_one_works(kind: str, tmp_path: Path) -> None:
    with database(kind) as url:
        shop = RacedShop(tmp_path / "shop", url)
        before = shop.counts()
        slot = f"--scheduled-at={datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%dT%H:%M:00Z}"

        def start(number: int) -> tuple[int, str]:
            there = number % 2
            process = shop.start_faulty("host:b", *ONE, slot) if there else shop.start(*ONE, slot)
            return _ended(process)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            ended = list(pool.map(start, range(STARTS[kind])))

        assert {code for code, _ in ended} == {0}, ended
        assert not [log for _, log in ended if "Traceback" in log or '"error"' in log]
        outcomes = [events(log, "run.finished")[0]["outcome"] for _, log in ended]
        expected = {"succeeded": 1, "skipped_duplicate": STARTS[kind] - 1}
        assert Counter(outcomes) == expected
        assert Counter(shop.counts()) - Counter(before) == Counter(expected)
        assert shop.query("SELECT COUNT(*) FROM import_run") == [(2,)]


def _ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, log = process.communicate(timeout=240)
    return process.returncode, log
