"""The third stage's report: what is about to change, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from domain.jobs.vehicle_sync.ports import (
    TOLD,
    Differences,
    How,
    Kind,
    Line,
    Pulled,
    Report,
    Snapshots,
)

TABLE_HEADER = ("kind", "difference", "id", "former id", "before", "after")

_HEADINGS = {
    (Kind.VEHICLE, How.NEW): "New vehicles",
    (Kind.VEHICLE, How.CHANGED): "Changed vehicles",
    (Kind.VEHICLE, How.GONE): "Vehicles that are gone",
    (Kind.VEHICLE, How.RENUMBERED): "Vehicles under another id",
    (Kind.FITMENT, How.NEW): "New fitments",
    (Kind.FITMENT, How.CHANGED): "Changed fitments",
    (Kind.FITMENT, How.GONE): "Fitments that are gone",
}
_BY_NUMBER = frozenset({"content_hash"})
MOST_REJECTS = 20


def report_of(
    book: Snapshots, number: int, run_id: str, warnings: Sequence[str], limits: tuple[int, int]
) -> Report:
    """Write the report; ``limits`` are how many of each the mail and its table name."""
    first, most = limits
    differences = book.differences(number)
    told = [(kind, how) for kind, how in _HEADINGS if differences.of(how, kind)]
    sections = [
        (
            _HEADINGS[kind, how],
            differences.of(how, kind),
            [words(line) for line in book.lines(number, kind, how, first)],
        )
        for kind, how in told
    ]
    is_long = any(count > first for _, count, _ in sections)
    return Report(
        snapshot=number,
        run_id=run_id,
        pulled=book.pulled(number),
        differences=differences,
        warnings=warnings,
        sections=sections,
        rejects=book.rejects(number, MOST_REJECTS),
        table=list(_table(book, number, told, most)) if is_long else (),
    )


def _table(
    book: Snapshots, number: int, told: Sequence[tuple[Kind, How]], most: int
) -> Iterator[Sequence[str]]:
    yield TABLE_HEADER
    left = most
    for kind, how in told:
        for line in book.lines(number, kind, how, left):
            left -= 1
            sides = (_shown(kind, line.before), _shown(kind, line.after))
            yield kind, how, line.item_id, line.former_id or "", *sides


def words(line: Line) -> str:
    """Say one difference in a line."""
    if line.how is How.CHANGED:
        return f"{line.item_id}: {_shown(line.kind, line.before)}: {_changes(line)}"
    if line.how is How.RENUMBERED:
        return f"{line.former_id} is now {line.item_id}: {_shown(line.kind, line.after)}"
    return f"{line.item_id}: {_shown(line.kind, line.after or line.before)}"


def _changes(line: Line) -> str:
    names = [
        name
        for name in line.after
        if name not in _BY_NUMBER and line.before.get(name) != line.after[name]
    ]
    return ", ".join(
        f"{name.replace('_', ' ')} {_value(line.before.get(name))} → {_value(line.after[name])}"
        for name in names
    )


def _shown(kind: Kind, values: Mapping[str, object]) -> str:
    if not values:
        return ""
    if kind is Kind.FITMENT:
        return _wheel(values)
    names = " ".join(
        str(values[name]) for name in ("make", "model", "generation", "engine") if values[name]
    )
    return f"{names} ({_years(values)})"


def _wheel(values: Mapping[str, object]) -> str:
    axle = "" if values["axle"] == "both" else f"{values['axle']} "
    rim = f"{_value(values['rim_width'])}x{_value(values['rim_diameter'])}"
    bolts = f"{_value(values['bolt_count'])}/{_value(values['bolt_circle'])}"
    return (
        f"{values['vehicle_id']} {axle}{values['tyre_size']} on {rim}, {bolts},"
        f" bore {_value(values['centre_bore'])}, offset {_value(values['offset_mm'])}"
    )


def _years(values: Mapping[str, object]) -> str:
    first, last = values["year_from"], values["year_to"]
    if first == last:
        return str(first) if first else "year unknown"
    return f"{first or ''}-{last or ''}"


def _value(value: object) -> str:
    return "?" if value in (None, "") else str(value)


def counts_of(pulled: Pulled) -> Mapping[str, int]:
    return {
        "vehicles": pulled.vehicles,
        "fitments": pulled.fitments,
        "rejected": pulled.rejected,
        "repeated": pulled.repeated,
    }


def changes_of(differences: Differences) -> Mapping[str, int]:
    """Sum vehicles and fitments up, as the run's items."""
    return {how.value: sum(differences.of(how, kind) for kind in Kind) for how in TOLD}
