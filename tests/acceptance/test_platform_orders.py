"""CR-008 through bin/console: platforms that fail, shift and repeat, and every order once."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from order_shop import DESK, PROCESS, PULL, OrderShop, ago, magento_shop, platform, tyre_market
from partner_site import Reply, Request, listening
from partners import magento, opentrans, shopify, woocommerce
from partners.magento import MagentoSite
from partners.shopify import ShopifySite
from partners.site import PlatformSite, busy
from partners.tyre24 import Tyre24Site
from private_shop import events
from servers import KINDS, database

TOKEN, NO_TOKEN = "env:PLATFORM_TOKEN", "env:NO_SUCH_TOKEN"
REAL = Path(__file__).parents[1] / "data" / "orders"


def selling(*numbers: int) -> MagentoSite:
    site = MagentoSite()
    for number in numbers:
        site.sells(magento.order(number), ago(hours=1))
    return site


def shop_with_all(root: Path, mage: str, t24: str, url: str = "") -> OrderShop:
    """Three platforms: numbered pages, numbered blocks, files."""
    shop = OrderShop(root, url=url)
    shop.connect(magento_shop(mage), tyre_market(t24), DESK)
    both = [woocommerce.order(5), {"no": "order"}]
    (shop.folder() / "a.json").write_text(json.dumps(both), "utf-8")
    return shop


# --- what is pulled -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_orders_come_in_once_are_processed_and_a_second_run_finds_nothing(
    tmp_path: Path, kind: str
) -> None:
    with (
        database(kind) as url,
        listening(selling(*range(1, 8))) as mage,
        listening(Tyre24Site(time.monotonic)) as t24,
    ):
        shop = shop_with_all(tmp_path / "shop", mage.address, t24.address, url)
        (shop.folder() / "b.xml").write_text(opentrans.order("4711"), "utf-8")

        code, told = shop.pull()
        before = shop.left()
        again = shop.pull("--platform=mage", "--platform=desk")
        after = shop.left()
        processed = shop.console(PROCESS, "--stop-when-empty")

        assert (code, told["outcome"], told["items"]) == (
            4,
            "partial",
            {"orders": 9, "quarantined": 1},
        )
        assert (again[0], again[1]["outcome"]) == (0, "empty")
        assert (before, processed.returncode) == (after, 0)
        assert [row[:2] for row in shop.orders()] == [
            *(("desk", key) for key in ("4711", "5")),
            *(("mage", str(number)) for number in range(1, 8)),
        ]


def test_every_real_file_goes_through(tmp_path: Path) -> None:
    shop = OrderShop(tmp_path / "shop")
    shop.connect(DESK)
    folder = shop.folder()
    for file in REAL.glob("*.json"):
        (folder / file.name).write_bytes(file.read_bytes())

    code, told = shop.pull()
    processed = shop.console(PROCESS, "--stop-when-empty")

    assert (code, told["items"]) == (4, {"orders": 8, "quarantined": 17})
    assert processed.returncode == 0
    assert [row[:3] for row in shop.orders()] == [
        ("desk", "123456", "cancelled"),
        ("desk", "3", "open"),
        ("desk", "723", "completed"),
        ("desk", "727", "open"),
        ("desk", "PAC1234567890719", "cancelled"),
    ]
    assert not [path for path in folder.iterdir() if path.is_file()]
    reasons = list((folder / "failed").glob("*.REASON.txt"))
    assert len(reasons) == len(list((folder / "failed").glob("*.json"))) > 0


def test_an_order_cancelled_after_it_came_is_cancelled_here_too(tmp_path: Path) -> None:
    site = selling(1)
    with listening(site) as mage:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(magento_shop(mage.address))
        shop.pull()
        shop.console(PROCESS, "--stop-when-empty")
        site.sells(magento.order(1, state="canceled"), ago(minutes=5))

        shop.pull()
        shop.console(PROCESS, "--stop-when-empty")

    assert shop.orders() == [("mage", "1", "cancelled", 20000)]


def test_a_dry_run_asks_and_shows_and_stores_nothing(tmp_path: Path) -> None:
    t24_site = Tyre24Site(time.monotonic)
    t24_site.sells_now(1)
    with listening(selling(1, 2)) as mage, listening(t24_site) as t24:
        shop = shop_with_all(tmp_path / "shop", mage.address, t24.address)
        before = shop.left()

        _, told = shop.pull("--dry-run")

        assert told["items"] == {"orders": 4, "quarantined": 1}
        assert shop.left() == before
        assert t24_site.handed_out == set()


def test_the_same_firing_twice_pulls_once(tmp_path: Path) -> None:
    site = selling(1)
    with listening(site) as mage:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(magento_shop(mage.address))
        firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"

        outcomes, questions = [], []
        for _ in range(2):
            outcomes.append(shop.pull(firing)[1]["outcome"])
            questions.append(site.questions)

    assert outcomes == ["succeeded", "skipped_duplicate"]
    assert questions[0] == questions[1]


# --- scoped runs ----------------------------------------------------------------------------------


def test_a_scoped_run_reads_again_and_leaves_the_cursor(tmp_path: Path) -> None:
    site = selling(1)
    with listening(site) as mage:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(magento_shop(mage.address))
        shop.pull()
        cursor = shop.query("SELECT watermark FROM platform_cursor")
        site.sells(magento.order(2), ago(days=90))
        since, until = (f"{ago(days=days):%Y-%m-%dT%H:%M:%S}" for days in (91, 89))

        window = shop.pull("platform=mage", f"since={since}", f"until={until}")
        one = shop.pull("--platform=mage", "--order=1")

        assert [told["items"]["orders"] for _, told in (window, one)] == [1, 0]
        assert shop.query("SELECT watermark FROM platform_cursor") == cursor


def test_words_that_make_no_sense_are_told(tmp_path: Path) -> None:
    done = OrderShop(tmp_path / "shop").console(PULL, "--since=2026-11-01")

    assert done.returncode == 2
    assert "need exactly one --platform" in done.stderr


def test_an_unknown_platform_is_named_with_those_there_are(tmp_path: Path) -> None:
    shop = OrderShop(tmp_path / "shop")
    shop.connect(DESK)

    code, told = shop.pull("--platform=dsk")

    assert code == 70
    assert "there is no such platform; there are desk" in told["why"]


# --- kills ----------------------------------------------------------------------------------------


class Markets:
    """Two platforms at addresses that stay, begun anew for each shop."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        clock = iter(range(0, 10**9, 400))  # two calls are always free
        self.mage = selling(1, 2)
        self.t24 = Tyre24Site(lambda: float(next(clock)))
        self.t24.sells_now(1, 2)

    @contextmanager
    def open(self) -> Iterator[tuple[str, str]]:
        with listening(Relay(lambda: self.mage)) as mage, listening(Relay(lambda: self.t24)) as t24:
            yield mage.address, t24.address


