"""A shop whose owners can be told: mail server, Alertmanager, and those who listen behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from private_shop import IMPORT, Shop

SLOTS = tuple(f"2026-11-21T{hour:02}:07:00Z" for hour in range(24))

GOOD = [("A-1", 3, "10,00"), ("A-2", 4, "11,00")]

MAIL = """
[channel.{name}]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
from = "crontract@shop.example"
to = ["{to}"]
"""

MANAGER = """
[channel.alertmanager]
kind = "alertmanager"
url = "{url}"
"""

ROUTES = """
route:
  receiver: nobody
  group_by: ["..."]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - matchers: ['severity="page"']
      receiver: runtime
      continue: true
      group_by: ["..."]
    - matchers: ['domain_owner=~"(.*,)?stock-import(,.*)?"']
      receiver: domain
      group_by: ["..."]
receivers:
  - name: nobody
  - name: runtime
    webhook_configs: [{{url: "{runtime}", send_resolved: true}}]
  - name: domain
    webhook_configs: [{{url: "{domain}", send_resolved: true}}]
"""


def mail_channel(name: str, port: int, to: str) -> str:
    return MAIL.format(name=name, port=port, to=to)


def owners(**channels: list[str]) -> str:
    """Route owners to channels: ``Shared_Ops=["ops"]``."""
    lines = [
        f'"{name.replace("_", " ")}" = {json.dumps(names)}' for name, names in channels.items()
    ]
    return "\n[owner]\n" + "\n".join(lines) + "\n"


def configure_alerts(shop: Shop, alerts: str) -> None:
    """Put channels and owners in the place of the shipped ones; impacts stay."""
    file = shop.root / "config" / "alerts.toml"
    impact = file.read_text("utf-8").partition("[impact]")[2]
    file.write_text(f"{alerts}\n[impact]{impact}", "utf-8")


class AlertShop(Shop):
    """One supplier whose file is broken or not, at will."""

    def __init__(self, root: Path, alerts: str, *, url: str = "") -> None:
        super().__init__(root, url=url)
        self.configure(alerts)
        self.add_supplier(1)

    def configure(self, alerts: str) -> None:
        configure_alerts(self, alerts)

    def fire(self, slot: str, *words: str, **environment: str) -> int:
        """Start the import as a schedule does; gives the exit code."""
        words = words or (IMPORT, "--supplier=1")
        done = self.console(
            *words, f"--scheduled-at={slot}", CRON_TRIGGER="schedule", **environment
        )
        return done.returncode

    def break_feed(self) -> None:
        self.deliver(1, [])
        file = self.root / "var" / "import" / "1" / "stock.csv"
        file.write_text("no;such;columns\n1;2;3\n", "utf-8")

    def mend_feed(self) -> None:
        self.deliver(1, GOOD)

    def incidents(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.read("incidents:list", *words)
        return found

    def read(self, *words: str) -> Any:
        done = self.console(*words, "--format=json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def heard(mails: list[EmailMessage]) -> list[tuple[str, str]]:
    """Who got which kind of mail, in order."""
    return [
        (str(mail["To"]).partition("@")[0], mail["Subject"].partition("]")[0][1:]) for mail in mails
    ]


class Listener:
    """A webhook receiver that keeps what Alertmanager posts to it."""

    def __init__(self) -> None:
        self.posts: list[Mapping[str, Any]] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._answer())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def _answer(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                listener.keep(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Answer

    def keep(self, post: Mapping[str, Any]) -> None:
        with self._news:
            self.posts.append(post)
            self._news.notify_all()

    def states(self, count: int, seconds: float = 30) -> list[tuple[str, str]]:
        """Wait for so many posts; gives their states and the jobs they name."""
        with self._news:
            arrived = self._news.wait_for(lambda: len(self.posts) >= count, timeout=seconds)
        assert arrived, self.posts
        return [(p["status"], p["alerts"][0]["labels"]["cron_job"]) for p in self.posts]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
