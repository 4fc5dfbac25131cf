"""A Pushgateway that a Prometheus scrapes, and what both say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import OK, HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from servers import private
from servers.server import Server

PATIENCE_SECONDS = 20

CONFIG = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms}}
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{{targets: ["{target}"]}}]
"""


class Watched:
    """The two servers."""

    def __init__(self, gateway: Server, prometheus: Server) -> None:
        self.gateway, self.prometheus = gateway, prometheus

    def pushed(self) -> str:
        """Give the jobs' series as the gateway shows them to a scrape."""
        lines = _get(self.gateway, "/metrics").splitlines(keepends=True)
        return "".join(line for line in lines if "cron_" in line and "push_" not in line)

    def wipe(self) -> None:
        """Start the gateway anew; it keeps nothing."""
        self.gateway.stop()
        self.gateway.start()

    def value(self, query: str) -> float | None:
        """Evaluate a query that gives one series; None where there is none."""
        path = f"/api/v1/query?{urlencode({'query': query})}"
        found = json.loads(_get(self.prometheus, path))["data"]["result"]
        assert len(found) <= 1, f"{query}: {found}"
        return float(found[0]["value"][1]) if found else None

    def comes_to(self, query: str, expected: float) -> None:
        """Wait for the scrape that shows it."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while (seen := self.value(query)) != expected:
            assert time.monotonic() < give_up, f"{query} is {seen}, not {expected}"
            time.sleep(0.05)


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Start both on free ports."""
    with private("pushgateway", folder) as gateway:
        config = CONFIG.format(target=f"{gateway.host}:{gateway.port}")
        with private("prometheus", folder, config=config) as prometheus:
            yield Watched(gateway, prometheus)


def _get(server: Server, path: str) -> str:
    connection = HTTPConnection(server.host, server.port, timeout=10)
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status == OK, text
    return text
