"""Orders in openTRANS 2.1 (and 1.0): one XML document each, read without entities or network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from lxml import etree

from domain.platforms.order import Address, OrderLine, OrderState, OrderUnreadable, ShopOrder
from domain.platforms.ports import Found
from infra.platforms.shapes import parts
from infra.platforms.texts import unreadable

FORMAT = "opentrans"

_DELIVERY = ("delivery", "final_delivery", "ship_to")
_BUYER = ("buyer", "invoice_recipient", "invoice")


def found_in(raw: str) -> Found:
    """Name the order of a document; one that is none is kept with the trouble."""
    try:
        order = _order(raw)
    except OrderUnreadable as error:
        return unreadable(raw, FORMAT, str(error))
    id_ = _text(order, "ORDER_HEADER/ORDER_INFO/ORDER_ID", "ORDER_HEADER/ORDER_INFO/ORDERID")
    if not id_:
        return unreadable(raw, FORMAT, "it has no ORDER_ID")
    said = etree.tostring(order, method="c14n2", strip_text=True)
    version = hashlib.sha256(said).hexdigest()
    return Found(external_id=id_, version=version, raw=raw, format=FORMAT)


def read(raw: str, zone: str) -> ShopOrder:
    order = _order(raw)
    info = "ORDER_HEADER/ORDER_INFO"
    id_ = _needed(order, f"{info}/ORDER_ID", f"{info}/ORDERID")
    buyer = _party(order, _BUYER)
    lines = tuple(_line(item) for item in _all(order, "ORDER_ITEM_LIST/ORDER_ITEM"))
    return ShopOrder(
        external_id=id_,
        number=id_,
        state=OrderState.OPEN,
        platform_state="",
        currency=_needed(order, f"{info}/CURRENCY", f"{info}/PRICE_CURRENCY").upper(),
        total_cents=_total(order, lines),
        ordered_at=_instant(order, f"{info}/ORDER_DATE", zone),
        customer=buyer.company or buyer.name if buyer else "",
        email=_text(order, f"{info}/PARTIES/PARTY/ADDRESS/EMAIL")[: parts.LONGEST_NAME],
        billing=buyer,
        delivery=_party(order, _DELIVERY),
        lines=lines,
    )


def _order(raw: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        # Its bytes again: of a text lxml refuses to hear in which encoding it once was.
        content = raw.partition("?>")[2] if raw.lstrip().startswith("<?xml") else raw
        root = etree.fromstring(content.strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise OrderUnreadable(f"it is no sound XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise OrderUnreadable("it brings a document type of its own: refused, an order needs none")
    if _local(root) != "ORDER":
        raise OrderUnreadable(f"it is <{_local(root)[:40]}>, no <ORDER>")
    return root


def _line(item: etree._Element) -> OrderLine:
    price = _needed(item, "PRODUCT_PRICE_FIX/PRICE_AMOUNT", "ARTICLE_PRICE/PRICE_AMOUNT")
    per = _text(item, "PRODUCT_PRICE_FIX/PRICE_QUANTITY", "ARTICLE_PRICE/PRICE_QUANTITY") or "1"
    article = _needed(item, "PRODUCT_ID/SUPPLIER_PID", "ARTICLE_ID/SUPPLIER_AID")
    if len(article) > parts.LONGEST_ARTICLE:
        raise OrderUnreadable(f"SUPPLIER_PID has more than {parts.LONGEST_ARTICLE} characters")
    return OrderLine(
        article=article,
        name=_text(item, "PRODUCT_ID/DESCRIPTION_SHORT", "ARTICLE_ID/DESCRIPTION_SHORT")[:255],
        quantity=parts.quantity(_needed(item, "QUANTITY"), "QUANTITY"),
        price_cents=round(
            Decimal(parts.cents(price, "PRICE_AMOUNT")) / parts.quantity(per, "PRICE_QUANTITY")
        ),
        note=parts.note(_text(item, "REMARKS", "REMARK")),
    )


def _total(order: etree._Element, lines: tuple[OrderLine, ...]) -> int:
    said = _text(order, "ORDER_SUMMARY/TOTAL_AMOUNT")
    if said:
        return parts.cents(said, "TOTAL_AMOUNT")
    return sum(line.quantity * line.price_cents for line in lines)


def _instant(order: etree._Element, path: str, zone: str) -> datetime:
    return parts.instant(_needed(order, path), zone, "ORDER_DATE")


def _party(order: etree._Element, roles: tuple[str, ...]) -> Address | None:
    for party in _all(order, "ORDER_HEADER/ORDER_INFO/PARTIES/PARTY"):
        if any((_text(role) or "").lower() in roles for role in _all(party, "PARTY_ROLE")):
            return _address(party)
    return None


def _address(party: etree._Element) -> Address | None:
    contact = "ADDRESS/CONTACT_DETAILS/"
    first, last = f"{contact}FIRST_NAME", f"{contact}CONTACT_NAME"
    return parts.address_or_none(
        Address(
            name=parts.named(_text(party, first), _text(party, last)),
            company=_text(party, "ADDRESS/NAME"),
            street=_text(party, "ADDRESS/STREET"),
            zip=_text(party, "ADDRESS/ZIP"),
            city=_text(party, "ADDRESS/CITY"),
            country=_text(party, "ADDRESS/COUNTRY_CODED", "ADDRESS/COUNTRY"),
        )
    )


def _needed(element: etree._Element, *paths: str) -> str:
    if found := _text(element, *paths):
        return found
    raise OrderUnreadable(f"{paths[0]} is missing")


def _text(element: etree._Element, *paths: str) -> str:
    for path in paths or ("",):
        for found in _all(element, path):
            text: str = "".join(map(str, found.itertext())).strip()
            if text:
                return text
    return ""


def _all(element: etree._Element, path: str) -> Iterator[etree._Element]:
    """Find by names, whatever namespace they stand in (BMEcat's or openTRANS's own)."""
    name, _, rest = path.partition("/")
    if not name:
        yield element
        return
    for child in element.iterchildren(tag=etree.Element):
        if _local(child) == name:
            yield from _all(child, rest)


def _local(element: etree._Element) -> str:
    name: str = etree.QName(element).localname
    return name
