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


# --- a terminal and a tab -----------------------------------------------------------------------

LINES = [
    ("ru", "runs:"),
    ("runs:s", "runs:show"),
    ("cron:su", "cron:suppliers:import-stock"),
    ("cron:suppliers:imp", "cron:suppliers:import-stock"),
    ("completion z", "completion zsh"),
    ("runs:list --li", "runs:list --limit"),
    ("runs:list --format=j", "runs:list --format=json"),
    ("xyzzy", "xyzzy"),
]
BASH = """\
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
eval "$(bin/console completion bash)"
"""
ZSH = """\
unsetopt beep
autoload -U compinit
compinit -D -u
source <(bin/console completion zsh)
"""


@pytest.mark.parametrize(("typed", "completed"), LINES)
def test_the_tab_key_completes_in_bash(home: Home, typed: str, completed: str) -> None:
    line = after_tab(home, ("bash", "--norc", "--noprofile", "-i"), BASH, f"bin/console {typed}")

    assert line == f"bin/console {completed}"


@pytest.mark.parametrize(("typed", "completed"), LINES)
def test_the_tab_key_completes_in_zsh(home: Home, typed: str, completed: str) -> None:
    line = after_tab(home, ("zsh", "-f", "-i"), ZSH, f"bin/console {typed}")

    assert line == f"bin/console {completed}"


def after_tab(home: Home, shell: tuple[str, ...], prepared: str, line: str) -> str:
    """Type a line and a tab into an interactive shell; gives what then stands there."""
    to_the_begin = "\x01"
    said = interactive(home, shell, f"{prepared}{line}\t{to_the_begin}echo GOT: \nexit\n")
    (got,) = re.findall(r"(?m)^GOT: (.*?)\s*$", said)
    return str(got)


def interactive(home: Home, shell: tuple[str, ...], keys: str) -> str:
    needs(shell[0])
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        shell,
        cwd=ROOT,
        env=home.env | {"TERM": "dumb", "HOME": str(home.root)},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    with os.fdopen(ours, "wb", buffering=0) as keyboard:
        keyboard.write(keys.encode())
        said, _ = process.communicate(timeout=TIMEOUT)
    return said.decode()


# --- fish, which tells its completions ----------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ru", ["runs:list", "runs:show"]),
        ("cron:su", ["cron:suppliers:import-stock"]),
        ("completion z", ["zsh"]),
        ("runs:list --format=j", ["--format=json"]),
        ("xyzzy", []),
    ],
)
def test_fish_offers_what_the_console_says(
    home: Home, typed: str, offered: list[str], tmp_path: Path
) -> None:
    fish, script = needs("fish"), tmp_path / "completion.fish"
    script.write_text(home.console("completion", "fish").stdout)

    done = subprocess.run(
        [fish, "--no-config", "-c", f"source {script}; complete -C 'bin/console {typed}'"],
        cwd=ROOT,
        env=home.env | {"HOME": str(home.root)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )

    assert (done.stdout.split(), done.stderr) == (offered, "")


def test_the_console_is_completed_by_any_of_its_names(home: Home) -> None:
    registered = home.console("completion", "bash").stdout.split()

    assert registered[-3:] == ["console", "bin/console", "./bin/console"]
    assert CONSOLE.name == "console"
