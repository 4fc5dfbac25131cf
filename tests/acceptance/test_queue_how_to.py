"""docs/how-to/work-the-queue.md followed line by line, on a shop with something to work on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sql.connection import Database
from private_shop import CHECKOUT
from queue_rows import DAY, HOUR, ended, insert
from queue_shop import CONSOLE, QueueShop
from servers import KINDS, database

PAGE = CHECKOUT / "docs" / "how-to" / "work-the-queue.md"
FAULT = "5f2d41b0c3a97e68"

EXITS = {"queue:reset --fingerprint": 2}
"""What ends otherwise: nobody is there to be asked."""


def lines() -> Iterator[str]:
    """Give what the page says to type."""
    for block in re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def typed(shop: QueueShop, line: str) -> subprocess.CompletedProcess[str]:
    """Type a line, the tests' own message type in place of the page's."""
    words = shlex.split(line.replace("images.update", "probe.count"))
    assert words[0] == "bin/console", line
    return subprocess.run(
        [sys.executable, "-I", CONSOLE, "", *words[1:]],
        cwd=shop.root,
        env=shop.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_does_what_the_page_says(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = QueueShop(tmp_path / "shop", url=url)
        (shop.root / "batch.json").write_text('{"mark": 7}', "utf-8")
        crash = {"crash_reason": "permanent", "fingerprint": FAULT, "error": "article 17 is away"}
        waiting = {"type": "probe.count", "payload": '{"mark": 1}'}
        opened = Database(shop.url)
        insert(
            opened,
            [
                ended(15 * DAY),
                {"id": 4711, **waiting, **ended(HOUR, "CRASH"), **crash},
                {"id": 4712, **waiting},
                {"id": 4713, **waiting},
                {"id": 4714, **waiting, **ended(HOUR, "CRASH"), **crash},
            ],
        )
        opened.close()

        for line in lines():
            done = typed(shop, line)
            code = next((code for words, code in EXITS.items() if words in line), 0)
            assert done.returncode == code, (line, done.stdout, done.stderr)

        statuses = dict(shop.query("SELECT id, status FROM queue WHERE created_by = 'legacy'"))
        assert statuses == {4711: "NEW", 4712: "NEW", 4713: "CRASH", 4714: "CRASH"}
        by_hand = shop.query("SELECT status, payload FROM queue WHERE created_by <> 'legacy'")
        assert by_hand == [("NEW", '{"mark": 7}')]
        verbs = [verb for (verb,) in shop.query("SELECT verb FROM cron_audit ORDER BY audit_id")]
        assert verbs == [
            *("queue:reset", "queue:pause", "queue:pause", "queue:resume", "queue:resume"),
            *("queue:prioritize", "queue:cancel", "queue:enqueue", "queue:own", "queue:own"),
        ]
