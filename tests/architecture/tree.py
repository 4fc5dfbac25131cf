"""The checkout as the architecture tests read it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
REAL_FILES = ("tests/data/", "ops/sample-shop/import/")
"""Partner files, kept byte for byte: no rule about our own writing holds for them."""


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git carries, by its path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = listed.stdout.split("\0")[:-1]
    return tuple(name for name in names if (ROOT / name).is_file())


def own_texts() -> Iterator[tuple[str, str]]:
    """Path and text of each tracked file that we wrote; pictures and the like left out."""
    for name in tracked():
        if not name.startswith(REAL_FILES):
            content = (ROOT / name).read_bytes()
            if b"\0" not in content:
                yield name, content.decode()


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Path and syntax tree of each Python file below the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))
