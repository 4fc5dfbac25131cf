"""Each platform's interface, asked over a real line from a site that speaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from domain.jobs.platform_orders.request import PullRequest
from domain.jobs.platform_orders.windows import windows
from domain.platforms.order import OrderState
from domain.platforms.ports import BudgetSpent, NotOffered, Wanted
from domain.platforms.setting import Adapter, PlatformSetting
from domain.transfers.failures import LoginRefused, PartnerRefused, TransferBroken
from fakes.supplier_import import NOON
from infra.platforms.reading import read_order
from infra.secrets import scrub
from partner_site import Reply, Running, listening
from partners import magento, shopify, shopware, tyre24, woocommerce
from partners.asking import DAY, Asker, ids
from partners.magento import MagentoSite
from partners.shopify import LARGE_ID, ShopifySite
from partners.shopware import ShopwareSite
from partners.site import PlatformSite, busy, cut, packed, web_page
from partners.tyre24 import Tyre24Site
from partners.woocommerce import WooSite

LOGIN = {"password": "env:PASSWORD"}
NO_LOGIN = {"user": "", "password": ""}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A platform with windows: its site, its orders, and how it is set."""

    adapter: Adapter
    site: Callable[[], PlatformSite]
    order: Callable[..., Any]
    login: dict[str, str]

    @contextmanager
    def open(self, **keys: Any) -> Iterator[tuple[Any, PlatformSetting, Running]]:
        site = self.site()
        with listening(site) as running:
            given: dict[str, Any] = {"page_size": 2, "url": running.address, **self.login}
            given |= keys
            yield site, PlatformSetting(platform_id="p", adapter=self.adapter, **given), running


MAGENTO = Kind(
    adapter=Adapter.MAGENTO2,
    site=MagentoSite,
    order=magento.order,
    login={"user": "admin", **LOGIN},
)
SHOPWARE = Kind(
    adapter=Adapter.SHOPWARE6,
    site=ShopwareSite,
    order=shopware.order,
    login={"user": "SWIA", **LOGIN},
)
WOO = Kind(
    adapter=Adapter.WOOCOMMERCE,
    site=WooSite,
    order=woocommerce.order,
    login={"user": "ck_1", **LOGIN},
)
SHOPIFY = Kind(
    adapter=Adapter.SHOPIFY, site=ShopifySite, order=shopify.order, login={"token": "env:TOKEN"}
)
KINDS = (MAGENTO, SHOPWARE, WOO, SHOPIFY)
NUMBERED = (MAGENTO, SHOPWARE, WOO)
LOGGING_IN = (MAGENTO, SHOPWARE)

every = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.adapter.value)


def sell(kind: Kind, site: PlatformSite, *numbers: int) -> list[str]:
    """Sell orders an hour before noon; gives their keys."""
    made = [kind.order(number) for number in numbers]
    for order in made:
        site.sells(order, NOON - timedelta(hours=1))
    return [site.key(order) for order in made]


# --- all with windows ---------------------------------------------------------------------------


@every
def test_every_order_of_the_window_comes_once_as_it_was_written(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 1, 2, 3, 4, 5)
        site.sells(kind.order(9), NOON - timedelta(days=3))

        found = Asker().orders(setting)

    assert ids(found) == keys
    assert json.loads(found[0].raw) == kind.order(1)
    order = read_order(found[0].format, found[0].raw, "Europe/Berlin")
    assert (order.state, order.currency, order.lines[0].article) == (OrderState.OPEN, "EUR", "T-1")


@every
def test_a_single_order_is_asked_for_by_its_key(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 1, 2)

        with Asker().connected(setting) as platform:
            page = platform.order(keys[1])

    assert ids(page.orders) == [keys[1]]
    assert json.loads(page.orders[0].raw) == kind.order(2)


@every
@pytest.mark.parametrize(
    "change",
    [busy(429, Retry_After="7"), busy(503), busy(500), cut, web_page],
    ids=["429", "503", "500", "cut", "html"],
)
def test_what_passes_by_itself_is_asked_again(kind: Kind, change: Any) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 1, 2, 3)
        site.instead[2] = change

        found = Asker().orders(setting)

    assert ids(found) == keys
    assert site.questions == 3


