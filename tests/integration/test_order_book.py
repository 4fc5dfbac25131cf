"""The inbox, cursors, limits and rests of platforms, and the shop's orders, on every database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.platforms.message import ProcessOrder
from domain.platforms.order import Address
from domain.platforms.ports import Found, LimitReached, Page
from fakes.platform_orders import setting_of
from fakes.supplier_import import NOON, FakeRun
from infra.platforms.reading import read_order
from infra.platforms.texts import found_in, unreadable
from infra.sql.connection import Database
from infra.sql.order_desk import SqlOrderDesk
from infra.sql.order_inbox import SqlOrderBook
from infra.sql.order_shelf import SqlOrderShelf
from partners import woocommerce
from servers import KINDS, database
from servers.access import Access

TABLES = (
    *("platform_cursor", "platform_state", "platform_call", "platform_order_inbox"),
    *("shop_order", "shop_order_line", "queue", "cron_audit"),
)
SHOP = setting_of("shop", rest_after=2)
HOUR = timedelta(hours=1)


class Inbox:
    """The book on one database, and what it left there."""

    def __init__(self, url: str) -> None:
        self.url, self.run = url, FakeRun()
        self.database = Database(url)
        self.book = SqlOrderBook(self.database, read_order)

    def store(self, *orders: Found, **more: Any) -> tuple[int, int, int]:
        stored = self.book.store(SHOP, Page(orders=orders, **more), self.run)
        return stored.new, stored.known, len(stored.quarantined)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with Access(self.url) as access:
            return access.rows(statement)

    def change(self, statement: str) -> None:
        with Access(self.url) as access:
            access.execute(statement)

    def queued(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT type, direction, entity_key, payload FROM queue ORDER BY id")


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with database(request.param) as url:
        yield url


@pytest.fixture
def inbox(url: str) -> Iterator[Inbox]:
    """Empty the tables: a database of its own takes each test longer than all it does."""
    made = Inbox(url)
    for table in TABLES:
        made.change(f"DELETE FROM {table}")  # noqa: S608 - our own names
    yield made
    made.database.close()


def order(number: int, **more: Any) -> Found:
    document = woocommerce.order(number, **more)
    return found_in(document, json.dumps(document, ensure_ascii=False), "id", "woocommerce")


# --- what comes in --------------------------------------------------------------------------------


def test_an_order_and_its_message_are_written_together_and_once(inbox: Inbox) -> None:
    told = [inbox.store(order(1), order(2)), inbox.store(order(2), order(1)), inbox.store(order(3))]

    assert told == [(2, 0, 0), (0, 2, 0), (1, 0, 0)]
    queued = inbox.queued()
    assert [row[:3] for row in queued] == [
        ("orders.process", "incoming", f"shop:{number}") for number in (1, 2, 3)
    ]
    assert json.loads(queued[0][3]) == {
        "platform": "shop",
        "external_id": "1",
        "version": order(1).version,
    }


def test_another_version_of_an_order_is_one_more_message_for_the_same_order(inbox: Inbox) -> None:
    inbox.store(order(1))

    assert inbox.store(order(1, status="cancelled"), order(1)) == (1, 1, 0)
    assert [row[2] for row in inbox.queued()] == ["shop:1", "shop:1"]


def test_an_order_twice_on_one_page_is_one(inbox: Inbox) -> None:
    assert inbox.store(order(1), order(1)) == (1, 0, 0)
    assert len(inbox.queued()) == 1


def test_what_cannot_be_read_is_kept_with_its_text_and_gets_no_message(inbox: Inbox) -> None:
    told = inbox.store(
        unreadable("{cut", "unknown", "it is no JSON"),
        order(1, line_items=[]),
        order(2),
        found_in({"id": "9" * 101}, "{}", "id", "woocommerce"),
    )

    assert told == (1, 0, 3)
    assert len(inbox.queued()) == 1
    kept = "SELECT status, reason, raw FROM platform_order_inbox WHERE status = 'QUARANTINE'"
    reasons = {raw: reason for _, reason, raw in inbox.rows(kept)}
    assert reasons["{cut"] == "it is no JSON"
    assert reasons[order(1, line_items=[]).raw] == "the order has no lines"
    assert "more than 100 characters" in reasons["{}"]


def test_a_key_that_differs_only_in_case_or_blanks_is_another_order(inbox: Inbox) -> None:
    keys = ("a", "A", "a b", "ä", "\0")
    orders = [Found(external_id=k, version="v", raw="x", format="?", trouble="t") for k in keys]

    assert inbox.store(*orders) == (0, 0, 5)
    assert inbox.store(*orders) == (0, 5, 0)


def test_a_page_of_many_and_large_orders_is_stored_whole(inbox: Inbox) -> None:
    large = "ö" * 300_000
    orders = [order(number, customer_note=large if number < 9 else "") for number in range(1, 700)]

    assert inbox.store(*orders) == (699, 0, 0)
    longest = "SELECT raw FROM platform_order_inbox WHERE external_id = '1'"
    assert inbox.rows(longest)[0][0] == orders[0].raw


def test_an_order_larger_than_any_is_kept_in_quarantine_by_its_start(inbox: Inbox) -> None:
    huge = order(1, customer_note="x" * 20_000_000)

    assert inbox.store(huge, order(2)) == (1, 0, 1)
    ((reason, length),) = inbox.rows(
        "SELECT reason, LENGTH(raw) FROM platform_order_inbox WHERE status = 'QUARANTINE'"
    )
    assert "no order has more than 3,000,000" in reason
    assert length == 3_000_000


def test_a_dry_run_tells_what_is_new_and_writes_nothing(inbox: Inbox) -> None:
    inbox.store(order(1))
    inbox.run = FakeRun(dry_run=True)

    assert inbox.store(order(1), order(2), order(3, line_items=[])) == (1, 1, 1)
    assert len(inbox.rows("SELECT id FROM platform_order_inbox")) == 1


# --- cursor, limits, rests ------------------------------------------------------------------------


def test_the_cursor_is_kept_and_never_goes_back(inbox: Inbox) -> None:
    before = inbox.book.state("shop").watermark

    for watermark in (NOON, NOON - HOUR):
        inbox.book.move("shop", watermark, inbox.run)
    inbox.store(order(1), counter=4712)
    inbox.store(counter=4711)

    state = inbox.book.state("shop")
    assert before is None
    assert (state.watermark, state.counter) == (NOON, 4712)


def test_a_cursor_that_is_forgotten_leaves_the_counter(inbox: Inbox) -> None:
    inbox.book.move("shop", NOON, inbox.run)
    inbox.store(order(1), counter=4712)

    inbox.book.forget("shop", inbox.run)

    state = inbox.book.state("shop")
    assert (state.watermark, state.counter) == (None, 4712)


def test_calls_of_a_clock_that_ran_ahead_count_no_more(inbox: Inbox) -> None:
    calls = inbox.book.calls("shop", inbox.run)
    calls.take(2, 2, HOUR)
    inbox.change("UPDATE platform_call SET at = at + 3600000000 * 24")

    calls.take(2, 2, HOUR)

    assert len(inbox.rows("SELECT id FROM platform_call")) == 2


def test_a_call_is_booked_for_all_runs_until_its_time_is_over(inbox: Inbox) -> None:
    mine, others = (inbox.book.calls("shop", FakeRun()) for _ in range(2))
    mine.take(1, 2, HOUR)
    others.take(1, 2, HOUR)

    with pytest.raises(LimitReached, match=r"limit of 2 calls is used up; ask again in \d+ s"):
        mine.take(1, 2, HOUR)
    inbox.book.calls("other", FakeRun()).take(2, 2, HOUR)
    inbox.change("UPDATE platform_call SET at = at - 3600000000")
    mine.take(2, 2, HOUR)

    assert len(inbox.rows("SELECT id FROM platform_call WHERE platform = 'shop'")) == 2


def test_several_calls_are_booked_all_or_none(inbox: Inbox) -> None:
    calls = inbox.book.calls("shop", inbox.run)
    calls.take(1, 2, HOUR)

    with pytest.raises(LimitReached):
        calls.take(2, 2, HOUR)

    assert len(inbox.rows("SELECT id FROM platform_call")) == 1


def test_an_answer_on_its_way_is_remembered_until_the_last_page_is_stored(inbox: Inbox) -> None:
    asking = []
    inbox.book.calls("shop", inbox.run).asking()
    asking.append(inbox.book.state("shop").was_asking)
    inbox.store(order(1), is_last=False)
    asking.append(inbox.book.state("shop").was_asking)
    inbox.store(order(2))
    asking.append(inbox.book.state("shop").was_asking)

    assert asking == [True, True, False]


def test_failures_in_a_row_let_a_platform_rest_and_a_good_run_ends_that(inbox: Inbox) -> None:
    first = inbox.book.went_wrong(SHOP, "answered 503", None, inbox.run)
    second = inbox.book.went_wrong(SHOP, "answered 502", HOUR, inbox.run)
    inbox.book.went_well("shop", inbox.run)
    well = inbox.book.state("shop")

    assert (first.failures, first.rests_for, first.blocked_for) == (1, None, None)
    assert (second.failures, second.reason) == (2, "answered 502")
    assert second.rests_for
    assert timedelta(minutes=29) < second.rests_for <= timedelta(minutes=30)
    assert second.blocked_for
    assert timedelta(minutes=59) < second.blocked_for <= HOUR
    assert (well.failures, well.rests_for, well.blocked_for) == (0, None, None)


def test_a_rest_that_a_wrong_clock_wrote_is_none(inbox: Inbox) -> None:
    for _ in range(2):
        inbox.book.went_wrong(SHOP, "answered 503", HOUR, inbox.run)
    year = 365 * 24 * 3_600_000_000
    inbox.change(
        f"UPDATE platform_state SET rests_until = rests_until + {year},"  # noqa: S608 - a number
        f" blocked_until = blocked_until + {year}"
    )

    state = inbox.book.state("shop")
    assert (state.failures, state.rests_for, state.blocked_for) == (2, None, None)


def test_a_dry_run_books_no_call_and_notes_nothing(inbox: Inbox) -> None:
    calls = inbox.book.calls("shop", FakeRun(dry_run=True))

    calls.take(1, 1, HOUR)
    calls.take(1, 1, HOUR)
    calls.asking()

    assert inbox.rows("SELECT id FROM platform_call") == []
    assert inbox.rows("SELECT platform FROM platform_state") == []


# --- the shop's orders ----------------------------------------------------------------------------


class Settling:
    """Statements of a message's handler, committed at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def execute(self, statement: str, **values: Any) -> int:
        return self._database.execute(statement, **values)

    def rows(self, statement: str, **values: Any) -> Any:
        return self._database.rows(statement.replace("FOR UPDATE", ""), **values)

    def row(self, statement: str, **values: Any) -> Any:
        return next(iter(self.rows(statement, **values)), None)


