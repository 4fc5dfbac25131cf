"""bin/test ends with one plain count, and CI does not accept a test that quietly did not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.tree import ROOT

PASSES = "def test_fine() -> None:\n    assert True\n"
SKIPS = "import pytest\n\ndef test_left_out() -> None:\n    pytest.skip('{}')\n"


def last_lines(folder: Path, *, ci: bool) -> tuple[int, list[str]]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "plain_summary",
                "-p",
                "no:cacheprovider",
            ),
            *("-n1", str(folder)),
        ],
        cwd=folder,
        env=env | ({"CI": "true"} if ci else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()[-3:]


@pytest.mark.parametrize(
    ("reason", "ci", "code"),
    [
        ("no server", False, 0),
        ("no server", True, 1),
        ("not on this platform: Linux only", True, 0),
    ],
)
def test_a_skip_is_named_and_counted_and_in_ci_must_be_excused(
    tmp_path: Path, reason: str, ci: bool, code: int
) -> None:
    (tmp_path / "test_planted.py").write_text(PASSES + SKIPS.format(reason))

    exit_code, lines = last_lines(tmp_path, ci=ci)

    assert exit_code == code
    assert f"skipped: test_planted.py::test_left_out: {reason}" in lines
    assert ("must run in CI: test_planted.py::test_left_out" in lines) == bool(code)
    assert lines[-1] == "1 passed, 0 failed, 1 skipped"


def test_a_failure_is_counted(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text("def test_broken() -> None:\n    assert 0\n")

    exit_code, lines = last_lines(tmp_path, ci=False)

    assert (exit_code, lines[-1]) == (1, "0 passed, 1 failed, 0 skipped")
