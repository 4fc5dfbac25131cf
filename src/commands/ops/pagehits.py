"""pagehits:load: a web server's log into the table of page hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

import typer

from commands.result import Text
from domain.errors import Refused
from domain.page_hits.combined import PageHit, Unreadable

AT_ONCE = 5_000
MOST_NAMED = 100
_MOST_UNREADABLE = 0.5


Line = tuple[int, int, PageHit | Unreadable]
"""Where it ends, its number, and what it says."""


class Log(Protocol):
    """One log file."""

    @property
    def key(self) -> str: ...
    def hits(self, offset: int) -> Iterator[Line]:
        """Give the whole lines behind an offset."""
        ...


class HitIntake(Protocol):
    """Where hits go, and how far each log was read."""

    def offset(self, key: str) -> int: ...
    def store(self, key: str, hits: Sequence[PageHit], before: int, offset: int) -> None:
        """Write all of them or none, with how far was read.

        Raises Refused where somebody else read on from where it was ``before``.
        """
        ...


class PagehitsLoad:
    """Reads a log in the combined format; again, it reads only what was written since."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console pagehits:load /var/log/nginx/access.log",)

    def __init__(self, open_log: Callable[[Path], Log], intake: HitIntake) -> None:
        self._open_log, self._intake = open_log, intake

    def __call__(
        self, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
    ) -> Text:
        log = self._open_log(file)
        before = self._intake.offset(log.key)
        lines = log.hits(before)
        said = _Said()
        while batch := list(islice(lines, AT_ONCE)):
            hits, offset = said.hits(batch, file.name), batch[-1][0]
            self._intake.store(log.key, hits, before, offset)
            before = offset
        return said.text()


@dataclass
class _Said:
    """What is told of a log: how much was loaded, and the lines that were left out."""

    loaded: int = 0
    left_out: int = 0
    named: dict[str, str] = field(default_factory=dict)

    def hits(self, batch: Sequence[Line], name: str) -> list[PageHit]:
        """Give the hits of some lines. Raises Refused where most of them are none."""
        wrong = [(number, why) for _, number, why in batch if isinstance(why, Unreadable)]
        if len(wrong) > len(batch) * _MOST_UNREADABLE:
            raise Refused(f"{name}: most lines are wrong; line {wrong[0][0]} {wrong[0][1]}")
        hits = [said for *_, said in batch if not isinstance(said, Unreadable)]
        self.loaded += len(hits)
        self.left_out += len(wrong)
        for number, why in wrong[: MOST_NAMED - len(self.named)]:
            self.named[f"line {number}"] = str(why)
        return hits

    def text(self) -> Text:
        lines = [f"{self.loaded:,} page hits loaded, {self.left_out:,} lines left out"]
        lines += [f"{line}: {why}" for line, why in self.named.items()]
        if self.left_out > len(self.named):
            lines.append(f"and {self.left_out - len(self.named):,} more")
        counts = {"loaded": self.loaded, "left_out": self.left_out}
        return Text(text="\n".join(lines), data={**counts, **self.named})
