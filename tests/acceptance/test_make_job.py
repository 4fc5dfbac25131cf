"""make:job typed in a copy of the checkout: what it writes passes the checks as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from architecture.tree import tracked
from kernel.contracts import contracts
from private_shop import CHECKOUT

CR = f"CR-{max(int(cr[3:]) for contract in contracts().values() for cr in contract.covers) + 1:03}"
MAKE = ("bin/console", "make:job", "cron:labels:sync", "--cr", CR, "--owner", "Stock Import")
PYTHON = ".venv/bin/python"

TESTS_OF_THE_WHOLE = (
    "tests/unit/labels_sync",
    "tests/unit/kernel/test_inventory.py",
    "tests/unit/kernel/test_catalogue.py",
    "tests/architecture/test_names.py",
    "tests/architecture/test_docs.py",
)


def typed(checkout: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """All that git carries here, as a checkout of its own."""
    copy = tmp_path / "checkout"
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, copy / name)
    (copy / "var").mkdir()
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


def as_commit(checkout: Path) -> None:
    for words in (("init", "-q"), ("add", "-A")):
        assert typed(checkout, ("git", *words)).returncode == 0


def test_a_new_job_passes_style_types_layers_docs_and_the_tests_of_the_whole(
    checkout: Path,
) -> None:
    made = typed(checkout, MAKE)
    as_commit(checkout)

    assert made.returncode == 0, made.stderr
    assert f"ops/runbooks/{CR}.md" in made.stdout
    for check in (
        (PYTHON, "-m", "ruff", "check", "."),
        (PYTHON, "-m", "ruff", "format", "--check", "."),
        (PYTHON, "-m", "mypy", "src/kernel/container.py", "tests/unit/labels_sync"),
        (".venv/bin/lint-imports",),
        (PYTHON, "docs/generate.py", "--check"),
        (PYTHON, "-m", "pytest", "-q", *TESTS_OF_THE_WHOLE),
        ("bin/console", "contract:lint"),
    ):
        done = typed(checkout, check)
        assert done.returncode == 0, f"{check}\n{done.stdout}{done.stderr}"


def test_a_new_job_runs_at_once(checkout: Path) -> None:
    typed(checkout, MAKE)
    typed(checkout, ("bin/console", "db:migrate"))

    done = typed(checkout, ("bin/console", "cron:labels:sync"))

    assert done.returncode == 0, done.stderr
    assert "cron:labels:sync: empty" in done.stdout


def test_what_is_there_is_never_written_over(checkout: Path) -> None:
    runbook = checkout / "ops" / "runbooks" / f"{CR}.md"
    runbook.write_text("ours\n", "utf-8")

    done = typed(checkout, MAKE)

    assert done.returncode == 70
    assert f"ops/runbooks/{CR}.md exists already; nothing was written" in done.stderr
    assert runbook.read_text("utf-8") == "ours\n"
    assert not (checkout / "src" / "commands" / "cron" / "labels_sync.py").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cron:labels:sync", "--cr", "CR-099"), f"leaves a gap: the next one is {CR}"),
        (("labels:sync", "--cr", CR), "write cron:GROUP:VERB"),
        (("cron:labels:sync", "--cr", CR, "--owner", "Nobody"), "Stock Import"),
    ],
)
def test_a_typing_error_is_told_and_writes_nothing(
    checkout: Path, words: Sequence[str], said: str
) -> None:
    done = typed(checkout, ("bin/console", "make:job", *words))

    assert done.returncode == 2
    assert said in done.stderr
    assert not (checkout / "src" / "commands" / "cron" / "labels_sync.py").exists()