def keep(inbox: Inbox, found: Found) -> bool:
    """Make the shop's order of a version in the inbox."""
    shelf = SqlOrderShelf(inbox.database.kind)
    key = ProcessOrder(platform="shop", external_id=found.external_id, version=found.version)
    database = Settling(inbox.database)
    received = shelf.received(database, key)
    assert received
    made = read_order(received.format, received.raw, received.zone)
    return shelf.keep(database, key, made, received.inbox_id)


def test_an_order_is_kept_with_its_lines_and_a_later_version_takes_its_place(
    inbox: Inbox,
) -> None:
    first = order(1, billing={"first_name": "Jörg", "city": "Ulm"})
    second = order(1, status="cancelled", line_items=[])
    inbox.store(first)
    inbox.store(second)

    keep(inbox, first)
    lines = inbox.rows("SELECT article, quantity, price_cents FROM shop_order_line")
    billing = inbox.rows("SELECT billing FROM shop_order")[0][0]
    keep(inbox, second)

    assert lines == [("T-1", 4, 5000)]
    assert Address(**json.loads(billing)) == Address(name="Jörg", city="Ulm")
    assert inbox.rows("SELECT state FROM shop_order") == [("cancelled",)]
    assert inbox.rows("SELECT line FROM shop_order_line") == []


