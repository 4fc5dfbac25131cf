"""A mail server that keeps each mail in a file: a script of its own, ``smtp_child.py {...}``.

What it refuses and where it hangs is read anew at every command, so a test can change its mind.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Box:
    """Answers as the behaviour file says: CONNECT, EHLO, MAIL, RCPT, the DATA command, DATA."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._met: Counter[str] = Counter()

    async def answer(self, place: str, server: SMTP, about: str = "") -> str:
        """Give the refusal, if any; may never come back."""
        written = (self._folder / "behaviour.json").read_text("utf-8")
        behaviour = json.loads(written)
        if behaviour["at"] != place or behaviour["only"] not in about:
            return ""
        self._met[written] += 1
        if 0 < behaviour["times"] < self._met[written]:
            return ""
        if behaviour["drop"]:
            cast(asyncio.Transport, server.transport).abort()
        if behaviour["drop"] or behaviour["hang"]:
            await asyncio.Event().wait()
        return str(behaviour["refuse"])

    async def handle_MAIL(  # noqa: N802 - the library looks for these names
        self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        if refusal := await self.answer("MAIL", server):
            return refusal
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self.answer("RCPT", server, address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := await self.answer("DATA", server, envelope.rcpt_tos[0]):
            return refusal
        marks = f"X-Envelope-From: {envelope.mail_from}\r\n" + "".join(
            f"X-Envelope-To: {address}\r\n" for address in envelope.rcpt_tos
        )
        name = f"{len(list(self._folder.glob('mails/*.eml'))):06}-{uuid.uuid4().hex[:8]}"
        unfinished = self._folder / "mails" / f"{name}.part"
        unfinished.write_bytes(marks.encode() + bytes(envelope.original_content or b""))
        unfinished.rename(unfinished.with_suffix(".eml"))
        return "250 OK"


class Greeter(SMTP):
    """Hangs before its greeting if told so."""

    async def _handle_client(self) -> None:
        if refusal := await self.event_handler.answer("CONNECT", self):
            await self.push(refusal)
            self._writer.close()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Meet what is to happen before the mail itself was sent."""
        if refusal := await self.event_handler.answer("DATA command", self):
            await self.push(refusal)
            return
        await super().smtp_DATA(arg)


def main() -> None:
    """Serve until the end."""
    asyncio.run(_serve(json.loads(sys.argv[1])))


async def _serve(order: dict[str, Any]) -> None:
    box = Box(Path(order["folder"]))
    options: dict[str, Any] = {"hostname": "localhost", "enable_SMTPUTF8": True}
    context = None
    if order["certificate"]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(order["certificate"], order["key"])
    if order["tls"] == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if order["login"]:
        options |= _login(order)
    server = await asyncio.get_running_loop().create_server(
        lambda: Greeter(box, **options),
        order["host"],
        order["port"],
        ssl=context if order["tls"] == "implicit" else None,
    )
    async with server:
        await server.serve_forever()


def _login(order: dict[str, Any]) -> dict[str, Any]:
    user, password = (word.encode() for word in order["login"])

    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, given: LoginPassword
    ) -> AuthResult:
        right = (given.login, given.password) == (user, password)
        return AuthResult(success=right, handled=False)

    return {
        "authenticator": check,
        "auth_required": True,
        # A server for tests may take a password without TLS.
        "auth_require_tls": order["tls"] == "starttls",
    }


if __name__ == "__main__":
    main()
