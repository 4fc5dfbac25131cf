"""The job that pulls orders, what a message of theirs needs, and the inbox by hand."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from kernel.partner_commands import PartnerCommands
from kernel.supervision import person

if TYPE_CHECKING:
    from pathlib import Path

    from commands.cron.platform_pull_orders import PlatformPullOrders
    from commands.messages.orders_process import OrdersProcess
    from commands.ops.orders import OrdersList, OrdersRequeue, OrdersShow
    from commands.ops.platforms import PlatformsList, PlatformsLoad, PlatformsShow
    from infra.platforms.adapters import Installation
    from infra.sql.order_desk import SqlOrderDesk
    from infra.sql.platform_settings import SqlPlatformSettings


class OrderCommands(PartnerCommands):
    """A further part of the container, on the same adapters."""

    @cached_property
    def _platforms(self) -> SqlPlatformSettings:
        from infra.sql.platform_settings import SqlPlatformSettings

        return SqlPlatformSettings(self._engine)

    @cached_property
    def _order_desk(self) -> SqlOrderDesk:
        from infra.sql.order_desk import SqlOrderDesk

        return SqlOrderDesk(self._database)

    def platform_pull_orders(self) -> PlatformPullOrders:
        from commands.cron.platform_pull_orders import PlatformPullOrders
        from domain.jobs.platform_orders.ports import Desk
        from domain.jobs.platform_orders.service import OrderPull
        from infra.clock import SystemEntropy
        from infra.platforms.reading import read_order
        from infra.sql.order_inbox import SqlOrderBook

        desk = Desk(
            shelf=self._platforms,
            book=SqlOrderBook(self._database, read_order),
            connect=self._installation().connect,
            clock=self._clock,
            entropy=SystemEntropy(),
        )
        return PlatformPullOrders(OrderPull(desk))

    def _order_folder(self) -> Path:
        from infra.job_settings import job_section
        from infra.platform_settings import PlatformOrdersSection

        root = self.boot.root
        return root / job_section(root, PlatformOrdersSection).folder

    def _installation(self) -> Installation:
        from infra.platforms.adapters import Installation
        from infra.secrets import resolve

        return Installation(
            root=self.boot.root,
            folder=self._order_folder(),
            clock=self._clock,
            secret=partial(resolve, directory=self.boot.secrets_directory),
            partners=self._partners,
        )

    def message_orders_process(self) -> OrdersProcess:
        from commands.messages.orders_process import OrdersProcess
        from domain.platforms.processing import OrderProcessing
        from infra.platforms.reading import read_order
        from infra.sql.order_shelf import SqlOrderShelf

        return OrdersProcess(OrderProcessing(read_order, SqlOrderShelf(self._database.kind)))

    # --- what people type -----------------------------------------------------------------------

    def orders_list(self) -> OrdersList:
        from commands.ops.orders import OrdersList

        return OrdersList(self._order_desk)

    def orders_requeue(self) -> OrdersRequeue:
        from commands.ops.orders import OrdersRequeue

        return OrdersRequeue(self._order_desk, person())

    def orders_show(self) -> OrdersShow:
        from commands.ops.orders import OrdersShow

        return OrdersShow(self._order_desk)

    def platforms_list(self) -> PlatformsList:
        from commands.ops.platforms import PlatformsList

        return PlatformsList(self._platforms)

    def platforms_load(self) -> PlatformsLoad:
        from commands.ops.platforms import PlatformsLoad
        from infra.platforms.setting_form import load_platforms

        return PlatformsLoad(load_platforms, self._platforms)

    def platforms_show(self) -> PlatformsShow:
        from commands.ops.platforms import PlatformsShow
        from infra.platforms.setting_form import PLATFORMS

        return PlatformsShow(self._platforms, PLATFORMS.dump)