def test_an_older_version_never_takes_the_place_of_a_later_one(inbox: Inbox) -> None:
    first, second = order(1), order(1, status="cancelled")
    inbox.store(first)
    inbox.store(second)

    kept = [keep(inbox, second), keep(inbox, first), keep(inbox, second)]

    assert kept == [True, False, True]
    assert inbox.rows("SELECT state FROM shop_order") == [("cancelled",)]
    assert inbox.rows("SELECT status FROM platform_order_inbox ORDER BY id") == [
        ("SUPERSEDED",),
        ("PROCESSED",),
    ]


# --- by hand --------------------------------------------------------------------------------------


def test_what_is_in_quarantine_is_queued_once_more_and_nothing_else(inbox: Inbox) -> None:
    inbox.store(order(1), order(2, line_items=[]))
    desk = SqlOrderDesk(inbox.database)
    bad, good = desk.listed(platform="shop", status=None, limit=9)
    only = desk.listed(platform=None, status="QUARANTINE", limit=9)

    again = desk.requeue([bad.inbox_id, good.inbox_id, 99], actor="anna", reason="mended")

    assert [one.external_id for one in only] == ["2"]
    assert again == [bad.inbox_id]
    mended = desk.find(bad.inbox_id)
    assert mended
    assert (mended.status, mended.reason) == ("NEW", "")
    assert [row[2] for row in inbox.queued()] == ["shop:1", "shop:2"]
    assert inbox.rows("SELECT actor, verb, reason FROM cron_audit") == [
        ("anna", "orders:requeue", "mended")
    ]