@dataclass
class Relay:
    """Asks the site that is there by now."""

    site: Callable[[], PlatformSite]

    def answer(self, request: Request) -> Reply:
        return self.site().answer(request)


def pulled(shop: OrderShop) -> dict[str, Any]:
    """Pull when the limit's time is over; gives what is left."""
    shop.execute("DELETE FROM platform_call")
    shop.console(PULL)
    return shop.left()


def test_killed_at_any_checkpoint_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    markets, names = Markets(), tmp_path / "checkpoints"
    with markets.open() as addresses:
        shop = shop_with_all(tmp_path / "shop", *addresses)
        shutil.copytree(shop.root, tmp_path / "kept")
        shop.start_faulty(f"record:{names}", PULL).communicate(timeout=60)
        expected = shop.left()
        checkpoints = names.read_text("utf-8").split()
        assert {"platform", "page", "written", "stored", "kept", "moved"} <= set(checkpoints)

        for place in _last_of_each(checkpoints):
            markets.begin()
            shutil.rmtree(shop.root)
            shutil.copytree(tmp_path / "kept", shop.root)
            _killed(shop, place)
            assert pulled(shop) == expected, (place, checkpoints[place - 1])

        for kind in KINDS[1:]:  # where they differ: within the transaction
            markets.begin()
            with database(kind) as url:
                served = shop_with_all(tmp_path / kind, *addresses, url)
                _killed(served, checkpoints.index("written") + 1)
                assert pulled(served) == expected, kind


def _killed(shop: OrderShop, place: int) -> None:
    killed = shop.start_faulty(f"kill:{place}", PULL)
    killed.communicate(timeout=60)
    assert killed.returncode == 70


def _last_of_each(checkpoints: list[str]) -> list[int]:
    """Find the last of each name; of those behind a write, within each platform."""
    platforms, last = 0, {}
    for place, name in enumerate(checkpoints, start=1):
        platforms += name == "platform"
        last[0 if name in ("platform", "page") else platforms, name] = place
    return sorted(last.values())


def test_a_tyre24_block_whose_answer_never_arrived_is_fetched_by_its_number(
    tmp_path: Path,
) -> None:
    clock = iter(range(0, 10**9, 400))
    site = Tyre24Site(lambda: float(next(clock)))
    site.sells_now(1)
    with listening(site) as t24:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(tyre_market(t24.address))
        shop.pull()
        site.sells_now(2)
        site.instead[site.questions + 1] = busy(503)  # handed out there, and lost on the way
        shop.execute("DELETE FROM platform_call")
        failed = shop.pull()
        shop.execute("DELETE FROM platform_call")

        found = shop.pull()

    assert (failed[0], found[1]["items"]["orders"]) == (75, 1)
    assert [key for _, key, *_ in shop.inbox()] == ["PAC1", "PAC2"]


