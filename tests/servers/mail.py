"""A private mail server: what it received, and how it misbehaves."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from servers.certificate import Certificate, certificate
from servers.finding import Found
from servers.server import Server, answers

_CHILD = Path(__file__).with_name("smtp_child.py")


@dataclass
class Smtp:
    """``login`` is (user, password); ``tls`` is "", "starttls" (required) or "implicit"."""

    login: tuple[str, str] | None = field(default=None, repr=False)
    tls: str = ""
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = False

    def prepare(self, found: Found, server: Server) -> None:
        (server.files / "mails").mkdir()
        behave(server)

    def command(self, found: Found, server: Server) -> Sequence[str]:
        shown = self.certificate(server)
        order = {
            "host": server.host,
            "port": server.port,
            "folder": str(server.files),
            "login": self.login,
            "tls": self.tls,
            "certificate": str(shown.file) if shown else "",
            "key": str(shown.key) if shown else "",
        }
        return [sys.executable, "-I", str(_CHILD), json.dumps(order)]

    def certificate(self, server: Server) -> Certificate | None:
        return certificate(server.files) if self.tls else None

    def ready(self, server: Server) -> bool:
        if self.tls == "implicit":
            return server.listens()
        return answers(server, b"", b"220 ")

    def url(self, server: Server) -> str:
        login = ":".join(self.login) + "@" if self.login else ""
        scheme = "smtps" if self.tls == "implicit" else "smtp"
        return f"{scheme}://{login}{server.host}:{server.port}"


class MailServer(Server):
    """Keeps what it accepts; X-Envelope-From and X-Envelope-To tell who really got it."""

    def mails(self) -> list[EmailMessage]:
        """Give the mails received so far, the oldest first."""
        files = sorted((self.files / "mails").glob("*.eml"))
        texts = [file.read_bytes().replace(b"\r\n", b"\n") for file in files]
        return [message_from_bytes(text, policy=policy.default) for text in texts]

    def refuse(self, answer: str, at: str = "RCPT", *, only: str = "", times: int = 0) -> None:
        """Answer with ``451 later`` or ``550 never`` at CONNECT, MAIL, RCPT or DATA.

        To ``only`` the recipients with this in their address, and only so many ``times``.
        """
        behave(self, refuse=answer, at=at, only=only, times=times)

    def drop(self, at: str = "DATA", *, only: str = "", times: int = 0) -> None:
        """Cut the connection there without a word."""
        behave(self, drop=True, at=at, only=only, times=times)

    def hang(self, at: str = "DATA") -> None:
        """Keep the connection and say nothing more from there on."""
        behave(self, hang=True, at=at)

    def accept(self) -> None:
        """Take every mail again."""
        behave(self)

    @property
    def certificate(self) -> Path:
        """Give the certificate that a client has to trust."""
        return self.files / "certificate.pem"


def behave(server: Server, **behaviour: Any) -> None:
    usual = {"refuse": "", "hang": False, "drop": False, "at": "", "only": "", "times": 0}
    unfinished = server.files / "behaviour.part"
    unfinished.write_text(json.dumps(usual | behaviour), encoding="utf-8")
    unfinished.rename(server.files / "behaviour.json")