@every
def test_a_platform_that_stays_busy_is_given_up_within_its_time(kind: Kind) -> None:
    asker = Asker()
    with kind.open() as (site, setting, _):
        site.instead = dict.fromkeys(range(1, 99), busy(503))

        with pytest.raises(TransferBroken, match="answered 503"):
            asker.orders(setting)

    assert site.questions == 5
    assert asker.clock.now() - NOON < timedelta(seconds=120)


def test_a_wait_that_the_run_cannot_afford_is_told_and_not_waited_for() -> None:
    asker = Asker()
    with WOO.open() as (site, setting, _):
        site.instead[1] = busy(429, Retry_After="3600")

        with pytest.raises(TransferBroken) as told:
            asker.orders(setting)

    assert told.value.retry_after == timedelta(hours=1)
    assert asker.clock.now() == NOON


@every
def test_compressed_answers_are_read(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 1, 2, 3)
        site.instead = {1: packed, 2: packed}

        assert ids(Asker().orders(setting)) == keys


@every
def test_a_wrong_secret_is_refused_at_once_and_never_shown(kind: Kind) -> None:
    asker = Asker()
    asker.secrets = dict.fromkeys(asker.secrets, "wrong battery")
    with kind.open() as (_, setting, running):
        with pytest.raises(LoginRefused) as told:
            asker.orders(setting)

        asked = len(running.asked)

    assert asked == 1
    assert "wrong battery" not in str(told.value)
    assert scrub("wrong battery") == "***"


@pytest.mark.parametrize("kind", LOGGING_IN, ids=lambda kind: kind.adapter.value)
def test_a_login_that_ends_between_pages_is_made_anew_once(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 1, 2, 3, 4, 5)
        site.meanwhile[2] = site.end_login

        found = Asker().orders(setting)

    assert ids(found) == keys
    assert site.logins == 2


def test_a_login_that_is_refused_again_is_not_tried_for_ever() -> None:
    with MAGENTO.open() as (site, setting, _):
        sell(MAGENTO, site, 1, 2, 3)
        site.instead = {2: busy(401), 3: busy(401)}

        with pytest.raises(LoginRefused):
            Asker().orders(setting)

    assert (site.logins, site.questions) == (2, 3)


@every
def test_time_that_is_over_ends_the_reading_between_pages(kind: Kind) -> None:
    asker = Asker()
    with kind.open() as (site, setting, _):
        sell(kind, site, 1, 2, 3)
        with asker.connected(setting) as platform:
            pages = platform.pages(DAY)
            next(pages)
            asker.clock.sleep(121)

            with pytest.raises(BudgetSpent, match="its 120 s are over"):
                next(pages)


