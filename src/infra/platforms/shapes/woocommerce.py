"""Orders as WooCommerce writes them: amounts as texts, local times beside those in GMT."""

from __future__ import annotations

from domain.platforms.order import Address, OrderLine, OrderState, ShopOrder
from infra.platforms.shapes.parts import Part, address_or_none, named

ID = "id"

_STATES = {
    "completed": OrderState.COMPLETED,
    "cancelled": OrderState.CANCELLED,
    "refunded": OrderState.CANCELLED,
    "failed": OrderState.CANCELLED,
    "trash": OrderState.CANCELLED,
    "checkout-draft": OrderState.CANCELLED,  # a basket: once it is ordered, it comes as pending
    "auto-draft": OrderState.CANCELLED,
}


def read(order: Part, zone: str) -> ShopOrder:
    billing, state = order.part("billing"), order.text("status")
    has_gmt = bool(order.text("date_created_gmt"))
    return ShopOrder(
        external_id=order.needed(ID),
        number=order.needed("number", ID),
        state=_STATES.get(state, OrderState.OPEN),
        platform_state=state,
        currency=order.currency("currency"),
        total_cents=order.cents("total"),
        ordered_at=order.instant("date_created_gmt", "UTC")
        if has_gmt
        else order.instant("date_created", zone),
        customer=_name(billing) or billing.name("company"),
        email=billing.name("email"),
        billing=_address(billing),
        delivery=_address(order.part("shipping")),
        lines=tuple(_line(item) for item in order.items("line_items", "quantity")),
    )


def _line(item: Part) -> OrderLine:
    quantity = item.quantity("quantity")
    tax = item.cents("total_tax") if item.text("total_tax") else 0
    # The price it names is one of many digits without tax: what the line costs is exact.
    return OrderLine(
        article=item.sku("sku", "variation_id", "product_id", "id"),
        name=item.name("name"),
        quantity=quantity,
        price_cents=round((item.cents("total") + tax) / quantity),
    )


def _address(part: Part) -> Address | None:
    return address_or_none(
        Address(
            name=_name(part),
            company=part.text("company"),
            street=", ".join(s for s in (part.text("address_1"), part.text("address_2")) if s),
            zip=part.text("postcode"),
            city=part.text("city"),
            country=part.text("country"),
        )
    )


def _name(part: Part) -> str:
    return named(part.text("first_name"), part.text("last_name"))