# --- limits, rests, failures ----------------------------------------------------------------------


def test_tyre24s_two_calls_are_counted_over_all_runs(tmp_path: Path) -> None:
    site = Tyre24Site(time.monotonic)
    with listening(site) as t24:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(tyre_market(t24.address))

        codes = [shop.pull()[0] for _ in range(3)]

        assert (codes, site.questions) == ([0, 0, 0], 2)
        (unit,) = shop.pull()[1]["units"]
        assert unit["result"] == "skipped"
        assert "its limit of 2 calls is used up; ask again in" in unit["message"]


def test_a_platform_that_keeps_failing_rests_and_comes_back_when_it_is_named(
    tmp_path: Path,
) -> None:
    site = selling(1)
    with listening(site) as mage:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(magento_shop(mage.address, rest_after=2))
        site.instead = dict.fromkeys(range(1, 3), busy(404))
        failed = [shop.console(PULL) for _ in range(2)]
        resting = shop.pull()
        asked = site.questions

        named = shop.pull("--platform=mage")

    assert [len(events(done.stderr, "platform.rests")) for done in failed] == [0, 1]
    assert (resting[0], asked) == (70, 2)
    assert "PlatformRests: not asked for " in resting[1]["why"]
    assert "it failed 2 times, last: " in resting[1]["why"]
    assert (named[0], named[1]["items"]["orders"]) == (0, 1)


def test_one_platform_that_is_down_stops_no_other(tmp_path: Path) -> None:
    with listening(selling(1)) as mage, listening(ShopifySite()) as shopify_at:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(
            platform("a-dead", "magento2", mage.address, token=NO_TOKEN),
            magento_shop(mage.address),
            platform("z", "shopify", shopify_at.address, token=TOKEN),
        )

        code, told = shop.pull()

    assert code == 4
    assert [(u["unit"], u["result"]) for u in told["units"]] == [
        ("a-dead", "failed"),
        ("mage", "done"),
        ("z", "unchanged"),
    ]
    assert "SecretMissing: secret env:NO_SUCH_TOKEN is not set" in told["units"][0]["message"]


def test_no_secret_is_seen_anywhere(tmp_path: Path) -> None:
    site, elsewhere = ShopifySite(), "http://127.0.0.1:9"
    for number in range(1, 4):
        site.sells(shopify.order(number), ago(hours=1))
    site.next_host = elsewhere
    with listening(site) as at:
        shop = OrderShop(tmp_path / "shop")
        shop.connect(platform("s", "shopify", at.address, token=TOKEN, page_size=1))

        done = shop.console(PULL, "-vvv")

    assert done.returncode == 70
    assert "leads to another host: http://127.0.0.1:9" in done.stderr
    said = done.stdout + done.stderr + str(shop.query("SELECT reason FROM platform_state"))
    assert "shpat_correct" not in said
    assert "page_info" not in said
    assert at.asked[0].headers["x-shopify-access-token"] == "shpat_correct"


# --- what people type -----------------------------------------------------------------------------


def test_an_order_in_quarantine_is_shown_and_queued_again(tmp_path: Path) -> None:
    shop = OrderShop(tmp_path / "shop")
    shop.connect(DESK)
    folder = shop.folder()
    (folder / "a.json").write_text(json.dumps(woocommerce.order(1, line_items=[])), "utf-8")
    shop.pull()

    listed = shop.console("orders:list", "--status=quarantine", "--format=json")
    (row,) = json.loads(listed.stdout)
    shown = shop.console("orders:show", str(row["id"]))
    again = shop.console("orders:requeue", str(row["id"]), "--reason=mended")
    shop.console(PROCESS, "--stop-when-empty")
    other = shop.console("orders:requeue", "99", "--reason=mended")

    assert (row["order"], row["reason"]) == ("1", "the order has no lines")
    assert "1 of desk" in shown.stdout
    assert '"line_items": []' in shown.stdout
    assert (again.returncode, other.returncode) == (0, 70)
    assert shop.inbox() == [("desk", "1", "QUARANTINE", "the order has no lines")]


def test_a_platform_is_shown_as_it_is_loaded(tmp_path: Path) -> None:
    shop = OrderShop(tmp_path / "shop")
    shop.connect(magento_shop("https://shop.example", active=False))

    shown = shop.console("platforms:show", "mage").stdout
    unknown = shop.console("platforms:show", "mega")

    assert 'password = "env:PLATFORM_SECRET"' in shown
    assert "active = false" in shown
    assert (unknown.returncode, "there is no platform mega" in unknown.stderr) == (2, True)
