"""Orders as Shopify writes them: amounts as texts, wishes of a line as a list or as one object."""

from __future__ import annotations

from typing import Any

from domain.platforms.order import Address, OrderLine, OrderState, OrderUnreadable, ShopOrder
from infra.platforms.shapes.parts import Part, address_or_none, named, note

ID = "id"


def read(order: Part, zone: str) -> ShopOrder:
    customer = order.part("customer")
    return ShopOrder(
        external_id=order.needed(ID),
        number=order.needed("name", "order_number", ID),
        state=_state(order),
        platform_state=order.text("fulfillment_status", "financial_status"),
        currency=order.currency("currency"),
        total_cents=order.cents("total_price"),
        ordered_at=order.instant("created_at", zone),
        customer=named(customer.text("first_name"), customer.text("last_name")),
        email=order.name("email", "contact_email"),
        billing=_address(order.part("billing_address")),
        delivery=_address(order.part("shipping_address")),
        lines=tuple(_line(item) for item in order.items("line_items", "quantity")),
    )


def _state(order: Part) -> OrderState:
    if order.has("cancelled_at"):
        return OrderState.CANCELLED
    if order.text("fulfillment_status") == "fulfilled":
        return OrderState.COMPLETED
    return OrderState.OPEN


def _line(item: Part) -> OrderLine:
    return OrderLine(
        article=item.sku("sku", "variant_id", "product_id", "id"),
        name=item.name("name", "title"),
        quantity=item.quantity("quantity"),
        price_cents=item.cents("price"),
        note=note(*map(_wish, _wishes(item.value("properties")))),
    )


def _wishes(properties: Any) -> list[Any]:
    if isinstance(properties, dict):
        return [properties] if properties else []
    if properties is not None and not isinstance(properties, list):
        raise OrderUnreadable("properties of a line are neither a list nor an object")
    return properties or []


def _wish(given: Any) -> str:
    """Write one wish of the buyer. Raises OrderUnreadable where it has no name."""
    name = Part(given, "properties").value("name")
    if not isinstance(name, str):
        raise OrderUnreadable(f"properties.name {repr(name)[:40]} is no text")
    return f"{name}: {given.get('value', '')}"


def _address(part: Part) -> Address | None:
    return address_or_none(
        Address(
            name=named(part.text("first_name"), part.text("last_name")) or part.text("name"),
            company=part.text("company"),
            street=", ".join(s for s in (part.text("address1"), part.text("address2")) if s),
            zip=part.text("zip"),
            city=part.text("city"),
            country=part.text("country_code"),
        )
    )
