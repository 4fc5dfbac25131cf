"""A partner's folder behind a web address, which takes files by PUT."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

from partner_hosts import PASSWORD, PartnerHost
from partner_site import Reply, Request, listening

_BASIC = "Basic " + base64.b64encode(f"shop:{PASSWORD}".encode()).decode()


@dataclass
class WebDisk:
    """Answers GET with ranges, HEAD, PUT and DELETE below /files/; ``without`` names none of it."""

    folder: Path
    without: tuple[str, ...] = ()
    cuts: int = 0
    most_bytes: int = 1 << 30

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != _BASIC:
            return Reply(status=401)
        if request.method in self.without:
            return Reply(status=405)
        path = self.folder / unquote(request.path).removeprefix("/files/")
        if request.method == "PUT":
            return self._put(path, request)
        return self._read(path, request) if path.is_file() else Reply(status=404)

    def _put(self, path: Path, request: Request) -> Reply:
        if len(request.body) > self.most_bytes:
            return Reply(status=507)
        path.write_bytes(request.body)
        return Reply(status=201)

    def _read(self, path: Path, request: Request) -> Reply:
        if request.method == "DELETE":
            path.unlink()
            return Reply(status=204)
        headers = {"Last-Modified": formatdate(path.stat().st_mtime, usegmt=True)}
        body, start = path.read_bytes(), request.headers.get("range", "")
        cut, self.cuts = self.cuts > 0 and request.method == "GET", max(0, self.cuts - 1)
        if start and "RANGE" not in self.without:
            offset = int(start.removeprefix("bytes=").removesuffix("-"))
            return Reply(status=206, body=body[offset:], headers=headers, cut=cut)
        return Reply(body=body, headers=headers, cut=cut)


@contextmanager
def web_host(disk: WebDisk) -> Iterator[PartnerHost]:
    disk.folder.mkdir(exist_ok=True)
    with listening(disk) as site:
        setting = {
            "kind": "http",
            "url": f"{site.address}/files",
            "user": "shop",
            "password": "secret:mak/password",
            "files": ["größe 5.csv", "a", "b"],
        }
        yield PartnerHost(setting, disk.folder, {"mak/password": PASSWORD})
