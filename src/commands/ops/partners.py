"""partners:list and partners:check: who sends and takes files, and whether the way there works."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

import typer

from commands.result import Cell, Facts, Table
from domain.transfers.failures import TransferBroken
from domain.transfers.ports import Folder, Partners

PROBE = "crontract-probe.txt"
_CONTENT = b"crontract was here and will be gone at once\n"
_WITHIN = timedelta(minutes=1)
_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class KnownPartner:
    """What may be shown of a partner: no secret, only where it is kept."""

    name: str
    kind: str
    place: str
    user: str
    secrets: Sequence[str]


KnownPartners = Callable[[], Sequence[KnownPartner]]


class PartnersList:
    """Lists the partners of config/partners.toml."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console partners:list",)

    def __init__(self, known: KnownPartners) -> None:
        self._known = known

    def __call__(self) -> Table:
        return Table(
            columns=("partner", "kind", "place", "user", "secrets"),
            rows=[
                (it.name, it.kind, it.place, it.user or None, ", ".join(it.secrets) or None)
                for it in self._known()
            ],
            empty="no partner; docs/how-to/connect-a-partner.md says how to add one",
        )


class PartnersCheck:
    """Connects to a partner and lists its folder; with --write puts and removes a small file."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console partners:check mak",
        "bin/console partners:check mak --write",
    )

    def __init__(self, partners: Partners) -> None:
        self._partners = partners

    def __call__(
        self,
        name: Annotated[str, typer.Argument(help="The partner's name.")],
        write: Annotated[
            bool, typer.Option("--write", help=f"Put {PROBE} there and remove it.")
        ] = False,
    ) -> Facts:
        self._partners.verify(name)
        with self._partners.folder(name, _WITHIN) as folder:
            files = folder.files()
            facts: dict[str, Cell | Sequence[Cell]] = {"connected": "yes", "files": len(files)}
            if files:
                facts["names"] = [file.name for file in files[:_SHOWN]]
            if write:
                _probe(folder)
                facts["written"] = f"{PROBE}, and removed"
        return Facts(title=f"partner {name}", facts=facts)


def _probe(folder: Folder) -> None:
    """Put a file and take it away; TransferBroken where it is not there as it was sent."""
    folder.put(PROBE, io.BytesIO(_CONTENT))
    there = folder.size(PROBE)
    folder.remove(PROBE)
    if there not in (len(_CONTENT), None):
        raise TransferBroken(f"{there:,} of {len(_CONTENT)} bytes of {PROBE} were there")
