"""The tab key in the shells that are here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acceptance.console_home import CONSOLE, ROOT, Home

NO_SHELL = "not on this platform: no {}"
TIMEOUT = 60


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.new(tmp_path / "shop")


def needs(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(NO_SHELL.format(shell))
    return found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_is_read_by_its_shell(home: Home, shell: str, tmp_path: Path) -> None:
    script = tmp_path / f"completion.{shell}"
    script.write_text(home.console("completion", shell).stdout)

    done = subprocess.run(
        [needs(shell), "-n", script], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )

    assert (done.returncode, done.stderr) == (0, "")


# --- bash, with a terminal and a tab ------------------------------------------------------------

PREPARED = """\
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
PS1=
eval "$(bin/console completion bash)"
"""


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("ru", "runs:"),
        ("runs:s", "runs:show"),
        ("cron:su", "cron:suppliers:import-stock"),
        ("cron:suppliers:imp", "cron:suppliers:import-stock"),
        ("completion z", "completion zsh"),
        ("runs:list --li", "runs:list --limit"),
        ("runs:list --format=j", "runs:list --format=json"),
        ("xyzzy", "xyzzy"),
    ],
)
def test_the_tab_key_completes_in_bash(home: Home, typed: str, completed: str) -> None:
    assert after_tab(home, f"bin/console {typed}") == f"bin/console {completed}"


def after_tab(home: Home, line: str) -> str:
    """Type a line and a tab into an interactive bash; gives what then stands there."""
    said = interactive(home, f"{line}\t\x01echo GOT: \n")
    (got,) = re.findall(r"(?m)^GOT: (.*?)\s*$", said)
    return str(got)


def interactive(home: Home, keys: str) -> str:
    ours, theirs = os.openpty()
    shell = subprocess.Popen(
        [needs("bash"), "--norc", "--noprofile", "-i"],
        cwd=ROOT,
        env=home.env | {"TERM": "dumb"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    with os.fdopen(ours, "wb", buffering=0) as keyboard:
        keyboard.write((PREPARED + keys + "exit\n").encode())
        said, _ = shell.communicate(timeout=TIMEOUT)
    return said.decode()


def test_the_console_is_completed_by_any_of_its_names(home: Home) -> None:
    registered = home.console("completion", "bash").stdout.split()

    assert registered[-3:] == ["console", "bin/console", "./bin/console"]
    assert CONSOLE.name == "console"
