"""A partner's web interface on this host; each platform's own rules stand in a subclass."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked; header names in small letters."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered. ``cut`` breaks off in the middle of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> Reply:
        """Answer in JSON."""
        said = {"Content-Type": "application/json"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status=status, body=json.dumps(content).encode(), headers=said)

    def packed(self) -> Reply:
        """Give the same answer compressed."""
        headers = {**self.headers, "Content-Encoding": "gzip"}
        return Reply(status=self.status, body=gzip.compress(self.body), headers=headers)


class Site(Protocol):
    """Answers one request; called by one thread at a time."""

    def answer(self, request: Request) -> Reply: ...


@dataclass
class Running:
    """A site that listens: its address, and what it was asked."""

    address: str
    asked: list[Request]


@contextmanager
def listening(site: Site) -> Iterator[Running]:
    """Serve a site on a free port of this host until the block ends."""
    asked: list[Request] = []
    one_by_one = threading.Lock()

    class _Asked(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            address = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=address.path,
                query=parse_qs(address.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            )
            with one_by_one:
                asked.append(request)
                reply = site.answer(request)
            self._say(reply)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 - the base calls them

        def _say(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            body = reply.body[: len(reply.body) // 2] if reply.cut else reply.body
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = self.close_connection or reply.cut

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Asked)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Running(address=f"http://127.0.0.1:{server.server_port}", asked=asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
