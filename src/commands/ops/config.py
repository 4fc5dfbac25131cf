"""config:check: every fault of the configuration at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from commands.result import Table
from domain.operating.findings import ERROR, Finding
from domain.operating.run import ExitCode

Check = Callable[[], Sequence[Finding]]
"""Gives every fault with its file and line."""


class ConfigCheck:
    """Checks every configuration file and what it refers to; exit 78 on any error."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console config:check",
        "bin/console config:check --env=prod",
    )

    def __init__(self, check: Check) -> None:
        self._check = check

    def __call__(self) -> Table:
        findings = self._check()
        broken = any(finding.level == ERROR for finding in findings)
        return Table(
            columns=("level", "at", "fault"),
            rows=[(found.level, _at(found), found.message) for found in findings],
            empty="the configuration holds",
            exit_code=ExitCode.MISCONFIGURED if broken else ExitCode.OK,
        )


def _at(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}" if finding.file else ""
