"""bin/console and bin/setup as a shell, cron or a newcomer starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.tree import ROOT

STAND_IN = """
import json, sys
def main(argv):
    print(json.dumps({"argv": argv, "path": sys.path, "flags": sys.flags.utf8_mode}))
    return 3
"""
TOOLS = ("cat", "cmp", "dirname", "grep", "id", "mkdir", "rm", "sh", "uname")


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={"PATH": os.environ["PATH"]} | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy with the real bin/ and, behind it, a console that tells what it was given."""
    place = tmp_path / "a check out"
    shutil.copytree(ROOT / "bin", place / "bin")
    shutil.copytree(ROOT / "requirements", place / "requirements")
    kernel = place / "src" / "kernel"
    kernel.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "kernel" / "__main__.py", kernel)
    (kernel / "__init__.py").write_text("")
    (kernel / "console.py").write_text(STAND_IN)
    return place


@pytest.fixture
def ready(checkout: Path) -> Path:
    (checkout / ".venv").symlink_to(sys.prefix)
    return checkout


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with what every system has, and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


# --- bin/console --------------------------------------------------------------------------------


def test_the_console_hands_words_on_as_they_are_and_its_exit_code_back(ready: Path) -> None:
    done = run(ready / "bin/console", "a b", "*", "--x=ü", "", cwd=ready)

    assert '"argv": ["a b", "*", "--x=\\u00fc", ""]' in done.stdout
    assert done.returncode == 3


@pytest.mark.parametrize("command", ["../bin/console", "./link", "./link-to-link"])
def test_the_console_finds_its_place_from_anywhere(ready: Path, command: str) -> None:
    elsewhere = ready / "else where"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to("../bin/console")
    (elsewhere / "link-to-link").symlink_to(elsewhere / "link")

    assert run(command, cwd=elsewhere).returncode == 3
    assert run("sh", "console", cwd=ready / "bin").returncode == 3


def test_no_module_of_the_current_folder_and_no_variable_reaches_a_run(ready: Path) -> None:
    (ready / "json.py").write_text("raise SystemExit('taken from the current folder')")
    strange = {"PYTHONPATH": str(ready), "PYTHONSTARTUP": "json.py", "PYTHONHOME": "/nowhere"}

    done = run(ready / "bin/console", cwd=ready, **strange)

    assert (done.returncode, done.stderr) == (3, "")
    assert f'"path": ["{ready}/src", ' in done.stdout


def test_a_run_without_a_locale_still_reads_and_writes_utf_8(ready: Path) -> None:
    assert '"flags": 1' in run(ready / "bin/console", cwd=ready, LC_ALL="C").stdout


def test_a_checkout_that_is_not_set_up_says_the_one_line_to_run(checkout: Path) -> None:
    done = run("../bin/console", "list", cwd=checkout / "src")

    assert done.returncode == 78
    assert done.stderr == f"bin/console: not set up yet; run: {checkout}/bin/setup\n"


# --- bin/setup ----------------------------------------------------------------------------------


def test_a_machine_without_python_is_told_what_to_install(checkout: Path, tools: Path) -> None:
    done = run(checkout / "bin/setup", cwd=checkout, PATH=str(tools))

    assert done.returncode == 78
    assert done.stderr.startswith("bin/setup: needs Python 3.11 or newer with venv; run: ")
    assert done.stderr.count("\n") == 1
    assert not (checkout / ".venv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="not on this platform: apt is Debian's")
def test_a_python_without_ensurepip_is_told_its_venv_package(checkout: Path, tools: Path) -> None:
    lame = tools / "python3"
    lame.write_text(
        f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    )
    lame.chmod(0o755)

    done = run(checkout / "bin/setup", cwd=checkout, PATH=str(tools))

    assert done.returncode == 78
    assert f"apt-get install -y python3.{sys.version_info[1]}-venv" in done.stderr


def test_a_python_too_old_does_not_count(checkout: Path, tools: Path) -> None:
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    assert run(checkout / "bin/setup", cwd=checkout, PATH=str(tools)).returncode == 78


def test_an_unknown_argument_is_refused_with_those_that_exist(checkout: Path) -> None:
    done = run(checkout / "bin/setup", "--devel", cwd=checkout)

    assert done.returncode == 78
    assert "--dev, --bench, --installer=uv|pip" in done.stderr


def test_a_set_up_checkout_is_only_looked_at(ready: Path, tools: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / ".installed").mkdir()
    shutil.copy(ready / "requirements/runtime.txt", environment / ".installed")
    (environment / ".installed" / "place").write_text(f"{ready}\n")
    (ready / ".venv").unlink()
    (ready / ".venv").symlink_to(environment)

    fresh = run(ready / "bin/setup", cwd=ready, PATH=str(tools))
    (ready / "requirements/runtime.txt").write_text("changed==1\n")
    stale = run(ready / "bin/setup", cwd=ready, PATH=str(tools))

    assert (fresh.returncode, fresh.stdout, fresh.stderr) == (0, "", "")
    assert list((ready / "src").rglob("*.pyc"))
    assert stale.returncode == 78


def test_an_environment_behind_a_link_is_never_cleared(checkout: Path, tmp_path: Path) -> None:
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir()
    (borrowed / "precious").write_text("kept")
    (checkout / ".venv").symlink_to(borrowed)

    done = run(checkout / "bin/setup", cwd=checkout, PYTHON=sys.executable)

    assert done.returncode == 78
    assert f"run: rm {checkout}/.venv" in done.stderr
    assert (borrowed / "precious").exists()
