"""config:check: every fault of the configuration at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from commands.result import Table
from domain.operating.run import ExitCode

Check = Callable[[], Sequence[str]]
"""Checks one file or subject; gives its faults, each saying what to change."""


class ConfigCheck:
    """Checks every configuration file; exit 78 on any fault."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console config:check",
        "bin/console config:check --env=prod",
    )

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks

    def __call__(self) -> Table:
        faults = [fault for check in self._checks for fault in check()]
        return Table(
            columns=("fault",),
            rows=[(fault,) for fault in faults],
            empty="the configuration holds",
            exit_code=ExitCode.MISCONFIGURED if faults else ExitCode.OK,
        )
