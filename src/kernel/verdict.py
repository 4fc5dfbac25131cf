"""The result of a run as it is printed: one line per unit, then the verdict."""

from __future__ import annotations

from commands.result import Facts, Table
from domain.operating.contract import Contract
from domain.operating.run import Unit
from domain.operating.runner import Ending


def result_of(contract: Contract, ending: Ending) -> Facts:
    """Put a run's ending in words."""
    verdict, summary = ending.verdict, ending.summary
    facts: dict[str, str | int] = {
        "outcome": verdict.outcome.word,
        "exit code": int(verdict.exit_code),
    }
    title = f"{contract.name}: {verdict.outcome.word}"
    texts = {}
    if verdict.message:
        texts["why"] = verdict.message
    if summary and summary.notes:
        texts["notes"] = "\n".join(summary.notes)
    tables = (_units(summary.units),) if summary and summary.units else ()
    return Facts(title=title, facts=facts, texts=texts, tables=tables)


def _units(units: tuple[Unit, ...]) -> Table:
    counted = list(dict.fromkeys(name for unit in units for name in unit.counts))
    return Table(
        title="units",
        columns=("unit", "result", *counted, "message"),
        rows=[
            (unit.name, unit.result.value, *(unit.counts.get(n, 0) for n in counted), unit.message)
            for unit in units
        ],
    )
