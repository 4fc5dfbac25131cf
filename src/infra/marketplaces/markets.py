"""The marketplaces' adapters, with the login that config/partners.toml has for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from domain.errors import ConfigurationInvalid
from domain.jobs.stock_export.setting import Marketplace
from domain.operating.ports import ActiveRun, Clock
from domain.platforms.patience import Patience
from domain.platforms.ports import Calls
from infra.marketplaces.tyre24 import Tyre24Market
from infra.partner_settings import WebPartner, partner_setting
from infra.secrets import Secret, resolve
from infra.web.client import WebClient

CallsOf = Callable[[str, ActiveRun], Calls]
"""The allowance of an account, shared by all runs."""

_LONGEST_KEY = 40


class ConfiguredMarkets:
    """Reads address and secrets anew for each export: rotation needs no restart."""

    def __init__(self, root: Path, secrets: Path, clock: Clock, calls_of: CallsOf) -> None:
        self._root, self._secrets, self._clock = root, secrets, clock
        self._calls_of = calls_of

    def verify(self, place: Marketplace) -> None:
        self._login(self._partner(place))

    def open(self, place: Marketplace, patience: Patience, run: ActiveRun) -> Tyre24Market:
        partner = self._partner(place)
        ca_file = self._root / partner.ca_file if partner.ca_file else None
        client = WebClient(
            partner.url, self._clock, ca_file=ca_file, timeout_seconds=partner.timeout_seconds
        )
        calls = self._calls_of(f"stock.{place.partner}"[:_LONGEST_KEY], run)
        return Tyre24Market(client, self._login(partner), place, patience, calls)

    def _partner(self, place: Marketplace) -> WebPartner:
        partner = partner_setting(self._root, place.partner)
        if not isinstance(partner, WebPartner) or partner.user is None:
            raise ConfigurationInvalid(
                f'partner.{place.partner}: give kind = "http", url, user and password'
            )
        return partner

    def _login(self, partner: WebPartner) -> tuple[str, Secret]:
        return str(partner.user), resolve(str(partner.password), self._secrets)
