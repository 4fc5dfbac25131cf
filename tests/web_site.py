"""A web site on this host that answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """Answers by the path asked for."""

    answers: dict[str, Answer]
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.headers["Host"], self.path))
        self.answers[self.path.partition("?")[0]](self)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_site() -> Iterator[ThreadingHTTPServer]:
    own = type("OwnSite", (Asked,), {"answers": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), own)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def answers(site: ThreadingHTTPServer, **paths: Answer) -> str:
    """Set what is answered; gives the site's address."""
    own: Any = site.RequestHandlerClass
    own.answers.update({f"/{path}": answer for path, answer in paths.items()})
    return f"http://127.0.0.1:{site.server_port}"
