"""Every adapter by the word that settings name it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from domain.jobs.platform_orders.ports import Reach
from domain.operating.ports import Clock
from domain.platforms.ports import Platform
from domain.platforms.setting import Adapter
from domain.transfers.ports import Partners
from infra.platforms.link import Link
from infra.secrets import Secret

ADAPTERS: Mapping[Adapter, str] = {
    Adapter.TYRE24: "tyre24:Tyre24",
    Adapter.MAGENTO2: "magento:Magento",
    Adapter.SHOPWARE6: "shopware:Shopware",
    Adapter.WOOCOMMERCE: "woocommerce:WooCommerce",
    Adapter.SHOPIFY: "shopify:Shopify",
    Adapter.FILES: "files:OrderFiles",
}
"""Loaded when it is used: a shop sells on one or two of them."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What every platform has in common."""

    root: Path
    folder: Path
    clock: Clock
    secret: Callable[[str], Secret]
    partners: Partners

    @contextmanager
    def connect(self, reach: Reach) -> Iterator[Platform]:
        """The Connect port."""
        link = Link(
            setting=reach.setting,
            patience=reach.patience,
            calls=reach.calls,
            clock=self.clock,
            secret=self.secret,
            root=self.root,
            folder=self.folder,
            partners=self.partners,
        )
        platform = _adapter(reach.setting.adapter)(link)
        try:
            yield platform
        finally:
            platform.close()


def _adapter(word: Adapter) -> Callable[[Link], Platform]:
    module, _, name = ADAPTERS[word].partition(":")
    found = getattr(import_module(f"infra.platforms.{module}"), name)
    return cast("Callable[[Link], Platform]", found)
