"""Mails into a folder, one file each: to look at them without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from domain.mail.failures import MailServerRefused
from domain.mail.ports import Mail, MailSession
from infra.mail.message import Sender


class MailFolder:
    """The Mailer port; the same mail again replaces its file."""

    def __init__(self, folder: Path, sender: Sender, now: Callable[[], datetime]) -> None:
        self._folder, self._sender, self._now = folder, sender, now

    @contextmanager
    def session(self) -> Iterator[MailSession]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MailServerRefused(f"{self._folder} cannot be used: {error.strerror}") from error
        yield self

    def message_id(self, key: str) -> str:
        return self._sender.message_id(key)

    def send(self, mail: Mail) -> str:
        file = self._folder / f"{mail.key}.eml"
        part = file.with_suffix(".part")
        try:
            part.write_bytes(self._sender.message(mail, self._now()).as_bytes())
            part.rename(file)
        except OSError as error:
            raise MailServerRefused(f"{file} cannot be written: {error.strerror}") from error
        return f"kept as {file}"
