"""A RabbitMQ of the benchmark's own, on loopback ports, where this machine has the program."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from bench.timing import ROOT

# Not the wrapper on PATH, which insists on the package's own account.
_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class _Recipe:
    """As the package comes; it meets no other node, and finds its own names in a private epmd."""

    ending: ClassVar[signal.Signals] = signal.SIGTERM
    drops_root: ClassVar[bool] = False

    def __init__(self, names_port: int, nodes_port: int) -> None:
        self._names_port, self._nodes_port = names_port, nodes_port

    def prepare(self, found: Any, server: Any) -> None:
        """It makes its folders by itself."""

    def command(self, found: Any, server: Any) -> Sequence[str]:
        folder = server.data
        settings = {
            "ERL_EPMD_ADDRESS": server.host,
            "ERL_EPMD_PORT": self._names_port,
            "RABBITMQ_NODENAME": "bench@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": server.host,
            "RABBITMQ_NODE_PORT": server.port,
            "RABBITMQ_DIST_PORT": self._nodes_port,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": folder / "mnesia",
            "RABBITMQ_LOG_BASE": folder / "log",
            "RABBITMQ_PID_FILE": folder / "pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
        }
        return ["env", *(f"{name}={value}" for name, value in settings.items()), str(found.program)]

    def ready(self, server: Any) -> bool:
        return bool(server.listens())

    def url(self, server: Any) -> str:
        return f"amqp://guest:guest@{server.host}:{server.port}//"


def missing() -> str:
    """What to do to have one; empty where it is there."""
    found = _PROGRAM.exists() and shutil.which("epmd")
    return "" if found else "install RabbitMQ: apt-get install rabbitmq-server"


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """Give the address of a running one."""
    sys.path.append(str(ROOT / "tests"))
    from servers.finding import Found
    from servers.server import HOST, Server, free_port

    ports = free_port(), free_port()
    names = subprocess.Popen(["epmd", "-address", HOST, "-port", str(ports[0])])
    server = Server(_Recipe(*ports), Found("rabbitmq", "path", program=_PROGRAM), files=folder)
    try:
        server.start()
        yield server.url
    finally:
        server.close()
        names.terminate()
        names.wait()
