"""A partner's folder below an http:// or https:// address."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import BinaryIO
from urllib.parse import quote

from urllib3 import BaseHTTPResponse, make_headers

from domain.operating.ports import Clock
from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    QuotaReached,
    TransferBroken,
)
from domain.transfers.ports import RemoteFile
from infra.partner_settings import WebPartner
from infra.transfers.local import CHUNK_BYTES, LocalFile
from infra.transfers.login import Login
from infra.transfers.names import plain
from infra.web.client import Answer, WebClient

_PARTIAL, _UNAUTHORIZED, _TOO_LARGE, _NO_ROOM = 206, 401, 413, 507
_GONE, _UNKNOWN_METHOD = (404, 410), (405, 501)


@contextmanager
def web(setting: WebPartner, login: Login, timeout: float, clock: Clock) -> Iterator[WebFolder]:
    """Make ready; there is no connection before the first request."""
    base = setting.url if setting.url.endswith("/") else f"{setting.url}/"
    client = WebClient(base, clock, ca_file=setting.ca_file, timeout_seconds=timeout)
    with closing(client):
        yield WebFolder(client, _identity(setting, login), setting.files, timeout)


def _identity(setting: WebPartner, login: Login) -> Mapping[str, str]:
    # As the file is: packed on the way it could be neither measured nor continued.
    plainly = {"Accept-Encoding": "identity"}
    if setting.token:
        return {**plainly, "Authorization": f"Bearer {login.secret(setting.token)}"}
    if setting.password:
        pair = f"{setting.user}:{login.secret(setting.password)}"
        return {**plainly, **make_headers(basic_auth=pair)}
    return plainly


@dataclass(frozen=True)
class WebFolder:
    """The web renames nothing: a file that was put is complete, or it is not there."""

    client: WebClient
    headers: Mapping[str, str]
    names: Sequence[str]
    timeout: float
    stages = False

    def files(self) -> Sequence[RemoteFile]:
        """Look for each name that the setting gives."""
        found = [self._looked_up(name) for name in self.names]
        return [file for file in found if file is not None]

    def size(self, name: str) -> int | None:
        found = self._looked_up(name)
        return found.size_bytes if found else None

    def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
        local = LocalFile(into)
        wanted = {"Range": f"bytes={offset}-"} if offset else {}
        asked = self.client.answering(
            "GET", _path(name), within=self._within, headers={**self.headers, **wanted}
        )
        with asked as response:
            if not 200 <= response.status < 300:  # noqa: PLR2004 - the class of success
                raise _failure(self.client.answer(response))
            skip = 0 if response.status == _PARTIAL else offset
            for chunk in _stream(response):
                local.write(chunk[skip:])
                skip = max(0, skip - len(chunk))

    def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
        if offset:
            raise PartnerRefused(f"{name}: the web takes no half files")
        headers = {**self.headers, "Content-Length": str(_left(content))}
        _good(
            self.client.call(
                "PUT", _path(name), within=self._within, headers=headers, body=LocalFile(content)
            )
        )

    def rename(self, name: str, to: str) -> None:
        raise PartnerRefused(f"{name}: the web renames nothing, so not to {to} either")

    def remove(self, name: str) -> None:
        answer = self._call("DELETE", name)
        if answer.status not in _GONE:
            _good(answer)

    def _looked_up(self, name: str) -> RemoteFile | None:
        """Ask by HEAD; a server that does not know it says nothing about size and time."""
        answer = self._call("HEAD", name)
        if answer.status in _GONE:
            return None
        if answer.status in _UNKNOWN_METHOD:
            return RemoteFile(name=name, size_bytes=None, modified=None)
        headers = _good(answer).headers
        length = headers.get("Content-Length", "")
        return RemoteFile(
            name=name,
            size_bytes=int(length) if length.isdigit() else None,
            modified=_instant(headers.get("Last-Modified", "")),
        )

    def _call(self, method: str, name: str) -> Answer:
        return self.client.call(method, _path(name), within=self._within, headers=self.headers)

    @property
    def _within(self) -> timedelta:
        return timedelta(seconds=self.timeout)


def _path(name: str) -> str:
    return f"./{quote(plain(name), safe='')}"


def _left(content: BinaryIO) -> int:
    """Measure what is still to be read."""
    here = content.tell()
    end = content.seek(0, os.SEEK_END)
    content.seek(here)
    return end - here


def _stream(response: BaseHTTPResponse) -> Iterator[bytes]:
    return response.stream(CHUNK_BYTES, decode_content=False)


def _instant(said: str) -> datetime | None:
    """Read a date of the web, which is UTC where it names no zone, or -0000."""
    try:
        read = parsedate_to_datetime(said)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _good(answer: Answer) -> Answer:
    if not answer.is_good:
        raise _failure(answer)
    return answer


def _failure(answer: Answer) -> TransferBroken | PartnerRefused:
    known = {_UNAUTHORIZED: LoginRefused, _TOO_LARGE: QuotaReached, _NO_ROOM: QuotaReached}
    error = answer.failure()
    return known[answer.status](str(error)) if answer.status in known else error
