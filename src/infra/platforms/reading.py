"""The ReadOrder port: a text in one of the known shapes becomes the shop's order."""

from __future__ import annotations

from importlib import import_module

from domain.platforms.order import OrderUnreadable, ShopOrder

JSON_SHAPES = ("tyre24", "magento2", "shopware6", "woocommerce", "shopify", "amazon")
OPENTRANS = "opentrans"

_SHAPES = "infra.platforms.shapes"


def read_order(format_: str, raw: str, zone: str) -> ShopOrder:
    """Raises OrderUnreadable with the place that does not fit."""
    if format_ == OPENTRANS:
        order: ShopOrder = import_module(f"{_SHAPES}.{OPENTRANS}").read(raw, zone)
        return order
    if format_ not in JSON_SHAPES:
        raise OrderUnreadable("nobody knows its format")
    return _json_order(format_, raw, zone)


def _json_order(format_: str, raw: str, zone: str) -> ShopOrder:
    from infra.platforms.shapes.parts import Part
    from infra.platforms.texts import document_of

    try:
        document = document_of(raw)
    except ValueError as error:
        raise OrderUnreadable(f"it is no sound JSON: {error}") from error
    order: ShopOrder = import_module(f"{_SHAPES}.{format_}").read(Part(document), zone)
    return order
