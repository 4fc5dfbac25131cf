"""Orders as Shopware 6 writes them: prices as numbers, states in entities of their own."""

from __future__ import annotations

from domain.platforms.order import Address, OrderLine, OrderState, ShopOrder
from infra.platforms.shapes.parts import Part, address_or_none, named

ID = "id"

_STATES = {"completed": OrderState.COMPLETED, "cancelled": OrderState.CANCELLED}
_NO_ARTICLES = ("promotion", "discount", "credit", "container")


def read(order: Part, _zone: str) -> ShopOrder:
    customer = order.part("orderCustomer")
    state = order.part("stateMachineState").text("technicalName")
    price = order.part("price")
    return ShopOrder(
        external_id=order.needed(ID),
        number=order.needed("orderNumber", ID),
        state=_STATES.get(state, OrderState.OPEN),
        platform_state=state,
        currency=order.part("currency").currency("isoCode"),
        total_cents=price.cents("totalPrice") if price.has("totalPrice") else _total(order),
        ordered_at=order.instant("orderDateTime", "UTC"),
        customer=_name(customer),
        email=customer.name("email"),
        billing=_address(order.part("billingAddress")),
        delivery=_address(_delivery(order)),
        lines=tuple(
            _line(item) for item in order.items("lineItems", "quantity") if _is_article(item)
        ),
    )


def _total(order: Part) -> int:
    return order.cents("amountTotal")


def _is_article(item: Part) -> bool:
    return item.text("type") not in _NO_ARTICLES


def _line(item: Part) -> OrderLine:
    payload = item.value("payload")  # PHP writes an empty one as a list
    article = Part(payload).text("productNumber") if isinstance(payload, dict) else ""
    return OrderLine(
        article=article or item.sku("productNumber", "productId", "identifier"),
        name=item.name("label"),
        quantity=item.quantity("quantity"),
        price_cents=item.cents("unitPrice"),
    )


def _delivery(order: Part) -> Part:
    deliveries = order.parts("deliveries")
    return deliveries[0].part("shippingOrderAddress") if deliveries else Part({})


def _address(part: Part) -> Address | None:
    return address_or_none(
        Address(
            name=_name(part),
            company=part.text("company"),
            street=part.text("street"),
            zip=part.text("zipcode"),
            city=part.text("city"),
            country=part.part("country").text("iso"),
        )
    )


def _name(part: Part) -> str:
    return named(part.text("firstName"), part.text("lastName"))
