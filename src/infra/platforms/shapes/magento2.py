"""Orders as Magento 2 writes them: times in UTC without a zone, a line for each chosen variant."""

from __future__ import annotations

from domain.platforms.order import Address, OrderLine, OrderState, ShopOrder
from infra.platforms.shapes.parts import Part, address_or_none, named

ID = "entity_id"

_STATES = {
    "complete": OrderState.COMPLETED,
    "closed": OrderState.CANCELLED,  # all of it was paid back
    "canceled": OrderState.CANCELLED,
}


def read(order: Part, _zone: str) -> ShopOrder:
    billing = order.part("billing_address")
    state = order.text("state", "status")
    return ShopOrder(
        external_id=order.needed(ID),
        number=order.needed("increment_id", ID),
        state=_STATES.get(state, OrderState.OPEN),
        platform_state=order.text("status", "state"),
        currency=order.currency("order_currency_code", "base_currency_code"),
        total_cents=order.cents("grand_total", "base_grand_total"),
        ordered_at=order.instant("created_at", "UTC"),
        customer=named(order.text("customer_firstname"), order.text("customer_lastname"))
        or _name(billing),
        email=order.name("customer_email"),
        billing=_address(billing),
        delivery=_address(_shipping(order)),
        lines=tuple(_line(item) for item in _packed(order)),
    )


def _packed(order: Part) -> list[Part]:
    """Leave out the variant behind a configurable article, which repeats it without a price."""
    items = order.items("items", "qty_ordered", "qty")
    configurable = {
        item.text("item_id") for item in items if item.text("product_type") == "configurable"
    }
    return [item for item in items if item.text("parent_item_id") not in configurable - {""}]


def _line(item: Part) -> OrderLine:
    return OrderLine(
        article=item.sku("sku", "product_id"),
        name=item.name("name"),
        quantity=item.quantity("qty_ordered", "qty"),
        price_cents=item.cents("price_incl_tax", "price"),
    )


def _shipping(order: Part) -> Part:
    assigned = order.part("extension_attributes").parts("shipping_assignments")
    return assigned[0].part("shipping").part("address") if assigned else Part({})


def _address(part: Part) -> Address | None:
    street = part.value("street")
    lines = street if isinstance(street, list) else [street]
    return address_or_none(
        Address(
            name=_name(part),
            company=part.text("company"),
            street=", ".join(str(line) for line in lines if line),
            zip=part.text("postcode"),
            city=part.text("city"),
            country=part.text("country_id"),
        )
    )


def _name(part: Part) -> str:
    return named(part.text("firstname"), part.text("lastname"))
