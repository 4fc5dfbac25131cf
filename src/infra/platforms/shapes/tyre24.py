"""Orders as Tyre24 (ALZURA) writes them: local times without a zone, states as numbers."""

from __future__ import annotations

from domain.platforms.order import Address, OrderLine, OrderState, ShopOrder
from infra.platforms.shapes.parts import Part, address_or_none, note

ID = "order"
COUNTER = "tagging_counter"

_STATES = {
    "3": OrderState.COMPLETED,
    "4": OrderState.CANCELLED,  # rejected
    "5": OrderState.CANCELLED,  # out of stock
    "7": OrderState.CANCELLED,
    "8": OrderState.CANCELLED,
}


def read(order: Part, zone: str) -> ShopOrder:
    buyer, state = order.part("buyer"), order.text("status")
    return ShopOrder(
        external_id=order.needed(ID),
        number=order.needed(ID),
        state=_STATES.get(state, OrderState.OPEN),
        platform_state=state,
        currency=order.part("currency").currency("code_origin"),
        total_cents=order.part("total_sum").cents("gross"),
        ordered_at=order.instant("date", zone),
        customer=buyer.part("contact").name("name"),
        email=buyer.part("contact").name("email"),
        billing=_address(buyer),
        delivery=_address(order.part("shipping").part("delivery_address")),
        lines=tuple(_line(item) for item in order.items("positions", "quantity")),
    )


def _line(item: Part) -> OrderLine:
    return OrderLine(
        article=item.sku("supplier_item_number", "alzura_id"),
        name=item.name("position_name"),
        quantity=item.quantity("quantity"),
        price_cents=item.part("price").cents("gross"),
        note=note(item.text("position_description")),
    )


def _address(party: Part) -> Address | None:
    part = party.part("address")
    return address_or_none(
        Address(
            name=part.text("name"),
            company=part.text("name_additional"),
            street=part.text("street"),
            zip=part.text("zip"),
            city=part.text("city"),
            country=part.text("country"),
        )
    )
