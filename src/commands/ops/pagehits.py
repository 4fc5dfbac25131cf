"""pagehits:load: a web server's log into the table of page hits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


class Log(Protocol):
    """One log file."""

    @property
    def key(self) -> str: ...
    def hits(self, offset: int) -> Iterator[tuple[int, int, PageHit | Unreadable]]:
        """Give where each line behind an offset ends, its number, and what it says."""
        ...


class HitIntake(Protocol):
    """Where hits go, and how far each log was read."""

    def offset(self, key: str) -> int: ...
    def store(self, key: str, hits: Sequence[PageHit], offset: int) -> None:
        """Write all of them or none, with how far was read."""
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
        lines = log.hits(self._intake.offset(log.key))
        loaded, left_out, named = 0, 0, list[tuple[int, str]]()
        while batch := list(islice(lines, AT_ONCE)):
            hits = [said for _, _, said in batch if not isinstance(said, Unreadable)]
            wrong = [(n, str(why)) for _, n, why in batch if isinstance(why, Unreadable)]
            if len(wrong) > len(batch) * _MOST_UNREADABLE:
                raise Refused(
                    f"{file.name}: most lines are wrong; line {wrong[0][0]} {wrong[0][1]}"
                )
            self._intake.store(log.key, hits, batch[-1][0])
            loaded += len(hits)
            left_out += len(wrong)
            named += wrong[: MOST_NAMED - len(named)]
        lines_left = {f"line {number}": why for number, why in named}
        said = [f"{loaded:,} page hits loaded, {left_out:,} lines left out"]
        said += [f"{line}: {why}" for line, why in lines_left.items()]
        if left_out > len(named):
            said.append(f"and {left_out - len(named):,} more")
        counts = {"loaded": loaded, "left_out": left_out}
        return Text(text="\n".join(said), data={**counts, **lines_left})
