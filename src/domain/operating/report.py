"""What a run has to say to the owners, and by what its fault is known again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from domain.operating.run import ExitCode, Outcome, Start, Summary, Trigger, UnitResult, Verdict

TITLE_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run, or the firings nobody started, has to say.

    ``faults`` are the failed units' reasons; ``items`` counts what the run handled. An empty
    ``scope`` stands for the whole command: what was typed could not be understood.
    """

    command: str
    scope: str
    run_id: str
    outcome: Outcome
    at: datetime
    exit_code: int = 0
    error: str = ""
    message: str = ""
    scheduled: bool = True
    schedule_id: str | None = None
    faults: tuple[str, ...] = ()
    items: int = 0

    @classmethod
    def of(cls, start: Start, verdict: Verdict, summary: Summary | None, at: datetime) -> Self:
        """Report how a run ended."""
        summary = summary or Summary()
        failed = [unit for unit in summary.units if unit.result is UnitResult.FAILED]
        return cls(
            command=start.command,
            scope=start.scope,
            run_id=start.run_id,
            outcome=verdict.outcome,
            at=at,
            exit_code=int(verdict.exit_code),
            error=verdict.error,
            message=verdict.message,
            scheduled=start.trigger is Trigger.SCHEDULE,
            schedule_id=start.schedule_id,
            faults=tuple(unit.message for unit in failed),
            items=sum(summary.items.values()),
        )

    @classmethod
    def unstarted(
        cls, command: str, scope: str, message: str, *, usage: bool, at: datetime
    ) -> Self:
        """Report a scheduled start that became no run: odd words (exit 2) or settings (exit 78)."""
        return cls(
            command=command,
            scope=scope,
            run_id="",
            outcome=Outcome.MISCONFIGURED,
            at=at,
            exit_code=int(ExitCode.USAGE if usage else ExitCode.MISCONFIGURED),
            error="UsageFault" if usage else "ConfigurationInvalid",
            message=message,
        )


_NOISE = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|«[^»]*»|„[^“”]*[“”]"), "<name>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?:\.{0,2}|~)/[^\s:;,)]+"), "<path>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\d+([.,:]\d+)*"), "<n>"),
)
_CLASS = re.compile(r"([A-Z]\w+): ")


def plain(message: str) -> str:
    """Leave out what differs from one occurrence to the next: numbers, ids, paths, quoted names."""
    for pattern, word in _NOISE:
        message = pattern.sub(word, message)
    return " ".join(message.split())


def fault_class(fault: str) -> str:
    """Name a failed unit's reason: its error class, else its text without particulars."""
    named = _CLASS.match(fault)
    return named[1] if named else plain(fault)


def fingerprint(report: Report) -> str:
    """Give 16 hexadecimal digits that are the same for the same fault.

    Failed units count by their kinds of reasons, so that fifty suppliers without a file are one.
    """
    kinds = sorted({fault_class(fault) for fault in report.faults}) or [plain(report.message)]
    text = "\n".join((report.outcome.word, report.error, *kinds))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def title_of(report: Report) -> str:
    """Say the fault in one line."""
    error = f"{report.error}: " if report.error and report.error != report.outcome.word else ""
    line = " ".join(f"{report.outcome.word.replace('_', ' ')}: {error}{report.message}".split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1]}…"
