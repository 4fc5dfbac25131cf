"""Work that goes on over a new connection when a line was cut."""

from __future__ import annotations

from collections.abc import Callable

from domain.operating.ports import ActiveRun
from domain.transfers.failures import TransferBroken
from domain.transfers.ports import Folder, Partners

MOST_DROPS = 3
"""So often work goes on after a line that was cut; what then is left is for the next attempt."""


def over_drops(
    partners: Partners, partner: str, run: ActiveRun, work: Callable[[Folder], None]
) -> None:
    """Connect and do the work; after a drop connect anew and call it again, to do what is left.

    A connection that does not come about is not tried again here: the partner is away.
    """
    drops = 0
    while True:
        with partners.folder(partner, run.remaining) as folder:
            try:
                work(folder)
            except TransferBroken:
                drops += 1
                if drops > MOST_DROPS:
                    raise
            else:
                return
