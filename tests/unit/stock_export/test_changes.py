"""What a marketplace is told: just the difference, and nothing waits for ever."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.stock_export.changes import Plan, compare
from domain.jobs.stock_export.offers import Offered, Sent, Wording

WORDING = Wording(
    of=lambda offer: f"{offer.quantity} at {offer.price_cents}",
    without_stock=lambda said: f"0 at {said.partition(' at ')[2]}",
)

STOCKS = st.dictionaries(
    st.integers(1, 30), st.tuples(st.integers(0, 3), st.integers(1, 3)), max_size=20
)


def offer(article: int, quantity: int, cents: int = 1) -> Offered:
    return Offered(
        article=article, ean="", maker="", maker_no="", quantity=quantity, price_cents=cents
    )


def planned(
    stock: Mapping[int, tuple[int, int]],
    told: Mapping[int, Sent],
    *,
    room: int = 1000,
    after: int = 0,
) -> Plan:
    plan = Plan(room=room, after=after)
    offers = iter([offer(article, *stock[article]) for article in sorted(stock)])
    compare(offers, iter([told[article] for article in sorted(told)]), WORDING, plan)
    return plan


def kept(plan: Plan, told: Mapping[int, Sent]) -> dict[int, Sent]:
    sent = {it.article: Sent(article=it.article, said=it.said) for it in plan.to_send}
    return {**told, **sent}


@given(before=STOCKS, after=STOCKS)
def test_once_told_the_marketplace_knows_the_stock_and_need_not_be_told_again(
    before: dict[int, tuple[int, int]], after: dict[int, tuple[int, int]]
) -> None:
    told = kept(planned(before, {}), {})

    told = kept(planned(after, told), told)

    for article, (quantity, cents) in after.items():
        assert told[article].said == f"{quantity} at {cents}"
    assert all(told[gone].said.startswith("0 at") for gone in before.keys() - after.keys())
    assert planned(after, told).changes == 0


@given(stock=STOCKS.filter(bool), room=st.integers(1, 5))
def test_with_little_room_everything_is_told_after_some_runs(
    stock: dict[int, tuple[int, int]], room: int
) -> None:
    told: dict[int, Sent] = {}
    place = 0
    for _ in range(-(-len(stock) // room)):
        plan = planned(stock, told, room=room, after=place)
        assert len(plan.to_send) == min(room, plan.changes)
        told, place = kept(plan, told), plan.to_send[-1].article

    assert planned(stock, told).changes == 0


def test_articles_without_stock_come_first_and_the_others_go_on_where_the_last_run_ended() -> None:
    stock = {1: (1, 1), 2: (0, 1), 3: (1, 1), 4: (1, 1)}
    told = {9: Sent(article=9, said="5 at 1")}

    plan = planned(stock, told, after=3)

    assert [it.article for it in plan.to_send] == [2, 9, 4, 1, 3]
    assert (plan.articles, plan.known, plan.changes) == (4, 1, 5)


def test_what_was_refused_is_told_again_only_in_other_words() -> None:
    told = {
        1: Sent(article=1, said="1 at 1", refusal="ean: ERR_VALUE_INVALID"),
        2: Sent(article=2, said="1 at 1", refusal="ean: ERR_VALUE_INVALID"),
        3: Sent(article=3, said="1 at 1", refusal="ean: ERR_VALUE_INVALID"),
    }

    plan = planned({1: (1, 1), 2: (2, 1)}, told)

    assert [it.article for it in plan.to_send] == [2]
