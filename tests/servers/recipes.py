"""How each database and cache is set up, started and asked whether it is ready."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

from servers.finding import Found
from servers.server import Broken, Server, answers

DATABASE = "crontract"


@dataclass
class PostgreSql:
    """``fsync=off`` outlives a killed server, not a power cut: enough for tests."""

    arguments: Sequence[str] = ()
    ending: signal.Signals = signal.SIGINT  # fast shutdown: it does not wait for clients
    drops_root: bool = True

    def prepare(self, found: Found, server: Server) -> None:
        server.grow_from_seed(self._initialise)

    def _initialise(self, server: Server) -> None:
        """Sort as a shop's server does, "a" before "B", where the program was built for it."""
        try:
            self._initdb(server, "--locale-provider=icu", "--icu-locale=en-US")
        except Broken:
            self._initdb(server)

    def _initdb(self, server: Server, *sorting: str) -> None:
        server.run(
            *(str(server.found.tool("initdb")), "-D", str(server.folder("data"))),
            *("-A", "trust", "-U", "postgres", "--no-sync"),
            *("--encoding=UTF8", "--locale=C", *sorting),
        )

    def command(self, found: Found, server: Server) -> Sequence[str]:
        settings = {
            "listen_addresses": server.host,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        pairs = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        data = str(server.data / "data")
        return [str(found.program), "-D", data, "-p", str(server.port), *pairs, *self.arguments]

    def ready(self, server: Server) -> bool:
        import psycopg

        with suppress(psycopg.OperationalError):
            address = f"host={server.host} port={server.port} user=postgres"
            with psycopg.connect(address, dbname="postgres", autocommit=True) as connection:
                names = connection.execute("SELECT datname FROM pg_database").fetchall()
                if (DATABASE,) not in names:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        return False

    def url(self, server: Server) -> str:
        return f"postgresql://postgres@{server.host}:{server.port}/{DATABASE}"


@dataclass
class MariaDb:
    """Set up with the character set that Debian's packages choose."""

    arguments: Sequence[str] = ()
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = True
    _LOG_SIZE: ClassVar[str] = "--innodb-log-file-size=16M"
    _LENT: ClassVar[dict[str, str]] = {
        "--lc-messages-dir": "usr/share/mysql",
        "--plugin-dir": "usr/lib/mysql/plugin",
    }

    def prepare(self, found: Found, server: Server) -> None:
        server.grow_from_seed(self._initialise)

    def _initialise(self, server: Server) -> None:
        account = ["--user=nobody"] if server.account else []
        install = server.found.tool("mariadb-install-db")
        server.run(
            *(str(install), "--no-defaults", *self._places(server.found), *account),
            *(f"--datadir={server.folder('data')}", self._LOG_SIZE, _own_room(server)),
            *("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"),
        )

    def command(self, found: Found, server: Server) -> Sequence[str]:
        data = server.data / "data"
        return [
            *(str(found.program), "--no-defaults", *self._places(found), f"--datadir={data}"),
            # A MariaDB that starts clears the temporary tables of all others from /tmp.
            f"--tmpdir={server.folder('tmp')}",
            *(f"--socket={data / 's'}", f"--pid-file={data / 'pid'}", f"--port={server.port}"),
            *(f"--bind-address={server.host}", "--local-infile=1", "--skip-name-resolve"),
            *("--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"),
            *("--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M"),
            *("--skip-innodb-doublewrite", "--innodb-flush-method=nosync", self._LOG_SIZE),
            _own_room(server),
            *self.arguments,
        ]

    def ready(self, server: Server) -> bool:
        import pymysql

        with suppress(pymysql.err.OperationalError):
            connection = pymysql.connect(host=server.host, port=server.port, user="root")
            with connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
            return True
        return False

    def url(self, server: Server) -> str:
        return f"mariadb://root@{server.host}:{server.port}/{DATABASE}"

    def _places(self, found: Found) -> list[str]:
        """Name the folders that are compiled in where the package was only unpacked."""
        if found.origin != ".servers":
            return []
        lent = [f"{option}={found.root / path}" for option, path in self._LENT.items()]
        return [f"--basedir={found.root / 'usr'}", *lent]


def _own_room(server: Server) -> str:
    """A server that starts removes the temporary files of every other one in the same folder."""
    return f"--tmpdir={server.folder('tmp')}"


@dataclass
class Redis:
    """In memory only, with many database numbers."""

    databases: int = 4096
    password: str = field(default="", repr=False)
    arguments: Sequence[str] = ()
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = False

    def prepare(self, found: Found, server: Server) -> None:
        server.folder("data")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        return [
            *(str(found.program), "--port", str(server.port), "--bind", server.host),
            *("--save", "", "--appendonly", "no", "--dir", str(server.data / "data")),
            *("--databases", str(self.databases)),
            *(("--requirepass", self.password) if self.password else ()),
            *self.arguments,
        ]

    def ready(self, server: Server) -> bool:
        login = f"AUTH {self.password}\r\n" if self.password else ""
        expected = b"+OK" if self.password else b"+PONG"
        return answers(server, f"{login}PING\r\n".encode(), expected)

    def url(self, server: Server) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"redis://{login}{server.host}:{server.port}/0"
