"""A platform's adapter in this process, on a clock that stands still but for waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from domain.jobs.platform_orders.ports import Reach
from domain.platforms.patience import Patience
from domain.platforms.ports import Found, Page, Platform, Wanted
from domain.platforms.setting import PlatformSetting
from fakes.operating import FixedEntropy
from fakes.supplier_import import NOON, FixedClock
from infra.platforms.adapters import Installation
from infra.secrets import Secret
from infra.transfers.partners import ConfiguredPartners

DAY = Wanted(since=NOON - timedelta(days=1), until=NOON)
BUDGET = timedelta(seconds=120)


@dataclass
class FreeCalls:
    """An allowance without an end; notes what was booked."""

    booked: list[int] = field(default_factory=list)
    asked_once: int = 0

    def take(self, calls: int, most: int, within: timedelta) -> None:
        self.booked.append(calls)

    def asking(self) -> None:
        self.asked_once += 1


@dataclass
class Asker:
    """What is around an adapter under test."""

    clock: FixedClock = field(default_factory=FixedClock)
    calls: FreeCalls = field(default_factory=FreeCalls)
    secrets: dict[str, str] = field(
        default_factory=lambda: {"env:PASSWORD": "correct horse", "env:TOKEN": "shpat_correct"}
    )

    @contextmanager
    def connected(self, setting: PlatformSetting, folder: Path = Path()) -> Iterator[Platform]:
        entropy = FixedEntropy()
        patience = Patience(self.clock, entropy, BUDGET, lambda _: None)
        installation = Installation(
            root=folder,
            folder=folder,
            clock=self.clock,
            secret=lambda reference: Secret(self.secrets[reference]),
            partners=ConfiguredPartners(folder, folder, self.clock),
        )
        reach = Reach(setting=setting, patience=patience, calls=self.calls)
        with installation.connect(reach) as platform:
            yield platform

    def pages(self, setting: PlatformSetting, wanted: Wanted = DAY) -> list[Page]:
        with self.connected(setting) as platform:
            return list(platform.pages(wanted))

    def orders(self, setting: PlatformSetting, wanted: Wanted = DAY) -> Sequence[Found]:
        return [found for page in self.pages(setting, wanted) for found in page.orders]


def ids(found: Sequence[Found]) -> list[str]:
    return [one.external_id for one in found]
