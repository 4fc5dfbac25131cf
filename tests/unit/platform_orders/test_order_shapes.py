"""What every platform writes becomes the same kind of order, or a reason why it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.platforms.order import Address, OrderState, OrderUnreadable, ShopOrder
from domain.platforms.ports import Found
from infra.platforms.reading import read_order
from infra.platforms.shapes.files import orders_in
from partners import magento, opentrans, shopify, shopware, tyre24, woocommerce

REAL = Path(__file__).parents[2] / "data" / "orders"
BERLIN = "Europe/Berlin"


def in_file(name: str) -> list[Found]:
    return list(orders_in((REAL / name).read_bytes()))


def read(found: Found) -> ShopOrder:
    assert not found.trouble
    return read_order(found.format, found.raw, BERLIN)


def shop_order(format_: str, order: Any) -> ShopOrder:
    return read_order(format_, json.dumps(order), BERLIN)


# --- real files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "format_", "expected"),
    [
        ("magento_order.json", "magento2", [("3", "000000003", "open", "USD", 16500, 9)]),
        ("shopify_order.json", "shopify", [("123456", "#9999", "cancelled", "USD", 1000, 2)]),
        ("shopify_orders.json", "shopify", [("123456", "#9999", "cancelled", "USD", 1000, 2)]),
        (
            "shopify_order_with_transaction.json",
            "shopify",
            [("123456", "#9999", "cancelled", "USD", 1000, 2)],
        ),
        (
            "woocommerce_v3_list.json",
            "woocommerce",
            [("727", "727", "open", "USD", 2935, 2), ("723", "723", "completed", "USD", 3900, 2)],
        ),
        ("woocommerce_v3_one.json", "woocommerce", [("727", "727", "open", "USD", 2935, 2)]),
        (
            "tyre24_latestorders_example.json",
            "tyre24",
            [("PAC1234567890719", "PAC1234567890719", "cancelled", "EUR", 6945, 1)],
        ),
    ],
)
def test_orders_of_real_files_are_read(
    name: str, format_: str, expected: list[tuple[Any, ...]]
) -> None:
    found = in_file(name)

    assert {one.format for one in found} == {format_}
    orders = [read(one) for one in found]
    assert [
        (o.external_id, o.number, o.state.value, o.currency, o.total_cents, len(o.lines))
        for o in orders
    ] == expected


@pytest.mark.parametrize(
    ("name", "count", "why"),
    [
        ("magento_orders_search.json", 3, "order_currency_code is missing"),
        ("amazon_v0_orderItems.json", 1, "OrderTotal.CurrencyCode is missing"),
        ("shopware_order_create.json", 1, "it has no id"),
        ("amazon_v0_getOrders_400.json", 1, "no order in a shape that is known"),
        ("shopify_orderlineitems_valid.json", 1, "no order in a shape that is known"),
        ("shopify_orderlineitems_properties_invalid0.json", 1, "neither XML nor sound JSON"),
        ("shopware_adminapi_order_paths.json", 1, "no order in a shape that is known"),
    ],
)
def test_what_is_no_order_in_a_real_file_is_kept_with_its_reason(
    name: str, count: int, why: str
) -> None:
    found = in_file(name)

    assert len(found) == count
    for one in found:
        assert one.raw.strip()
        if one.trouble:
            assert why in one.trouble
        else:
            with pytest.raises(OrderUnreadable, match=why):
                read(one)


def test_amazons_orders_are_told_apart_though_their_items_are_missing() -> None:
    found = in_file("amazon_v0_getOrders_sandbox.json")

    keys = ["902-1845936-5435065", "902-8745147-1934268", *["902-3159896-1390916"] * 2]
    assert [one.external_id for one in found] == keys
    with pytest.raises(OrderUnreadable, match="has no lines"):
        read(found[0])


def test_an_amazon_order_with_its_items_is_read() -> None:
    (order, *_) = in_file("amazon_v0_getOrders_sandbox.json")
    (items,) = in_file("amazon_v0_orderItems.json")
    whole = json.loads(order.raw) | json.loads(items.raw)

    read_one = shop_order("amazon", whole)

    assert read_one.total_cents == 1101
    assert read_one.lines[0].price_cents == 1000


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("properties_empty_object", ""),
        ("properties_object", "property 1: 3"),
        ("valid", "note 1: one; note 2: 2"),
    ],
)
def test_a_lines_wishes_may_be_a_list_or_an_object(name: str, note: str) -> None:
    line = json.loads((REAL / f"shopify_orderlineitems_{name}.json").read_text("utf-8"))
    order = shopify.order(1)
    order["line_items"][0]["properties"] = line["properties"]

    assert shop_order("shopify", order).lines[0].note == note


@pytest.mark.parametrize("name", ["properties_invalid1", "properties_invalid2"])
def test_a_wish_without_a_name_is_unreadable(name: str) -> None:
    line = json.loads((REAL / f"shopify_orderlineitems_{name}.json").read_text("utf-8"))
    order = shopify.order(1)
    order["line_items"][0]["properties"] = line["properties"]

    with pytest.raises(OrderUnreadable, match=r"properties\.name 2 is no text"):
        shop_order("shopify", order)


# --- states ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "order", "state"),
    [
        ("magento2", magento.order(1, state="canceled"), OrderState.CANCELLED),
        ("magento2", magento.order(1, state="complete"), OrderState.COMPLETED),
        (
            "shopware6",
            shopware.order(1, stateMachineState={"technicalName": "cancelled"}),
            OrderState.CANCELLED,
        ),
        ("woocommerce", woocommerce.order(1, status="refunded"), OrderState.CANCELLED),
        ("woocommerce", woocommerce.order(1, status="on-hold"), OrderState.OPEN),
        ("shopify", shopify.order(1, fulfillment_status="fulfilled"), OrderState.COMPLETED),
        ("shopify", shopify.order(1, cancelled_at="2026-11-20T10:00:00Z"), OrderState.CANCELLED),
        ("tyre24", tyre24.order(1, status=3), OrderState.COMPLETED),
        ("tyre24", tyre24.order(1, status=8), OrderState.CANCELLED),
        ("tyre24", tyre24.order(1, status=6), OrderState.OPEN),
    ],
)
def test_a_platforms_state_is_one_of_three(format_: str, order: Any, state: OrderState) -> None:
    assert shop_order(format_, order).state is state


def test_an_order_without_lines_may_only_be_cancelled() -> None:
    empty = magento.order(1, items=[])

    assert shop_order("magento2", empty | {"state": "canceled"}).lines == ()
    with pytest.raises(OrderUnreadable, match="the order has no lines"):
        shop_order("magento2", empty)


# --- lines and amounts --------------------------------------------------------------------------


def test_a_configurable_article_counts_once_with_its_parents_price() -> None:
    parent = {"item_id": 1, "product_type": "configurable", "sku": "T-9", "qty_ordered": 2}
    child = {"item_id": 2, "parent_item_id": 1, "sku": "T-9", "qty_ordered": 2, "price": 0}
    order = magento.order(1, items=[parent | {"price": "50.0000"}, child])

    (line,) = shop_order("magento2", order).lines

    assert (line.article, line.quantity, line.price_cents) == ("T-9", 2, 5000)


def test_a_line_without_our_number_names_the_platforms_own_as_such() -> None:
    order = woocommerce.order(1)
    order["line_items"][0] |= {"sku": "", "variation_id": 0}

    assert shop_order("woocommerce", order).lines[0].article == "product_id:9"


def test_a_basket_that_nobody_ordered_yet_is_no_order_to_be_sent() -> None:
    basket = woocommerce.order(1, status="checkout-draft")
    empty = woocommerce.order(1, status="checkout-draft", line_items=[], date_created_gmt=None)

    for draft in (basket, empty):
        assert shop_order("woocommerce", draft).state is OrderState.CANCELLED


def test_a_line_without_any_tax_told_costs_what_it_says() -> None:
    order = woocommerce.order(1)
    order["line_items"][0] |= {"total": "10.00", "total_tax": "", "quantity": 1}

    assert shop_order("woocommerce", order).lines[0].price_cents == 1000


def test_a_line_without_any_article_is_named_by_itself() -> None:
    """A tip, a line written by hand, or an article that was deleted since."""
    tip, gone = shopify.order(1), woocommerce.order(1)
    nothing = {"sku": None, "variant_id": None, "product_id": None}
    tip["line_items"].append({**nothing, "id": 7, "name": "Tip", "quantity": 1, "price": "2.00"})
    gone["line_items"][0] |= {"sku": "", "product_id": 0, "variation_id": 0, "id": 8}

    assert shop_order("shopify", tip).lines[1].article == "id:7"
    assert shop_order("woocommerce", gone).lines[0].article == "id:8"


def test_names_with_entities_are_read_as_people_write_them() -> None:
    order = woocommerce.order(1)
    order["line_items"][0]["name"] = "Ship &ndash; Color"

    assert shop_order("woocommerce", order).lines[0].name == "Ship \N{EN DASH} Color"


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("29.35", 2935), ("0", 0), ("1e2", 10000), ("29.345", 2935), (3.1, 310), ("-5.00", -500)],
)
def test_amounts_are_read_to_the_cent(amount: Any, cents: int) -> None:
    assert shop_order("woocommerce", woocommerce.order(1, total=amount)).total_cents == cents


@pytest.mark.parametrize("amount", ["", None, "12,50", "NaN", "1e999999999", True, [], "9" * 20])
def test_what_is_no_amount_is_unreadable(amount: Any) -> None:
    with pytest.raises(OrderUnreadable, match="total"):
        shop_order("woocommerce", woocommerce.order(1, total=amount))


@pytest.mark.parametrize("quantity", ["1.5", "-1", "1e30", "viele"])
def test_pieces_are_whole_and_at_least_one(quantity: str) -> None:
    order = shopify.order(1)
    order["line_items"][0]["quantity"] = quantity

    with pytest.raises(OrderUnreadable, match=r"line_items\[0\]\.quantity"):
        shop_order("shopify", order)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"line_items": "none"}, "line_items is no list"),
        ({"line_items": [3]}, r"line_items\[0\] is no object"),
        ({"billing_address": "here"}, "billing_address is no object"),
        ({"currency": "EURO"}, "currency 'EURO' is no code"),
        ({"created_at": "yesterday"}, "created_at 'yesterday' is no time"),
        ({"name": {"a": 1}}, "name is no text"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(change: dict[str, Any], why: str) -> None:
    with pytest.raises(OrderUnreadable, match=why):
        shop_order("shopify", shopify.order(1, **change))


def test_an_article_number_that_is_too_long_is_not_cut() -> None:
    order = shopify.order(1)
    order["line_items"][0]["sku"] = "T" * 101

    with pytest.raises(OrderUnreadable, match="more than 100 characters"):
        shop_order("shopify", order)


@pytest.mark.parametrize("nothing", [0, "0", "0.0000"])
def test_a_line_of_which_nothing_is_wanted_any_more_is_none(nothing: Any) -> None:
    order = shopify.order(1)
    order["line_items"].append({**order["line_items"][0], "sku": "gone", "quantity": nothing})

    assert "gone" not in [line.article for line in shop_order("shopify", order).lines]


def test_an_amazon_order_cancelled_before_it_was_packed_is_read() -> None:
    order = {
        "AmazonOrderId": "902-1",
        "OrderStatus": "Canceled",
        "PurchaseDate": "2026-11-20T10:00:00Z",
        "OrderTotal": {"CurrencyCode": "EUR", "Amount": "0.00"},
        "OrderItems": [{"SellerSKU": "T-1", "QuantityOrdered": 0}],
    }

    assert shop_order("amazon", order).state is OrderState.CANCELLED


def test_the_empty_list_that_php_writes_for_an_object_is_none() -> None:
    order = woocommerce.order(1, billing=[], shipping=[])

    assert shop_order("woocommerce", order).billing is None


def test_a_currency_is_a_code_in_large_letters() -> None:
    assert shop_order("woocommerce", woocommerce.order(1, currency="eur")).currency == "EUR"
    with pytest.raises(OrderUnreadable, match="is no code like EUR"):
        shop_order("woocommerce", woocommerce.order(1, currency="ЕВР"))  # noqa: RUF001 - the point


def test_texts_of_any_length_are_cut_to_what_every_database_takes() -> None:
    order = shopify.order(1, billing_address={"company": "\N{GRINNING FACE}" * 100_000})
    order["line_items"][0]["properties"] = [
        {"name": "wish", "value": "\N{GRINNING FACE}" * 100_000}
    ]

    read_ = shop_order("shopify", order)

    assert len(read_.lines[0].note) == 10_000
    assert read_.billing is not None
    assert len(read_.billing.company) == 255


# --- times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00.000+00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20 10:00:00", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("2026-07-20 10:00:00", datetime(2026, 7, 20, 8, tzinfo=UTC)),
        # The hour that comes twice: the first of the two.
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # The hour that is left out: as the clock before the change would have had it.
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("1.569521782042E9", datetime(2019, 9, 26, 18, 16, 22, 42000, tzinfo=UTC)),
        ("1569521782042", datetime(2019, 9, 26, 18, 16, 22, 42000, tzinfo=UTC)),
        ("20260901", datetime(2026, 8, 31, 22, tzinfo=UTC)),
    ],
)
def test_times_are_kept_in_utc(text: str, expected: datetime) -> None:
    order = tyre24.order(1, date=text)

    assert shop_order("tyre24", order).ordered_at == expected


@pytest.mark.parametrize("gmt", [None, ""])
def test_woocommerces_local_time_counts_where_the_other_says_nothing(gmt: Any) -> None:
    order = shop_order("woocommerce", woocommerce.order(1, date_created_gmt=gmt))

    assert order.ordered_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_woocommerces_local_time_counts_only_where_the_other_is_missing() -> None:
    order = woocommerce.order(1)

    both = shop_order("woocommerce", order).ordered_at
    local = shop_order("woocommerce", order | {"date_created_gmt": None}).ordered_at

    assert both == local == datetime(2026, 11, 20, 10, tzinfo=UTC)


# --- openTRANS ----------------------------------------------------------------------------------


def test_an_opentrans_order_is_read_with_its_parties() -> None:
    (found,) = orders_in(opentrans.order().encode())

    order = read(found)

    assert (order.external_id, order.total_cents) == ("4711", 20000)
    assert order.customer == "Reifen Müller"
    assert order.billing == Address(
        company="Reifen Müller",
        street="Ringstr. 1",
        zip="67661",
        city="Musterstadt",
        country="DE",
    )
    assert order.delivery == Address(company="Lager")
    assert [(x.article, x.quantity, x.price_cents) for x in order.lines] == [("T-1", 4, 5000)]


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-8", "windows-1252"])
def test_an_opentrans_order_is_read_in_the_encoding_it_names(encoding: str) -> None:
    (found,) = orders_in(opentrans.order(encoding=encoding).encode(encoding))

    assert read(found).customer == "Reifen Müller"


@pytest.mark.parametrize("date", ["20260901", "2026-09-01"])
def test_an_opentrans_date_without_a_time_is_midnight_here(date: str) -> None:
    (found,) = orders_in(opentrans.order(date=date).encode())

    assert read(found).ordered_at == datetime(2026, 8, 31, 22, tzinfo=UTC)


def test_where_no_total_is_told_the_lines_are_added_up() -> None:
    (found,) = orders_in(opentrans.order(total="").encode())

    assert read(found).total_cents == 20000


_NESTED = f'{{"id": 1, "line_items": {"[" * 600}{"]" * 600}}}'
ENTITY = '<!DOCTYPE ORDER [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (opentrans.order()[:500].encode(), "no sound XML"),
        (b"<INVOICE/>", "it is <INVOICE>, no <ORDER>"),
        (b"<ORDER/>", "it has no ORDER_ID"),
        (opentrans.order().replace("?>", f"?>{ENTITY}", 1).encode(), "document type of its own"),
        ("<?xml version='1.0' encoding='utf-8'?><ORDER>ü".encode("cp1252"), "in the encoding"),
        (b"<?xml version='1.0' encoding='none-such'?><ORDER/>", "in the encoding"),
        (b"", "neither XML nor sound JSON"),
        (b"[" * 100_000, "neither XML nor sound JSON"),
        (_NESTED.encode(), "nested too deeply"),
        (b"\xff\xfe\x00", "in the encoding"),
        (b"<?xml version='1.0' encoding='undefined'?><ORDER/>", "in the encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_kept_with_its_reason(content: bytes, why: str) -> None:
    (found,) = orders_in(content)

    assert why in found.trouble


# --- what a version is --------------------------------------------------------------------------


def test_the_same_content_is_the_same_version_however_it_is_written() -> None:
    order = woocommerce.order(1)
    written = json.dumps(order)
    other = json.dumps(dict(reversed(order.items())), indent=2)

    versions = {next(orders_in(text.encode())).version for text in (written, other)}

    assert len(versions) == 1


@pytest.mark.parametrize(("one", "other", "same"), [("1.50", "1.5", True), ("1.50", "1.51", False)])
def test_zeros_behind_a_number_make_no_version(one: str, other: str, same: bool) -> None:
    written = json.dumps(magento.order(1, grand_total=0))

    versions = {
        next(orders_in(written.replace('"grand_total": 0', f'"grand_total": {n}').encode())).version
        for n in (one, other)
    }

    assert (len(versions) == 1) is same


def test_each_orders_own_text_is_kept_to_the_letter() -> None:
    odd = '{"id":9007199254740993, "line_items":[], "x":1.10}'
    whole = f'{{"orders": [ {odd} ,{{"id":2,"line_items":[]}}]}}'

    found = list(orders_in(whole.encode()))

    assert found[0].raw == odd
    assert found[0].external_id == "9007199254740993"


@pytest.mark.parametrize("id_", [None, True, 1.5, "", [], {}])
def test_an_order_without_a_key_is_named_by_its_text(id_: Any) -> None:
    (found,) = orders_in(json.dumps(shopify.order(1) | {"id": id_}).encode())

    assert found.external_id.startswith("unreadable-")
    assert found.trouble == "it has no id"
