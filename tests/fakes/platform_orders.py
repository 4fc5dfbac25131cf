"""Platforms, their settings and the inbox in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.jobs.platform_orders.ports import Reach, State, Stored
from domain.operating.ports import ActiveRun
from domain.platforms.ports import Calls, Found, Page, Platform, Reading, Wanted
from domain.platforms.setting import Adapter, PlatformSetting
from partners.asking import FreeCalls


def setting_of(name: str, **more: object) -> PlatformSetting:
    return replace(
        PlatformSetting(platform_id=name, adapter=Adapter.WOOCOMMERCE),
        **more,  # type: ignore[arg-type]  # each test names fields
    )


def found_of(*keys: str) -> list[Found]:
    return [Found(external_id=key, version=f"v-{key}", raw="{}", format="any") for key in keys]


class MemoryShelf:
    """Settings by name."""

    def __init__(self, *settings: PlatformSetting) -> None:
        self.settings = {setting.platform_id: setting for setting in settings}

    def names(self, *, active: bool) -> Mapping[str, str]:
        return {name: "" for name, one in self.settings.items() if one.active == active}

    def find(self, platform: str, /) -> PlatformSetting | None:
        return self.settings.get(platform)


@dataclass
class FakePlatform:
    """Gives its pages, or raises what stands among them; notes what it was asked."""

    pages_of: Sequence[Sequence[str] | Exception] = ()
    reading: Reading = Reading.WINDOWS
    asked: list[Wanted] = field(default_factory=list)
    closed: int = 0
    on_page: Callable[[], None] = lambda: None
    kept: list[str] = field(default_factory=list)

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        self.asked.append(wanted)
        for page in self.pages_of:
            self.on_page()
            if isinstance(page, Exception):
                raise page
            yield Page(orders=found_of(*page), kept=lambda p=page: self.kept.extend(p))  # type: ignore[misc]

    def order(self, external_id: str) -> Page:
        return Page(orders=found_of(external_id))

    def close(self) -> None:
        self.closed += 1


class MemoryBook:
    """The inbox; ``states`` are what a run finds."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.inbox: list[tuple[str, str]] = []
        self.bad: dict[str, str] = {}
        self.moves: list[tuple[str, datetime]] = []
        self.wrongs: list[tuple[str, str, timedelta | None]] = []
        self.wells: list[str] = []
        self.forgotten: list[str] = []

    def state(self, platform: str) -> State:
        return self.states.get(platform, State())

    def calls(self, platform: str, run: ActiveRun) -> Calls:
        return FreeCalls()

    def store(self, setting: PlatformSetting, page: Page, run: ActiveRun) -> Stored:
        keys = [one.external_id for one in page.orders]
        new = [key for key in keys if (setting.platform_id, key) not in self.inbox]
        if not run.dry_run:
            self.inbox += [(setting.platform_id, key) for key in new]
        bad = [(key, self.bad[key]) for key in new if key in self.bad]
        return Stored(new=len(new) - len(bad), known=len(keys) - len(new), quarantined=bad)

    def move(self, platform: str, watermark: datetime, run: ActiveRun) -> None:
        self.moves.append((platform, watermark))

    def forget(self, platform: str, run: ActiveRun) -> None:
        self.forgotten.append(platform)

    def went_well(self, platform: str, run: ActiveRun) -> None:
        self.wells.append(platform)

    def went_wrong(
        self, setting: PlatformSetting, why: str, blocked_for: timedelta | None, run: ActiveRun
    ) -> State:
        self.wrongs.append((setting.platform_id, why, blocked_for))
        return self.state(setting.platform_id)


class MemoryReach:
    """The Connect port: one fake platform for each name."""

    def __init__(self, platforms: Mapping[str, FakePlatform]) -> None:
        self.platforms = platforms
        self.budgets: dict[str, timedelta] = {}

    @contextmanager
    def connect(self, reach: Reach) -> Iterator[Platform]:
        name = reach.setting.platform_id
        self.budgets[name] = reach.patience.left
        platform = self.platforms[name]
        try:
            yield platform
        finally:
            platform.close()
