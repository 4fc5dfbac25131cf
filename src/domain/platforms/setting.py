"""What the shop knows of one platform: how it is reached, and how patiently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from zoneinfo import available_timezones


class Adapter(StrEnum):
    """The interfaces that are spoken."""

    TYRE24 = "tyre24"
    MAGENTO2 = "magento2"
    SHOPWARE6 = "shopware6"
    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    FILES = "files"


LARGEST_PAGES = {
    Adapter.MAGENTO2: 300,
    Adapter.SHOPWARE6: 500,
    Adapter.WOOCOMMERCE: 100,
    Adapter.SHOPIFY: 250,
}
"""What the platforms give at most in one answer; also what is asked for unless said otherwise."""

LONGEST_PAUSE = timedelta(days=1)
"""A platform may ask for more, but a slip of it must not end all sales there."""

LONGEST_REST = timedelta(days=7)

_REFERENCE = re.compile(r"(env|file|secret):.+")
_LOGIN = ("user", "password")
_NEEDED: dict[Adapter, tuple[tuple[str, ...], ...]] = {
    Adapter.TYRE24: (_LOGIN,),
    Adapter.MAGENTO2: (("token",), _LOGIN),
    Adapter.SHOPWARE6: (_LOGIN,),
    Adapter.WOOCOMMERCE: (_LOGIN,),
    Adapter.SHOPIFY: (("token",),),
    Adapter.FILES: (("folder",),),
}
"""What each needs; of several ways one is enough."""


@dataclass(frozen=True, kw_only=True)
class PlatformSetting:
    """One platform. ``password`` and ``token`` are references to secrets, never secrets.

    ``zone`` is that of times which name none. ``overlap_minutes`` are asked for again each time;
    what changed less than ``lag_seconds`` ago is left to the next run. ``rest_after`` failing
    runs in a row it is left alone for ``rest_minutes``.
    """

    platform_id: str
    adapter: Adapter
    name: str = ""
    active: bool = True
    url: str = ""
    user: str = ""
    password: str = ""
    token: str = ""
    ca_file: str = ""
    country: str = "de"
    zone: str = "Europe/Berlin"
    folder: str = ""
    partner: str = ""
    pattern: str = "*"
    settle_seconds: int = 30
    page_size: int = 0
    overlap_minutes: int = 15
    lag_seconds: int = 120
    first_days: int = 30
    slice_hours: int = 24
    budget_seconds: int = 120
    rest_after: int = 5
    rest_minutes: int = 30

    @property
    def largest_page(self) -> int:
        """Orders asked for in one answer."""
        return self.page_size or LARGEST_PAGES.get(self.adapter, 100)

    @property
    def overlap(self) -> timedelta:
        return timedelta(minutes=self.overlap_minutes)

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self.lag_seconds)

    @property
    def first(self) -> timedelta:
        """How far back the first run looks."""
        return timedelta(days=self.first_days)

    @property
    def slice(self) -> timedelta:
        """The longest window asked for at once; the cursor moves after each."""
        return timedelta(hours=self.slice_hours)

    @property
    def budget(self) -> timedelta:
        return timedelta(seconds=self.budget_seconds)

    @property
    def rest(self) -> timedelta:
        return timedelta(minutes=self.rest_minutes)


def faults(setting: PlatformSetting) -> Iterator[tuple[str, str]]:
    """Give each key that cannot be right, and what to write."""
    yield from _naming(setting)
    yield from _login(setting)
    yield from _numbers(setting)


def _naming(setting: PlatformSetting) -> Iterator[tuple[str, str]]:
    if setting.zone not in available_timezones():
        yield "zone", "write a zone like Europe/Berlin"
    if setting.adapter is not Adapter.FILES and not re.match(r"https?://[^/\s]+", setting.url):
        yield "url", "write the address of the interface, like https://shop.example"
    if "@" in setting.url:
        yield "url", "write the login into user and password, not into the address"
    if setting.folder.startswith("/") or ".." in setting.folder.split("/"):
        yield "folder", "write a folder below that of all orders ([platform-orders] folder)"
    if not re.fullmatch(r"[a-z]{2}", setting.country):
        yield "country", "write two small letters"
    if "/" in setting.pattern or not setting.pattern:
        yield "pattern", "write file names like *.xml, without folders"


def _login(setting: PlatformSetting) -> Iterator[tuple[str, str]]:
    ways = _NEEDED[setting.adapter]
    if not any(all(getattr(setting, key) for key in way) for way in ways):
        said = " or ".join(" and ".join(way) for way in ways)
        yield ways[0][0], f"{setting.adapter.value} needs {said}"
    for key in ("password", "token"):
        value = getattr(setting, key)
        if value and not _REFERENCE.fullmatch(value):
            yield key, "write a reference: env:NAME, file:/path or secret:name"


_BOUNDS = {
    "settle_seconds": (0, 86_400),
    "page_size": (0, 10_000),
    "overlap_minutes": (0, 10_080),
    "lag_seconds": (0, 86_400),
    "first_days": (1, 3_650),
    "slice_hours": (1, 8_760),
    "budget_seconds": (1, 3_600),
    "rest_after": (1, 1_000),
    "rest_minutes": (1, LONGEST_REST // timedelta(minutes=1)),
}


def _numbers(setting: PlatformSetting) -> Iterator[tuple[str, str]]:
    for key, (least, most) in _BOUNDS.items():
        if not least <= getattr(setting, key) <= most:
            yield key, f"write {least} to {most}"
    largest = LARGEST_PAGES.get(setting.adapter, setting.page_size)
    if setting.page_size > largest:
        yield "page_size", f"{setting.adapter.value} gives at most {largest}"
