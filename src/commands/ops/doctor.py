"""doctor: everything that a run needs, looked at once, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import typer

from commands.result import Table
from domain.operating.checkup import Check, Looked, Seen, State, examine, verdict


class Doctor:
    """Checks everything a run needs, each thing for itself, in three seconds at the most."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console doctor",
        "bin/console doctor --only=database,locks",
        "bin/console doctor --quiet && echo fit",
        "bin/console doctor --env=prod --format=json",
    )

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks

    def __call__(
        self,
        only: Annotated[
            str, typer.Option(metavar="CHECKS", help="Only these, parted by commas.")
        ] = "",
    ) -> Table:
        answers = examine(self._chosen(only))
        return Table(
            columns=("check", "state", "found"),
            rows=[(looked.check.name, seen.state.value, seen.found) for looked, seen in answers],
            notes=_advice(answers),
            exit_code=verdict([seen for _, seen in answers]),
            documents={"json": [_data(looked, seen) for looked, seen in answers]},
        )

    def _chosen(self, only: str) -> Sequence[Check]:
        names = [name.strip() for name in only.split(",") if name.strip()]
        known = [check.name for check in self._checks]
        strange = [name for name in names if name not in known]
        if strange:
            raise typer.BadParameter(f"no check {', '.join(strange)}; there are {', '.join(known)}")
        return [check for check in self._checks if not names or check.name in names]


def _advice(answers: Sequence[tuple[Looked, Seen]]) -> list[str]:
    """Say each thing to do once, with every check that it puts right."""
    names: dict[str, list[str]] = {}
    for looked, seen in answers:
        if seen.state in (State.WARN, State.FAIL):
            names.setdefault(seen.advice, []).append(looked.check.name)
    to_do = [f"  {', '.join(checks)}: {advice}" for advice, checks in names.items()]
    return ["", "to do:", *to_do] if to_do else ["", "fit to run"]


def _data(looked: Looked, seen: Seen) -> dict[str, object]:
    return {
        "check": looked.check.name,
        "state": seen.state.value,
        "found": seen.found,
        "do": seen.advice,
        "seconds": round(looked.seconds, 3),
    }
