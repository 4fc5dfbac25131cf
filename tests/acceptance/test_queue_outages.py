"""The database goes away while messages are processed: none is lost, none is doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from acceptance.test_queue_kills import SHORT, enqueue_mixed
from private_shop import events, gone_within
from queue_shop import DONE, QueueShop
from servers import database, proxy
from servers.proxy import Proxy

COUNT = 600


@contextmanager
def behind_a_proxy(kind: str, folder: Path) -> Iterator[tuple[QueueShop, Proxy]]:
    """A shop whose commands reach their database over a line that the test can break."""
    with database(kind) as url:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        with proxy(parts.hostname, parts.port) as line:
            shop = QueueShop(folder / "shop", url=url, **SHORT)
            user = parts.netloc.rpartition("@")[0]
            there = parts._replace(netloc=f"{user}@{line.host}:{line.port}")
            shop.environment["DATABASE_URL"] = urlunsplit(there)
            yield shop, line


def assert_all_done_once(shop: QueueShop) -> None:
    shop.process_all()
    assert shop.ends() == Counter({DONE: COUNT})
    assert shop.marks() == list(range(COUNT))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_lines_that_break_again_and_again_cost_no_message_and_not_the_run(
    tmp_path: Path, kind: str
) -> None:
    with behind_a_proxy(kind, tmp_path) as (shop, line):
        enqueue_mixed(shop, COUNT)
        process = shop.begin("--stop-when-empty")
        shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSED'", "it works")

        for _ in range(8):
            line.cut()
            time.sleep(0.1)
        _, stderr = process.communicate(timeout=60)

        assert process.returncode == 0, stderr
        assert "Traceback" not in stderr
        assert_all_done_once(shop)


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_that_stays_away_ends_the_run_and_everything_comes_back_by_its_lease(
    tmp_path: Path, kind: str
) -> None:
    with behind_a_proxy(kind, tmp_path) as (shop, line):
        enqueue_mixed(shop, COUNT)
        process = shop.begin("--stop-when-empty")
        shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSED'", "it works")

        line.refuse()
        line.cut()
        time.sleep(4)
        line.accept()
        _, stderr = process.communicate(timeout=90)

        assert process.returncode in {69, 70, 75}, stderr
        assert events(stderr, "queue.away")
        assert gone_within(shop, 5) == set()
        assert_all_done_once(shop)
