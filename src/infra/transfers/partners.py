"""The partners of config/partners.toml, each reached in its own way."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

from domain.errors import ConfigurationInvalid
from domain.operating.ports import Clock
from domain.transfers.ports import Folder
from infra.partner_settings import DirectoryPartner, partner_setting
from infra.secrets import Secret, resolve


class ConfiguredPartners:
    """Reads a partner's setting and secrets anew at each connection: rotation needs no restart."""

    def __init__(self, root: Path, secrets: Path, clock: Clock) -> None:
        self._root, self._secrets, self._clock = root, secrets, clock

    def verify(self, partner: str) -> None:
        for reference in partner_setting(self._root, partner).references:
            self._secret(reference)

    def folder(self, partner: str, within: timedelta) -> AbstractContextManager[Folder]:  # noqa: ARG002 - a folder of this host knows no time-out
        setting = partner_setting(self._root, partner)
        if not isinstance(setting, DirectoryPartner):
            raise ConfigurationInvalid(f"partner.{partner}.kind: only directory is known yet")
        from infra.transfers.directory import directory

        return directory(self._root / setting.folder, make=not setting.folder.is_absolute())

    def _secret(self, reference: str) -> Secret:
        return resolve(reference, self._secrets)
