"""Whether a file may be booked: the guards against half a file and a wrong one."""

from __future__ import annotations

from collections.abc import Iterator

from domain.errors import Refused
from domain.jobs.supplier_import.ports import Tally
from domain.jobs.supplier_import.setting import Guards, ImportSetting


class Implausible(Refused):
    """The file does not look like the supplier's whole list; nothing was written."""


def error_fault(tally: Tally, setting: ImportSetting) -> str | None:
    """Too many lines cannot be read; no force helps, the setting or the file is wrong."""
    seen, most = tally.lines + tally.rejected, setting.guards.max_errors_percent
    if tally.rejected * 100 <= most * seen:
        return None
    return (
        f"{tally.rejected} of {seen} lines were rejected, allowed are "
        f"{most:g} %: see bin/console suppliers:rejects {setting.supplier_id}, "
        "then correct the setting or the file"
    )


def loss_faults(tally: Tally, guards: Guards) -> Iterator[str]:
    """Too few lines, or too much stock that would vanish; ``force`` passes these once."""
    if tally.lines < guards.min_rows:
        yield f"{tally.lines} lines, expected are at least {guards.min_rows}"
    if tally.emptied * 100 > guards.max_drop_percent * tally.stocked:
        yield (
            f"{tally.emptied} of {tally.stocked} articles in stock would have none, allowed are "
            f"{guards.max_drop_percent:g} %"
        )
