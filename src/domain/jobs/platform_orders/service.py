"""CR-008: what is new on the platforms comes into the inbox, with a message for each order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from domain.errors import Refused
from domain.jobs.platform_orders.one_platform import OnePlatform, Tally
from domain.jobs.platform_orders.ports import Desk
from domain.jobs.platform_orders.request import PullRequest
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit
from domain.operating.units import guarded
from domain.platforms.setting import PlatformSetting

COUNTED = ("orders", "quarantined")


class OrderPull:
    """Asks each platform in turn; one that fails stops no other.

    Source: _shopupdating/cronjobs/atx/orders/getOrders.php (CR-008).
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __call__(self, request: PullRequest, run: ActiveRun) -> Summary:
        chosen = self._chosen(request)
        units: list[Unit] = []
        for number, name in enumerate(chosen):
            run.progress("platforms", number, len(chosen))
            run.checkpoint("platform")
            share = run.remaining / (len(chosen) - number)
            units += self._one(name, request, share, run)
        items = {word: sum(unit.counts.get(word, 0) for unit in units) for word in COUNTED}
        notes = ("dry run: nothing was written",) if run.dry_run else ()
        return Summary(units=tuple(units), items=items, notes=notes)

    def _one(
        self, name: str, request: PullRequest, share: timedelta, run: ActiveRun
    ) -> Sequence[Unit]:
        """Give the platform's unit, and one for each order of it that could not be read."""
        tally = Tally()

        def pulled() -> Unit:
            setting = self._setting(name)
            one = OnePlatform(self._desk, setting, min(share, setting.budget), run, tally)
            return one.pulled(request)

        unit = replace(guarded(name, pulled, run), counts=tally.words)
        return [unit, *(guarded(f"{name}/{key}", _refused(why), run) for key, why in tally.named)]

    def _setting(self, name: str) -> PlatformSetting:
        setting = self._desk.shelf.find(name)
        if setting is None:
            raise Refused(f"there is no platform {name} any more")
        return setting

    def _chosen(self, request: PullRequest) -> Sequence[str]:
        """Give the platforms by name. Raises Refused for one that is unknown or switched off."""
        active, others = (self._desk.shelf.names(active=on) for on in (True, False))
        for name in request.platforms:
            if name in others:
                raise Refused(f"--platform {name}: it is not active")
            if name not in active:
                there = ", ".join(active) or "none; bin/console platforms:load FILE.toml"
                raise Refused(f"--platform {name}: there is no such platform; there are {there}")
        return list(dict.fromkeys(request.platforms or active))


def _refused(why: str) -> Callable[[], Unit]:
    def refuse() -> Unit:
        raise Refused(why)

    return refuse
