"""A database's address taken apart by the standard library, before any driver is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import ConfigurationInvalid

SQLITE, POSTGRESQL, MARIADB = "sqlite", "postgresql", "mariadb"

_KINDS = {
    "sqlite": SQLITE,
    "sqlite+pysqlite": SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    "postgresql+psycopg": POSTGRESQL,
    "mysql": MARIADB,
    "mysql+pymysql": MARIADB,
    "mariadb": MARIADB,
    "mariadb+pymysql": MARIADB,
}

_PORTS = {POSTGRESQL: 5432, MARIADB: 3306}

EXAMPLES = "sqlite:///var/crontract.db, postgresql://USER@HOST/NAME or mariadb://USER@HOST/NAME"

_SIGNS = " (in a password # is %23, / is %2F, ? is %3F)"


@dataclass(frozen=True, kw_only=True)
class Address:
    """One database. ``options`` go to the driver: ``sslmode`` or ``ssl_ca``, for example."""

    kind: str
    path: Path = Path()
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_server(self) -> bool:
        return self.kind != SQLITE

    @property
    def place(self) -> str:
        """Name the database for people, without its password."""
        if not self.is_server:
            return str(self.path)
        return f"{self.kind} {self.user}@{self.host}:{self.port}/{self.database}"


def address_of(url: str) -> Address:
    """Read an address. Raises ConfigurationInvalid, which never repeats the address itself."""
    scheme = url.partition(":")[0]
    kind = _KINDS.get(scheme)
    if kind is None or "://" not in url:
        raise ConfigurationInvalid(f"database.url {scheme}: write {EXAMPLES}")
    if kind == SQLITE:
        return Address(kind=kind, path=_sqlite_path(url))
    try:
        return _server(kind, url)
    except ValueError as error:  # its text may hold a part of the password
        raise ConfigurationInvalid(
            f"database.url is no address: write {EXAMPLES}{_SIGNS}"
        ) from error


def shown(url: str) -> str:
    """Write the address for people, without its password."""
    address = address_of(url)
    if not address.is_server:
        return url
    user = f"{address.user}@" if address.user else ""
    return f"{address.kind}://{user}{address.host}:{address.port}/{address.database}"


def _server(kind: str, url: str) -> Address:
    from urllib.parse import parse_qsl, unquote, urlsplit

    parts = urlsplit(url)
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        raise ConfigurationInvalid(f"database.url names no database: write {EXAMPLES}{_SIGNS}")
    return Address(
        kind=kind,
        host=parts.hostname or "localhost",
        port=parts.port or _PORTS[kind],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=database,
        options=dict(parse_qsl(parts.query)),
    )


def _sqlite_path(url: str) -> Path:
    scheme, separator, path = url.partition(":///")
    if not separator or not path:
        raise ConfigurationInvalid(f"database.url {scheme}: write {EXAMPLES}")
    return Path(path)
