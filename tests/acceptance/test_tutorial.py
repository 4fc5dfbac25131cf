"""The tutorials, followed literally in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from private_shop import CHECKOUT

TUTORIALS = CHECKOUT / "docs" / "tutorial"
COPIED = ("bin", "config", "docs", "ops", "src", "tests/fakes", "tests/servers", "tests/unit")
NAMED = r"(?:`(?P<file>[\w/.]+)`[^`\n]*\n\n)?"
BLOCK = re.compile(NAMED + r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = "MESSAGES: tuple[Message, ...] = ("


@dataclass(frozen=True)
class Block:
    """One fenced block, and the file that the line above it names."""

    kind: str
    text: str
    file: str | None


def blocks(page: str) -> Iterator[Block]:
    for found in BLOCK.finditer(page):
        yield Block(kind=found["kind"], text=found["text"], file=found["file"])


def missing(expected: str, output: str) -> str | None:
    """Give the first line that does not follow in the output; ``…`` stands for anything."""
    rest = output.splitlines()
    for line in expected.splitlines():
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("…"))))
        at = next((at for at, said in enumerate(rest) if pattern.fullmatch(said.rstrip())), None)
        if at is None:
            return line
        rest = rest[at + 1 :]
    return None


class Reader:
    """Somebody in a checkout who does what stands there."""

    def __init__(self, checkout: Path) -> None:
        self._checkout, self.output = checkout, ""
        self._shown: dict[str, str] = {}
        for name in COPIED:
            shutil.copytree(
                CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("*.pyc")
            )
        for name in ("Makefile", "README.md", "pyproject.toml", "tests/conftest.py"):
            shutil.copyfile(CHECKOUT / name, checkout / name)
        (checkout / "var").mkdir()
        (checkout / ".venv").symlink_to(sys.prefix)

    def follow(self, block: Block) -> None:
        getattr(self, f"_{block.kind}")(block)

    def _sh(self, block: Block) -> None:
        done = subprocess.run(
            ["/bin/sh", "-c", block.text],
            cwd=self._checkout,
            env={"PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.output = done.stdout
        assert done.returncode == 0, f"{block.text}\n{done.stdout}"

    def _text(self, block: Block) -> None:
        line = missing(block.text, self.output)
        assert line is None, f"not said: {line}\n{self.output}"

    def _python(self, block: Block) -> None:
        """Write a whole module, or put a block in the place of the one shown before it."""
        assert block.file
        file = self._checkout / block.file
        if block.text.startswith('"""'):
            file.write_text(block.text, encoding="utf-8")
            return
        source = file.read_text(encoding="utf-8")
        if block.text in source:
            self._shown[block.file] = block.text
            return
        old = self._shown.pop(block.file, PLACE)
        new = f"{PLACE}\n{block.text}" if old == PLACE else block.text
        assert source.count(old) == 1
        file.write_text(source.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(("page", "least"), [("first-message.md", 10), ("first-job.md", 6)])
def test_whoever_follows_a_tutorial_sees_what_it_says(
    tmp_path: Path, page: str, least: int
) -> None:
    reader = Reader(tmp_path / "checkout")
    prepared = "bin/console db:migrate\nbin/console shop:load-sample\n"
    reader.follow(
        Block("sh", f"{prepared}bin/console cron:suppliers:import-stock --supplier=23", None)
    )
    steps = list(blocks((TUTORIALS / page).read_text(encoding="utf-8")))

    for block in steps:
        reader.follow(block)

    assert [block.kind for block in steps].count("sh") >= least


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        ("one\nthree\n", None),
        ("o…\n…\nthree\n", None),
        ("three\none\n", "one"),
        ("on\n", "on"),
        ("two … three\n", "two … three"),
    ],
)
def test_a_line_that_is_not_said_is_seen(expected: str, line: str | None) -> None:
    assert missing(expected, "one\ntwo\nthree\n") == line


def test_a_block_knows_the_file_that_the_line_above_it_names() -> None:
    page = "In `MESSAGES` of `src/a.py`:\n\n```python\nx = 1\n```\n\nSay:\n\n```sh\nls\n```\n"

    assert list(blocks(page)) == [Block("python", "x = 1\n", "src/a.py"), Block("sh", "ls\n", None)]
