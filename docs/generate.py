"""Write the generated parts of the docs anew, or with --check say where they differ.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; everything in it comes
from the code, so that the fourteen jobs of the README are those of the console.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from commands.result import Table
from domain.operating.lint import RULES
from domain.operating.run import Outcome
from domain.queue.job import CrashReason, Status
from domain.queue.stale import LIMITS
from domain.queue.transitions import TRANSITIONS, Transition
from infra.telemetry.families import FAMILIES, Family
from infra.telemetry.queue_families import QUEUE_FAMILIES
from kernel.container import Container
from kernel.inventory import COMMANDS, Entry

ROOT = Path(__file__).resolve().parents[1]

PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
KEY = re.compile(r"(?P<key>\w+) = (?P<value>.+?)(?:\s+# (?P<note>.+))?")


def main(arguments: Sequence[str]) -> int:
    """Give the exit code: 1 where --check found a difference."""
    stale = [page for page in pages() if rewritten(page) != page.read_text("utf-8")]
    for page in stale:
        if "--check" in arguments:
            sys.stderr.write(f"{page.relative_to(ROOT)} is not what the code says: make docs\n")
        else:
            page.write_text(rewritten(page), "utf-8")
            sys.stdout.write(f"wrote {page.relative_to(ROOT)}\n")
    return int(bool(stale) and "--check" in arguments)


def pages() -> list[Path]:
    """Every page of the docs, and the README."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rewritten(page: Path) -> str:
    """The page's text with each generated part anew."""
    return PART.sub(lambda part: part[1] + PARTS[part[2]]() + part[3], page.read_text("utf-8"))


def jobs() -> str:
    """The jobs in CR order, from inventory and contracts."""
    contracts = Container("dev").contracts
    rows = [
        (
            ", ".join(entry.covers),
            f"`{entry.name}`",
            " + ".join(contracts[entry.name].accountable),
            contracts[entry.name].priority.value,
            f"`{contracts[entry.name].lock}`",
        )
        for entry in COMMANDS
        if entry.is_job
    ]
    return table(("CR", "command", "accountable", "prio", "lock"), rows)


def commands() -> str:
    """What people type."""
    typed = [entry for entry in COMMANDS if not entry.is_job]
    return table(("command", "what it does"), map(_described, typed))


def _described(entry: Entry) -> tuple[str, str]:
    return f"`{entry.name}`", entry.summary


def exit_codes() -> str:
    """Outcomes by exit code, from their enum."""
    outcomes = sorted(Outcome, key=lambda outcome: outcome.exit_code)
    rows = [
        (
            str(int(outcome.exit_code)),
            f"`{outcome.word}`",
            outcome.alert.value.replace("_", " "),
            "yes" if outcome.settles_slot else "no",
            outcome.retention.value,
        )
        for outcome in outcomes
    ]
    return table(("exit", "outcome", "alert", "settles its slot", "kept"), rows)


def contract_rules() -> str:
    """Every rule of contract:lint, under its id as a heading that the SARIF output links to."""
    return "\n".join(
        f"## {rule.id}\n\n{rule.holds}\n\n- **Why:** {rule.why}\n- **Do:** {rule.remedy}\n"
        for rule in RULES
    )


def configuration() -> str:
    """Every key of config/app.toml with its value and its comment."""
    return table(("key", "shipped value", "meaning"), _keys("app.toml"))


def job_settings() -> str:
    """Every key of config/jobs.toml."""
    return table(("key", "shipped value", "meaning"), _keys("jobs.toml"))


def _keys(file: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for line in (ROOT / "config" / file).read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[").partition("]")[0]
        elif found := KEY.fullmatch(line):
            yield f"`{section}.{found['key']}`", f"`{found['value']}`", found["note"] or ""


def metrics() -> str:
    """Every metric with its type and its own labels."""
    families: tuple[Family[Any], ...] = (*FAMILIES, *QUEUE_FAMILIES)
    rows = [
        (
            f"`{family.name}`",
            family.kind,
            ", ".join(f"`{label}`" for label in family.labels),
            family.text,
        )
        for family in families
    ]
    return table(("metric", "type", "labels", "meaning"), rows)


def queue_transitions() -> str:
    """Every legal move of a message, as the table in the code has them."""
    rows = [
        (
            row.number,
            row.move.value,
            f"{_sources(row)} → {_word(row.target)}",
            "; ".join(LIMITS.said(guard.words) for guard in row.guards),
            row.who.value,
            ", ".join(f"`{column}`: {_word(how)}" for column, how in row.sets.items()),
        )
        for row in TRANSITIONS
    ]
    return table(("#", "move", "from → to", "guard", "who", "sets"), rows)


def _sources(row: Transition) -> str:
    return " or ".join(map(_word, row.sources)) or "(none)"


def _word(word: StrEnum) -> str:
    return f"`{word}`" if isinstance(word, Status | CrashReason) else LIMITS.said(word.value)


def message_types() -> str:
    """Every declared message type, as queue:types lists them."""
    listed = cast("Table", Container("dev").ops("queue:types")())
    rows = [tuple(str(cell).replace("|", "/") or "-" for cell in row) for row in listed.rows]
    return table(listed.columns, [(f"`{row[0]}`", *row[1:]) for row in rows])


def table(head: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    """Set rows as a Markdown table."""
    lines = [tuple(head), ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


PARTS: dict[str, Callable[[], str]] = {
    "jobs": jobs,
    "commands": commands,
    "exit_codes": exit_codes,
    "configuration": configuration,
    "job_settings": job_settings,
    "metrics": metrics,
    "contract_rules": contract_rules,
    "queue_transitions": queue_transitions,
    "message_types": message_types,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
