"""What an adapter is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.operating.ports import Clock
from domain.platforms.patience import Patience
from domain.platforms.ports import Calls
from domain.platforms.setting import PlatformSetting
from domain.transfers.ports import Partners
from infra.platforms.session import Headers, LogIn, Session
from infra.secrets import Secret, is_reference
from infra.web.client import WebClient


@dataclass(frozen=True, kw_only=True)
class Link:
    """One platform's setting, and what of the installation it may use.

    ``folder`` is where order files arrive.
    """

    setting: PlatformSetting
    patience: Patience
    calls: Calls
    clock: Clock
    secret: Callable[[str], Secret]
    root: Path
    folder: Path
    partners: Partners

    @property
    def user(self) -> str:
        user = self.setting.user
        return self.secret(user).reveal() if is_reference(user) else user

    @property
    def password(self) -> Secret:
        return self.secret(self.setting.password)

    @property
    def token(self) -> Secret:
        return self.secret(self.setting.token)

    def session(self, *, headers: Headers | None = None, log_in: LogIn | None = None) -> Session:
        ca_file = self.root / self.setting.ca_file if self.setting.ca_file else None
        client = WebClient(self.setting.url, self.clock, ca_file=ca_file)
        return Session(client, self.patience, headers=headers, log_in=log_in)