@every
def test_an_answer_that_is_json_but_no_list_is_no_list_of_orders(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        say = Reply.of({"message": "maintenance"})
        site.instead = dict.fromkeys(range(1, 9), lambda _: say)

        with pytest.raises(TransferBroken, match="no list of orders but"):
            Asker().orders(setting)


@every
def test_an_order_changed_where_two_slices_meet_is_in_one_of_them(kind: Kind) -> None:
    setting = PlatformSetting(platform_id="p", adapter=kind.adapter, first_days=1, slice_hours=12)
    slices = list(windows(PullRequest(), setting, None, NOON))
    with kind.open() as (site, asked, _):
        order = kind.order(1)
        site.sells(order, slices[0].until)

        found = [
            key
            for each in slices
            for key in ids(Asker().orders(asked, Wanted(since=each.since, until=each.until)))
        ]

    assert set(found) == {site.key(order)}


# --- pages that shift -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NUMBERED, ids=lambda kind: kind.adapter.value)
def test_orders_that_come_in_meanwhile_push_none_out(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 2, 3, 4, 5)
        site.meanwhile[2] = lambda: sell(kind, site, 1) and None

        found = ids(Asker().orders(setting))

    assert set(keys) <= set(found)
    assert len(found) == 5  # number 3 came on two pages


@pytest.mark.parametrize("kind", NUMBERED, ids=lambda kind: kind.adapter.value)
def test_where_an_order_left_meanwhile_none_behind_it_is_passed_over(kind: Kind) -> None:
    with kind.open() as (site, setting, _):
        keys = sell(kind, site, 1, 2, 3, 4, 5)
        site.meanwhile[2] = lambda: site.orders.pop(keys[0]) and None

        found = ids(Asker().orders(setting))

    assert set(found) == set(keys)


def test_pages_that_shift_without_an_end_are_told() -> None:
    with WOO.open() as (site, setting, _):
        keys = sell(WOO, site, *range(1, 20))
        for place, key in enumerate(keys[:15], start=1):
            site.meanwhile[place] = lambda key=key: site.orders.pop(key) and None

        with pytest.raises(TransferBroken, match="pages shifted in each of 3 readings"):
            Asker().orders(setting)


def test_magentos_last_page_repeated_ends_the_reading() -> None:
    def without_total(reply: Reply) -> Reply:
        return Reply.of({**json.loads(reply.body), "total_count": None})

    with MAGENTO.open() as (site, setting, _):
        keys = sell(MAGENTO, site, 1, 2, 3, 4)
        site.instead = dict.fromkeys(range(1, 9), without_total)

        found = ids(Asker().orders(setting))

    assert found == keys
    assert site.questions == 3


@pytest.mark.parametrize("total", ["\N{SUPERSCRIPT TWO}", "", "-3", "many"])
def test_a_total_that_is_no_number_is_none(total: str) -> None:
    def saying(reply: Reply) -> Reply:
        return Reply.of(json.loads(reply.body), X_WP_Total=total)

    with WOO.open() as (site, setting, _):
        keys = sell(WOO, site, 1, 2, 3)
        site.instead = dict.fromkeys(range(1, 9), saying)

        assert ids(Asker().orders(setting)) == keys


# --- one platform's own ---------------------------------------------------------------------------


def test_shopware_orders_that_were_never_changed_come_by_their_creation() -> None:
    with SHOPWARE.open() as (site, setting, _):
        keys = sell(SHOPWARE, site, 1, 2)
        site.untouched.add(keys[1])

        assert ids(Asker().orders(setting)) == keys


def test_magento_takes_the_token_of_an_integration_too() -> None:
    with MAGENTO.open(**(NO_LOGIN | SHOPIFY.login)) as (site, setting, _):
        site.shibboleth = "shpat_correct"
        keys = sell(MAGENTO, site, 1)

        assert ids(Asker().orders(setting)) == keys
        assert site.logins == 0


def test_shopify_ids_beyond_a_doubles_reach_stay_whole() -> None:
    with SHOPIFY.open() as (site, setting, _):
        sell(SHOPIFY, site, 1)

        assert ids(Asker().orders(setting)) == [str(LARGE_ID + 1)]


def test_a_page_without_orders_but_with_a_next_one_is_gone_past() -> None:
    with SHOPIFY.open() as (site, setting, _):
        keys = sell(SHOPIFY, site, 1, 2, 3)
        site.empty_first = True

        assert ids(Asker().orders(setting)) == keys


def test_a_link_to_another_host_is_refused_and_never_gets_our_token() -> None:
    with SHOPIFY.open() as (site, setting, _), listening(ShopifySite()) as other:
        sell(SHOPIFY, site, 1, 2, 3)
        site.next_host = other.address

        with pytest.raises(PartnerRefused, match="leads to another host") as told:
            Asker().orders(setting)

    assert other.asked == []
    assert "page_info" not in str(told.value)


def test_a_link_in_a_circle_is_told() -> None:
    def to_itself(reply: Reply) -> Reply:
        link = '</admin/api/2024-10/orders.json?limit=2&page_info=mark0>; rel="next"'
        return replace(reply, headers={**reply.headers, "Link": link})

    with SHOPIFY.open() as (site, setting, _):
        sell(SHOPIFY, site, 1, 2, 3)
        site.instead = dict.fromkeys(range(1, 9), to_itself)

        with pytest.raises(TransferBroken, match="leads back to a page that was read"):
            Asker().orders(setting)


# --- Tyre24 ---------------------------------------------------------------------------------------


@contextmanager
def tyre_market() -> Iterator[tuple[Asker, Tyre24Site, PlatformSetting]]:
    asker = Asker()
    site = Tyre24Site(asker.clock.monotonic)
    with listening(site) as running:
        setting = PlatformSetting(
            platform_id="t24",
            adapter=Adapter.TYRE24,
            url=running.address,
            user="2000",
            password=LOGIN["password"],
        )
        yield asker, site, setting


def wanted(counter: int | None, *, was_asking: bool = False, peek: bool = False) -> Wanted:
    return replace(DAY, counter=counter, was_asking=was_asking, peek=peek)


def test_tyre24_hands_out_a_block_whose_number_is_told() -> None:
    with tyre_market() as (asker, site, setting):
        site.sells_now(1, 2)

        (page,) = asker.pages(setting, wanted(4711))

    assert ids(page.orders) == ["PAC1", "PAC2"]
    assert (page.counter, page.is_last) == (4712, True)
    assert (asker.calls.booked, asker.calls.asked_once) == ([1], 1)


def test_the_first_time_tyre24_is_read_before_it_counts_as_read() -> None:
    with tyre_market() as (asker, site, setting):
        site.sells_now(1)

        with asker.connected(setting) as platform:
            pages = platform.pages(wanted(None))
            assert ids(next(pages).orders) == ["PAC1"]
            assert site.handed_out == set()
            assert ids(next(pages).orders) == ["PAC1"]

    assert asker.calls.booked == [2]


def test_a_block_that_was_on_its_way_is_fetched_by_its_number() -> None:
    with tyre_market() as (asker, site, setting):
        site.sells_now(1)
        asker.pages(setting, wanted(4711))
        site.sells_now(2)
        asker.pages(setting, wanted(4712))  # nobody stored this one
        asker.clock.sleep(301)

        pages = asker.pages(setting, wanted(4712, was_asking=True))

    assert [ids(page.orders) for page in pages] == [["PAC1"], ["PAC2"]]
    assert [page.is_last for page in pages] == [False, True]
    assert asker.calls.booked[-1] == 2


def test_a_dry_run_leaves_tyre24_as_it_was() -> None:
    with tyre_market() as (asker, site, setting):
        site.sells_now(1)

        (page,) = asker.pages(setting, wanted(None, peek=True))

        assert (ids(page.orders), site.handed_out) == (["PAC1"], set())


def test_a_block_that_was_cut_is_not_asked_for_again_by_the_same_call() -> None:
    with tyre_market() as (asker, site, setting):
        site.sells_now(1)
        site.instead[1] = cut

        with pytest.raises(TransferBroken):
            asker.pages(setting, wanted(4711))

    assert site.questions == 1


def test_a_limit_that_tyre24_tells_is_told_on() -> None:
    with tyre_market() as (asker, site, setting):
        for _ in range(2):
            asker.pages(setting, wanted(4711))

        with pytest.raises(TransferBroken, match="answered 429") as told:
            asker.pages(setting, wanted(4711))

    assert told.value.retry_after == timedelta(seconds=300)
    assert site.questions == 3


def test_tyre24_has_no_way_to_ask_for_one_order() -> None:
    with (
        tyre_market() as (asker, _, setting),
        asker.connected(setting) as platform,
        pytest.raises(NotOffered, match="not the one order 4711"),
    ):
        platform.order("4711")


def test_the_same_order_in_another_block_is_the_same_version() -> None:
    first, second = (tyre24.order(1, tagging_counter=counter) for counter in (1, 2))

    with tyre_market() as (asker, site, setting):
        site.sells(first, NOON)
        before = asker.orders(setting, wanted(4711))[0].version
        site.blocks, site.handed_out = {}, set()
        site.sells(second, NOON)
        after = asker.orders(setting, wanted(4711))[0].version

    assert before == after
