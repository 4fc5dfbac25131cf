"""How the Prometheus family is started; none keeps anything but in its data folder."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from servers.finding import Found
from servers.server import Server, web_answers


@dataclass
class Pushgateway:
    """Forgets all at a stop unless ``keep`` writes its groups to a file."""

    keep: bool = False
    arguments: Sequence[str] = ()
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = False

    def prepare(self, found: Found, server: Server) -> None:
        server.folder("data")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        # Debian's build keeps its groups in /var/lib unless told otherwise.
        kept = server.data / "data" / "groups" if self.keep else ""
        address = f"--web.listen-address={server.host}:{server.port}"
        persistence = f"--persistence.file={kept}"
        return [str(found.program), address, persistence, *self.arguments]

    def ready(self, server: Server) -> bool:
        return web_answers(server, "/-/ready")

    def url(self, server: Server) -> str:
        return _web(server)


@dataclass
class Prometheus:
    """``config`` is the text of prometheus.yml; relative rule files are looked for beside it."""

    config: str
    arguments: Sequence[str] = ()
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = False

    def prepare(self, found: Found, server: Server) -> None:
        (server.files / "prometheus.yml").write_text(self.config, encoding="utf-8")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        return [
            *(str(found.program), f"--config.file={server.files / 'prometheus.yml'}"),
            f"--storage.tsdb.path={server.folder('data')}",
            *(f"--web.listen-address={server.host}:{server.port}", "--web.enable-lifecycle"),
            *self.arguments,
        ]

    def ready(self, server: Server) -> bool:
        return web_answers(server, "/-/ready")

    def url(self, server: Server) -> str:
        return _web(server)


@dataclass
class Alertmanager:
    """``config`` is the text of alertmanager.yml; relative templates are looked for beside it."""

    config: str
    arguments: Sequence[str] = ()
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = False

    def prepare(self, found: Found, server: Server) -> None:
        (server.files / "alertmanager.yml").write_text(self.config, encoding="utf-8")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        return [
            *(str(found.program), f"--config.file={server.files / 'alertmanager.yml'}"),
            f"--storage.path={server.folder('data')}",
            *(f"--web.listen-address={server.host}:{server.port}", "--cluster.listen-address="),
            *self.arguments,
        ]

    def ready(self, server: Server) -> bool:
        return web_answers(server, "/-/ready")

    def url(self, server: Server) -> str:
        return _web(server)


def _web(server: Server) -> str:
    return f"http://{server.host}:{server.port}"
