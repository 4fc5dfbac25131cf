"""A partner's folder, as jobs see it: by directory, FTP, FTPS, SFTP or HTTP(S)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One regular file; None where the partner's listing does not tell."""

    name: str
    size_bytes: int | None
    modified: datetime | None


class Folder(Protocol):
    """One connected folder; names are plain file names within it.

    Every call may raise TransferBroken, PartnerRefused or QuotaReached.
    """

    @property
    def stages(self) -> bool:
        """False where a file is complete under its own name or not there at all (HTTP PUT)."""
        ...

    def files(self) -> Sequence[RemoteFile]: ...
    def size(self, name: str) -> int | None:
        """Bytes that the partner has of a file; None where there is none."""
        ...

    def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
        """Write the file's bytes from ``offset`` on into an open file."""
        ...

    def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
        """Send what is left of ``content``; with an offset, behind what is there already."""
        ...

    def rename(self, name: str, to: str) -> None:
        """Give a file another name, in place of a file that has it already."""
        ...

    def remove(self, name: str) -> None:
        """Delete a file; one that is not there is no fault."""
        ...


class Partners(Protocol):
    """The partners of config/partners.toml by name."""

    def verify(self, partner: str) -> None:
        """Check setting and secrets before anything is built. Raises ConfigurationInvalid."""
        ...

    def folder(self, partner: str, within: timedelta) -> AbstractContextManager[Folder]:
        """Connect; no single wait is longer than ``within`` or the partner's own time-out.

        Raises ConfigurationInvalid, LoginRefused, PartnerUnproven, TransferBroken.
        """
        ...
