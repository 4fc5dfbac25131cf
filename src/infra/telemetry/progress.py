"""A progress bar for people: only on a terminal, only when there is something to show."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


PATIENCE_SECONDS = 1.0
"""What is done sooner needs no bar, and not the loading of one."""


class TerminalProgress:
    """Draws what the job tells of its progress below the log lines; rich loads at the first."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._first = 0.0

    def show(self, label: str, done: int, total: int | None) -> None:
        """Move a label's bar; without a total it only counts. Short work shows none."""
        self._first = self._first or time.monotonic()
        if time.monotonic() - self._first < PATIENCE_SECONDS:
            return
        bar = self._bar or self._start()
        if label not in self._tasks:
            self._tasks[label] = bar.add_task(label, total=total)
        bar.update(self._tasks[label], completed=done, total=total)

    def stop(self) -> None:
        """Take the bars off the screen; what counts is in the result."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._tasks = None, {}

    def _start(self) -> Progress:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._bar.start()
        return self._bar
