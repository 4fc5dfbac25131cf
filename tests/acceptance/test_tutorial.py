"""The tutorial of the first message, followed literally in a copy of the checkout."""

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

PAGE = CHECKOUT / "docs" / "tutorial" / "first-message.md"
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
        for name in ("bin", "config", "ops", "src"):
            shutil.copytree(CHECKOUT / name, checkout / name)
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
        assert block.file
        file = self._checkout / block.file
        if not file.exists():
            file.write_text(block.text, encoding="utf-8")
            return
        source = file.read_text(encoding="utf-8")
        assert source.count(PLACE) == 1
        file.write_text(source.replace(PLACE, f"{PLACE}\n{block.text}"), encoding="utf-8")


def test_whoever_follows_the_tutorial_sees_what_it_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "checkout")
    prepared = "bin/console db:migrate\nbin/console shop:load-sample\n"
    reader.follow(
        Block("sh", f"{prepared}bin/console cron:suppliers:import-stock --supplier=23", None)
    )
    steps = list(blocks(PAGE.read_text(encoding="utf-8")))

    for block in steps:
        reader.follow(block)

    assert [block.kind for block in steps].count("sh") >= 10


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
