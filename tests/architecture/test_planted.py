"""Every guard is seen to bite: a violation is planted in a copy, and the tool must name it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from architecture.tree import ROOT, SRC


@dataclass(frozen=True, kw_only=True)
class Planted:
    """Files that break one import-linter contract, by the contract's name."""

    contract: str
    files: dict[str, str]


PLANTED = (
    Planted(
        contract="kernel above commands and infra, which never meet, above domain",
        files={"commands/ops/planted.py": "import infra.boot"},
    ),
    Planted(
        contract="kernel above commands and infra, which never meet, above domain",
        files={"domain/planted.py": "import infra.boot"},
    ),
    Planted(
        contract="domain is standard library only",
        files={"domain/planted.py": "import sqlalchemy"},
    ),
    Planted(
        contract="only the kernel runs the runner",
        files={"commands/ops/planted.py": "import domain.operating.runner"},
    ),
    Planted(
        contract="jobs know nothing of each other",
        files={
            "domain/jobs/planted_one.py": "",
            "domain/jobs/planted_two.py": "import domain.jobs.planted_one",
        },
    ),
    Planted(
        contract="scheduled commands know nothing of each other",
        files={
            "commands/cron/planted_one.py": "",
            "commands/cron/planted_two.py": "import commands.cron.planted_one",
        },
    ),
    Planted(
        contract="no cycles between packages",
        files={
            "infra/planted_one.py": "import infra.planted_two",
            "infra/planted_two.py": "import infra.planted_one",
        },
    ),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SRC, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (copy / "src" / name).write_text(f'"""Planted."""\n{text}\n', "utf-8")


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the tools beside this Python on the copy."""
    tool = Path(sys.executable).with_name(command[0])
    env = os.environ | {"PYTHONPATH": "src", "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [tool, *command[1:]], cwd=copy, env=env, capture_output=True, text=True, check=False
    )


def broken(copy: Path) -> set[str]:
    """The contracts that import-linter finds broken."""
    said = run(copy, "lint-imports", "--no-cache").stdout
    assert re.search(r"Contracts: \d+ kept", said), said
    return set(re.findall(r"^(.+?) BROKEN", said, re.MULTILINE))


def test_the_arrows_between_packages_hold(copy: Path) -> None:
    assert broken(copy) == set()


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: "+".join(planted.files))
def test_a_planted_import_breaks_its_contract(copy: Path, planted: Planted) -> None:
    plant(copy, planted.files)

    assert planted.contract in broken(copy)


def test_no_contract_goes_without_a_planted_violation() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]

    assert {contract["name"] for contract in contracts} == {p.contract for p in PLANTED}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("F401", "import json"),
        ("BLE001", "try:\n    print()\nexcept Exception:\n    raise SystemExit from None"),
        ("C901", "def f(a: int) -> None:\n    '''F.'''\n" + "    if a:\n        f(a)\n" * 9),
    ],
)
def test_ruff_names_a_planted_fault(copy: Path, code: str, text: str) -> None:
    plant(copy, {"domain/planted.py": text})

    said = run(copy, "ruff", "check", "--no-cache", "--output-format=concise", "src/domain")

    assert said.returncode == 1
    assert re.search(rf"planted\.py:\d+:\d+: {code} ", said.stdout), said.stdout


def test_mypy_names_a_planted_fault(copy: Path) -> None:
    plant(copy, {"domain/planted.py": 'LIMIT: int = "many"'})

    said = run(copy, "mypy", "--no-incremental", "src/domain/planted.py")

    assert said.returncode == 1
    assert "planted.py:2: error: Incompatible types" in said.stdout
