"""What the session's tests asked for, and a server that is missing: a loud skip, or a failure."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from servers.finding import Found, Missing, find

REQUIRE = "CRON_TEST_REQUIRE"
SESSION = "CRON_TEST_SESSION"
"""``PID:FOLDER`` of the process that owns the servers; its children find them by it."""

USED, SKIPPED = "used", "skipped"


def wanted(name: str, *, private: bool = False) -> Found:
    """Find a server for the running test; skips or fails it where there is none."""
    try:
        found = find(name, private=private)
    except Missing as missing:
        without(name, missing)
    used(found)
    return found


def used(found: Found) -> None:
    """Note that the running test uses it."""
    program = str(found.program) if not found.url else ""
    environment = dict(found.environment)
    _note(found.name, USED, origin=found.origin, program=program, environment=environment)


def without(name: str, missing: Missing) -> NoReturn:
    """Skip the running test, or fail it where every server is required."""
    import pytest

    _note(name, SKIPPED)
    if os.environ.get(REQUIRE) == "all":
        pytest.fail(f"{missing} (required by --require=all)", pytrace=False)
    pytest.skip(str(missing))


def _note(name: str, what: str, **more: str | Mapping[str, str]) -> None:
    """Add a line to the session's record: one short write, so that processes do not mix theirs."""
    folder = os.environ.get(SESSION, "").partition(":")[2]
    if not folder:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    line = json.dumps({"server": name, "what": what, "test": test, **more})
    with (Path(folder) / "record").open("a", encoding="utf-8") as record:
        record.write(line + "\n")
