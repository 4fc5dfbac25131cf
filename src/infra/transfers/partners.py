"""The partners of config/partners.toml, each reached in its own way."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

from domain.operating.ports import Clock
from domain.transfers.ports import Folder
from infra.partner_settings import (
    DirectoryPartner,
    FtpServer,
    PartnerSetting,
    SftpPartner,
    WebPartner,
    partner_setting,
)
from infra.transfers.login import Login

_SHORTEST_WAIT_SECONDS = 0.001


class ConfiguredPartners:
    """Reads a partner's setting and secrets anew at each connection: rotation needs no restart."""

    def __init__(self, root: Path, secrets: Path, clock: Clock) -> None:
        self._root, self._clock, self._login = root, clock, Login(secrets)

    def verify(self, partner: str) -> None:
        for reference in partner_setting(self._root, partner).references:
            self._login.secret(reference)

    def folder(self, partner: str, within: timedelta) -> AbstractContextManager[Folder]:
        setting = partner_setting(self._root, partner)
        longest = min(setting.timeout_seconds, within.total_seconds())
        return self._opened(setting, max(longest, _SHORTEST_WAIT_SECONDS))

    def _opened(self, setting: PartnerSetting, timeout: float) -> AbstractContextManager[Folder]:
        """Load the library of this way only."""
        match setting:
            case DirectoryPartner():
                from infra.transfers.directory import directory

                folder = self._root / setting.folder
                return directory(folder, make=not setting.folder.is_absolute())
            case SftpPartner():
                from infra.transfers.sftp import sftp

                return sftp(setting, self._login, timeout)
            case FtpServer():
                from infra.transfers.ftp import ftp

                return ftp(setting, self._login, timeout)
            case WebPartner():
                from infra.transfers.web import web

                return web(setting, self._login, timeout, self._clock)
        raise AssertionError(setting)
