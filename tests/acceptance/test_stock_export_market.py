"""CR-002 to a marketplace's API: changes only, within its limits, whatever it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from export_shop import EXPORT, ExportShop, some
from partner_site import Reply, listening
from partners.tyre24_seller import Tyre24Seller
from servers.access import Access

MARKET = """
[export.9]
name = "Tyre24"
[export.9.stock]
suppliers = [23]
[export.9.price]
group = "market"
[export.9.marketplace]
adapter = "tyre24"
partner = "tyre24"
country = "de"
article_type = "R"
{more}
[price.market]
rules = [{{ percent = 10.0 }}]
"""
PARTNER = """
[partner.tyre24]
kind = "http"
url = "{url}"
user = "4711"
password = "env:TYRE24_PASSWORD"
"""


class MarketShop(ExportShop):
    """A shop with an account at a marketplace."""

    def __init__(self, root: Path, url: str, *, more: str = "") -> None:
        super().__init__(root, exports=[MARKET.format(more=more)])
        partners = root / "config" / "partners.toml"
        partners.write_text(partners.read_text("utf-8") + PARTNER.format(url=url), "utf-8")
        self.environment["TYRE24_PASSWORD"] = Tyre24Seller().password

    def forget(self, *tables: str) -> None:
        """Empty tables."""
        with Access(self.url) as access:
            for table in tables:
                access.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names


@contextmanager
def market_shop(root: Path, seller: Tyre24Seller, *, more: str = "") -> Iterator[MarketShop]:
    with listening(seller) as site:
        yield MarketShop(root, site.address, more=more)


def stock_of(seller: Tyre24Seller) -> dict[int, int]:
    return {int(article): said["stock"] for article, said in seller.accepted.items()}


def counts(told: dict[str, dict[str, int]]) -> tuple[int, int, int]:
    return told["items"]["sent"], told["items"]["refused"], told["items"]["remaining"]


def test_only_what_changed_is_sent_and_the_second_run_sends_nothing(tmp_path: Path) -> None:
    seller = Tyre24Seller()
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(250))
        code, told = shop.export()
        assert (code, counts(told), seller.batches) == (0, (250, 0, 0), [200, 50])
        assert seller.accepted["1"] == {
            "type": "R",
            "stock": 2,
            "customer_article_id": "1",
            "ean": "4000000000013",
            "manufacturer_name": "Norvik",
            "manufacturer_number": "N-1",
            "prices": [{"country_code": "de", "price": 55.01}],
        }

        code, told = shop.export()
        assert (code, told["outcome"], len(seller.batches)) == (0, "empty", 2)

        shop.stock([(23, n, 0 if n == 7 else pieces, cents) for _, n, pieces, cents in some(249)])
        code, told = shop.export()

    assert (code, counts(told), seller.batches[2:]) == (0, (2, 0, 0), [2])
    assert (stock_of(seller)[7], stock_of(seller)[250], stock_of(seller)[8]) == (0, 0, 9)
    assert (seller.over_limit, seller.logins) == (0, 2)


def test_the_limit_is_kept_over_runs_and_tokens_that_end_are_renewed(tmp_path: Path) -> None:
    seller = Tyre24Seller(uses=1)
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(401))
        assert counts(shop.export()[1]) == (401, 0, 0)
        shop.stock([(23, n, pieces + 1, cents) for _, n, pieces, cents in some(401)])

        code, told = shop.export()

    assert (code, counts(told)) == (0, (401, 0, 0))
    assert (seller.over_limit, seller.logins) == (0, 6)


def test_what_is_refused_is_named_and_not_sent_again_until_it_changes(tmp_path: Path) -> None:
    seller = Tyre24Seller(refused={"3", "5"})
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(10))

        told = shop.export()[1]
        assert counts(told) == (8, 2, 0)
        assert told["units"][0]["message"] == "8 of 10 changes accepted"
        assert shop.query("SELECT article_id, refusal FROM export_sent WHERE refusal <> ''") == [
            (3, "ean: ERR_VALUE_INVALID"),
            (5, "ean: ERR_VALUE_INVALID"),
        ]
        assert shop.export()[1]["outcome"] == "empty"

        seller.refused.clear()
        shop.stock([(23, n, pieces + 1, cents) for _, n, pieces, cents in some(10)])
        assert counts(shop.export()[1]) == (10, 0, 0)


def test_an_answer_that_broke_off_is_asked_for_again_and_changes_nothing(tmp_path: Path) -> None:
    seller = Tyre24Seller(cut=1)
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(10))
        code, told = shop.export()

    assert (code, counts(told), seller.batches) == (0, (10, 0, 0), [10, 10])


def test_a_page_of_a_proxy_is_no_acceptance(tmp_path: Path) -> None:
    seller = Tyre24Seller(instead=[Reply(body=b"<html>Sign in to the network</html>")])
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(10))
        code, told = shop.export()

    assert (code, counts(told), len(seller.accepted)) == (0, (10, 0, 0), 10)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (Reply.of([], 409), "answered 409"),
        (Reply.of({"data": [{"field": "data[500]", "errors": []}]}, 422), "does not say which"),
    ],
)
def test_a_refusal_of_all_is_entered_in_the_book(
    tmp_path: Path, answer: Reply, complaint: str
) -> None:
    seller = Tyre24Seller(instead=[answer])
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(10))
        code, told = shop.export()
        book = shop.query("SELECT status, error FROM export_run")

    assert (code, seller.accepted) == (70, {})
    assert complaint in told["units"][0]["message"]
    assert [status for status, _ in book] == ["failed"]
    assert complaint in book[0][1]


def test_time_that_is_over_leaves_the_rest_to_the_next_run_sold_out_articles_first(
    tmp_path: Path,
) -> None:
    seller = Tyre24Seller(imports=1)
    with market_shop(tmp_path / "shop", seller, more="budget_minutes = 0.05") as shop:
        shop.stock([(23, n, 0 if n > 795 else 5, cents) for _, n, _, cents in some(800)])

        code, told = shop.export()
        assert (code, counts(told), told["units"][0]["result"]) == (0, (0, 0, 800), "skipped")
        assert "an import of articles is running there" in told["units"][0]["message"]

        code, told = shop.export()
        sent, _, remaining = counts(told)
        assert (code, sent + remaining) == (0, 800)
        assert sent in {400, 600}  # a slow machine has a call more by now
        assert "the next run goes on" in told["units"][0]["message"]
    assert set(range(796, 801)) < set(stock_of(seller))


def test_killed_at_any_checkpoint_one_batch_at_most_is_sent_again(tmp_path: Path) -> None:
    seller = Tyre24Seller()
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(210))
        names = tmp_path / "checkpoints"
        shop.start_faulty(f"record:{names}", EXPORT).communicate(timeout=60)
        checkpoints = names.read_text("utf-8").split()
        assert checkpoints.count("noted") == 2
        expected = dict(seller.accepted)

        number = checkpoints.index("accepted") + 1
        shop.forget("export_sent", "platform_call")
        seller.forget()
        killed = shop.start_faulty(f"kill:{number}", EXPORT)
        killed.communicate(timeout=60)
        assert (killed.returncode, seller.batches) == (70, [200])

        code, told = shop.export()

    assert (code, counts(told)) == (0, (210, 0, 0))
    assert (seller.accepted, seller.batches) == (expected, [200, 200, 10])


def test_a_dry_run_compares_and_calls_nobody(tmp_path: Path) -> None:
    seller = Tyre24Seller()
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(10))
        code, told = shop.export("--dry-run")

    assert (code, counts(told), seller.logins) == (0, (0, 0, 10), 0)


@pytest.mark.parametrize(
    ("ruin", "code", "complaint"),
    [
        ({"TYRE24_PASSWORD": "wrong-password"}, 70, "refuses our login (401)"),
        ({"TYRE24_PASSWORD": ""}, 70, "TYRE24_PASSWORD"),
    ],
)
def test_a_login_that_is_refused_is_tried_once_and_no_password_is_shown(
    tmp_path: Path, ruin: dict[str, str], code: int, complaint: str
) -> None:
    seller = Tyre24Seller()
    with market_shop(tmp_path / "shop", seller) as shop:
        shop.stock(some(10))
        done = shop.console(EXPORT, "--format=json", **ruin)

    assert done.returncode == code
    assert complaint in json.loads(done.stdout)["why"]
    assert seller.logins <= 1
    assert "wrong-password" not in done.stdout + done.stderr
