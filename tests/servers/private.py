"""A server for one test, to be cut, stopped and started again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal, overload

from servers.cron import Cron
from servers.finding import Found, Missing
from servers.mail import MailServer, Smtp
from servers.monitoring import Alertmanager, Prometheus, Pushgateway
from servers.partners import Sshd, Vsftpd
from servers.recipes import MariaDb, PostgreSql, Redis
from servers.record import wanted, without
from servers.server import Recipe, Server

_RECIPES: dict[str, Callable[..., Recipe]] = {
    "postgresql": PostgreSql,
    "mariadb": MariaDb,
    "redis": Redis,
    "pushgateway": Pushgateway,
    "prometheus": Prometheus,
    "alertmanager": Alertmanager,
    "cron": Cron,
    "smtp": Smtp,
    "sshd": Sshd,
    "vsftpd": Vsftpd,
}


@overload
def private(
    name: Literal["smtp"], folder: Path, **options: Any
) -> AbstractContextManager[MailServer]: ...


@overload
def private(name: str, folder: Path, **options: Any) -> AbstractContextManager[Server]: ...


def private(name: str, folder: Path, **options: Any) -> AbstractContextManager[Server]:
    """Start a server of its own; its configuration, log and mails are in the folder.

    A variable like CRON_TEST_REDIS_URL is not used: what is private may be killed.
    """
    return _running(name, folder, _RECIPES[name](**options))


@contextmanager
def _running(name: str, folder: Path, recipe: Recipe) -> Iterator[Server]:
    server = _server(name, folder, recipe)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _server(name: str, folder: Path, recipe: Recipe) -> Server:
    try:
        if name != "smtp":
            return Server(recipe, wanted(name, private=True), files=folder)
        python = Found(name, "wheel", program=Path(sys.executable))
        return MailServer(recipe, python, files=folder)
    except Missing as missing:
        without(name, missing)
