"""Orders as Amazon's Selling Partner API (v0) writes them; their items come by another call."""

from __future__ import annotations

from domain.platforms.order import Address, OrderLine, OrderState, ShopOrder
from infra.platforms.shapes.parts import Part, address_or_none

ID = "AmazonOrderId"

_STATES = {"Shipped": OrderState.COMPLETED, "Canceled": OrderState.CANCELLED}


def read(order: Part, zone: str) -> ShopOrder:
    total, buyer = order.part("OrderTotal"), order.part("BuyerInfo")
    state = order.text("OrderStatus")
    return ShopOrder(
        external_id=order.needed(ID),
        number=order.needed(ID),
        state=_STATES.get(state, OrderState.OPEN),
        platform_state=state,
        currency=total.currency("CurrencyCode"),
        total_cents=total.cents("Amount"),
        ordered_at=order.instant("PurchaseDate", zone),
        customer=buyer.name("BuyerName"),
        email=buyer.name("BuyerEmail"),
        billing=None,
        delivery=_address(order.part("ShippingAddress")),
        lines=tuple(_line(item) for item in order.items("OrderItems", "QuantityOrdered")),
    )


def _line(item: Part) -> OrderLine:
    quantity, price = item.quantity("QuantityOrdered"), item.part("ItemPrice").cents("Amount")
    return OrderLine(
        article=item.article("SellerSKU", "ASIN"),
        name=item.name("Title"),
        quantity=quantity,
        price_cents=round(price / quantity),
    )


def _address(part: Part) -> Address | None:
    return address_or_none(
        Address(
            name=part.text("Name"),
            company=part.text("CompanyName"),
            street=part.text("AddressLine1"),
            zip=part.text("PostalCode"),
            city=part.text("City"),
            country=part.text("CountryCode"),
        )
    )
