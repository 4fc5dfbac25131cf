"""The result of a run as it is printed: one line per unit, then the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commands.result import Facts, Table
from domain.operating.contract import Contract
from domain.operating.job import Ending
from domain.operating.run import Outcome, Summary, Unit

WITHOUT_A_ROW = (Outcome.UNAVAILABLE, Outcome.MISCONFIGURED)
"""What may end a run before the ledger could write its row."""


def result_of(contract: Contract, run_id: str, ending: Ending) -> Facts:
    """Put a run's ending in words; ``run_id`` is empty where no run began."""
    verdict, summary = ending.verdict, ending.summary
    facts: dict[str, str | int] = {
        "outcome": verdict.outcome.word,
        "exit code": int(verdict.exit_code),
        "run": run_id,
    }
    texts = {}
    if verdict.message:
        texts["why"] = verdict.message
    if run_id and not verdict.outcome.is_good and verdict.outcome not in WITHOUT_A_ROW:
        texts["more"] = f"bin/console runs:show {run_id}"
    if summary and summary.notes:
        texts["notes"] = "\n".join(summary.notes)
    return Facts(
        title=f"{contract.name}: {verdict.outcome.word}",
        facts=facts,
        texts=texts,
        tables=_tables(summary),
        colour=verdict.outcome.colour,
        data=_data(contract, run_id, ending),
    )


def _data(contract: Contract, run_id: str, ending: Ending) -> dict[str, Any]:
    """Give the same to programs, in one shape whatever happened."""
    verdict, summary = ending.verdict, ending.summary or Summary()
    return {
        "command": contract.name,
        "run": run_id,
        "outcome": verdict.outcome.word,
        "exit_code": int(verdict.exit_code),
        "why": verdict.message,
        "attempts": ending.attempts,
        "held_by_run": ending.holder_run_id,
        "items": dict(summary.items),
        "units": [
            {
                "unit": unit.name,
                "result": unit.result.value,
                "counts": dict(unit.counts),
                "message": unit.message,
            }
            for unit in summary.units
        ],
        "notes": list(summary.notes),
    }


def _tables(summary: Summary | None) -> tuple[Table, ...]:
    units, items = (summary.units, summary.items) if summary else ((), {})
    if len(units) == 1:
        return (_one(units[0]),)
    if units:
        return (_units(units),)
    return (_items(items),) if any(items.values()) else ()


def _items(items: Mapping[str, int]) -> Table:
    """A job without units is judged by what it counted."""
    return Table(title="", columns=("item", "count"), rows=tuple(items.items()))


def _one(unit: Unit) -> Table:
    """Write one unit downwards, which any terminal is wide enough for."""
    rows: list[tuple[str, str | int]] = [("result", unit.result.value), *unit.counts.items()]
    if unit.message:
        rows.append(("message", unit.message))
    return Table(title="", columns=("unit", unit.name), rows=rows)


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
