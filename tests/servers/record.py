"""What the session's tests asked for, and a server that is missing: a loud skip, or a failure."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from servers.finding import Missing

REQUIRE = "CRON_TEST_REQUIRE"
USED, SKIPPED = "used", "skipped"


@contextmanager
def wanted(name: str) -> Iterator[None]:
    """Note that the running test needs the server, and skip or fail it where there is none."""
    try:
        yield
    except Missing as missing:
        note(name, SKIPPED)
        if os.environ.get(REQUIRE) == "all":
            pytest.fail(f"{missing} (required by --require=all)", pytrace=False)
        pytest.skip(str(missing))
    note(name, USED)


def note(name: str, what: str, **more: str) -> None:
    """Add a line to the session's record; one write, so that processes do not mix theirs."""
    folder = os.environ.get("CRON_TEST_SESSION", "").partition(":")[2]
    if not folder:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    line = json.dumps({"server": name, "what": what, "test": test, **more})
    with (Path(folder) / "record").open("a", encoding="utf-8") as record:
        record.write(line + "\n")
