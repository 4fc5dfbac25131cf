"""The database's schema for db:migrate and db:status."""

from __future__ import annotations

from pathlib import Path

from infra.sql.address import address_of, shown
from infra.sql.migrate import status, upgrade


class SqlSchema:
    """One database by its address."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def address(self) -> str:
        """The database without its password."""
        return shown(self._url)

    def upgrade(self) -> None:
        """Create the folder and the tables that are missing."""
        if not self._on_server:
            self._file().parent.mkdir(parents=True, exist_ok=True)
        upgrade(self._url)

    def revisions(self) -> tuple[str | None, str | None]:
        """Give the revision that the database has, and the one that this version needs."""
        if self._on_server or self._file().exists():
            return status(self._url)
        from infra.sql.migrate import needed

        return None, needed()

    def _file(self) -> Path:
        return address_of(self._url).path

    @property
    def _on_server(self) -> bool:
        return address_of(self._url).is_server
