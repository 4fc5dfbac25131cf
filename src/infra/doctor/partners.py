"""Partners' servers: whether they take a connection. Nobody logs in: that may lock an account."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from domain.operating.checkup import Seen, ok, unreachable, wrong
from infra.doctor.network import ANSWER_SECONDS
from infra.partner_settings import (
    DirectoryPartner,
    FtpServer,
    PartnerSetting,
    SftpPartner,
    WebPartner,
)

_USUAL = {"http": 80, "https": 443}


def reachable(setting: PartnerSetting, root: Path) -> Seen:
    """Look at a folder of this host, or knock at a server's port."""
    if isinstance(setting, DirectoryPartner):
        return _folder(root, setting.folder)
    host, port = _address(setting)
    try:
        socket.create_connection((host, port), ANSWER_SECONDS).close()
    except OSError as error:
        return unreachable(f"{host}:{port}: {error.strerror or str(error)}")
    return ok(f"{host}:{port} takes connections; partners:check logs in")


def _folder(root: Path, folder: Path) -> Seen:
    """One within the installation is made at its first use."""
    place = root / folder
    if not place.is_dir():
        return (
            wrong(f"{place} is no folder")
            if folder.is_absolute()
            else ok(f"{place}, made at its first use")
        )
    if not os.access(place, os.W_OK | os.X_OK):
        return wrong(f"{place} may not be written")
    return ok(str(place))


def _address(setting: PartnerSetting) -> tuple[str, int]:
    if isinstance(setting, WebPartner):
        parts = urlsplit(setting.url)
        return parts.hostname or "", parts.port or _USUAL[parts.scheme]
    if isinstance(setting, FtpServer | SftpPartner):
        return setting.host, setting.port
    raise AssertionError(setting)
