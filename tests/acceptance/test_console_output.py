"""What is printed for whom, and what happens where nobody reads it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from acceptance.console_home import CONSOLE, Done, Home, one_line

IMPORT = "cron:suppliers:import-stock"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.new(tmp_path / "shop")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A shop with a database, for tests that change nothing another one sees."""
    return Home.migrated(tmp_path_factory.mktemp("console") / "shop")


READING = [
    ("list",),
    ("jobs:list",),
    ("contract:show", "CR-010"),
    ("contract:lint",),
    ("config:check",),
    ("db:status",),
    ("runs:list",),
    ("lock:list",),
    ("suppliers:list",),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_every_reading_command_speaks_json(shop: Home, words: tuple[str, ...]) -> None:
    assert isinstance(shop.data(*words), list | dict)


@pytest.mark.parametrize("words", READING[1:], ids=" ".join)
def test_quiet_prints_nothing(shop: Home, words: tuple[str, ...]) -> None:
    done = shop.console(*words, "-q")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_colour_comes_on_demand_only(shop: Home) -> None:
    assert "\033[" in shop.console("list", "--ansi").stdout
    for words in (("list",), ("list", "--no-ansi")):
        assert "\033[" not in shop.console(*words).stdout


def test_a_terminal_is_coloured_unless_it_refuses(home: Home) -> None:
    assert b"\033[33m" in on_a_terminal(home, "list", TERM="xterm")
    assert b"\033[" not in on_a_terminal(home, "list", TERM="xterm", NO_COLOR="1")


def on_a_terminal(home: Home, *words: str, **env: str) -> bytes:
    """Run the console with a terminal as its stdout, and read what it shows."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        done = home.console(*words, stdout=theirs, **env)
        os.close(theirs)
        assert done.returncode == 0
        return _read_all(screen.fileno())


def _read_all(descriptor: int) -> bytes:
    shown = b""
    while True:
        try:
            piece = os.read(descriptor, 65_536)
        except OSError:  # Linux ends a terminal whose other side is closed by an I/O error
            return shown
        if not piece:
            return shown
        shown += piece


def unread(home: Home, *words: str) -> Done:
    """Run the console for a reader who has left already: ``bin/console list | head -0``."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as broken:
        return home.console(*words, stdout=broken)


@pytest.mark.parametrize("words", [("list",), ("help", "runs:list"), ("jobs:list",)], ids=" ".join)
def test_a_reader_who_leaves_is_no_fault(shop: Home, words: tuple[str, ...]) -> None:
    done = unread(shop, *words)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_who_leaves_does_not_hide_a_failure(shop: Home) -> None:
    assert unread(shop, IMPORT, "--supplier=999999").returncode == 70
    assert unread(shop, "contract:show", "CR-099").returncode == 2


def test_a_full_disk_is_said_and_is_no_defect(home: Home) -> None:
    with Path("/dev/full").open("w") as full:
        done = home.console("list", stdout=full)

    assert done.returncode == 70
    assert one_line(done) == "the result could not be written: No space left on device"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_nothing(home: Home, closed: str) -> None:
    command = f'"$0" list {closed}'

    done = subprocess.run(["sh", "-c", command, CONSOLE], env=home.env, check=False, timeout=60)

    assert done.returncode == 0
