"""The seller's interface of Tyre24 (ALZURA), version 1.2: stock and prices of articles.

Up to 200 articles a call and three calls in ten seconds. There is no call that deletes any more
(3 September 2025): an article that is gone has no stock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.jobs.stock_export.failures import MarketBusy
from domain.jobs.stock_export.offers import Offered, Wording
from domain.jobs.stock_export.setting import Identifier, Marketplace
from domain.platforms.patience import Patience
from domain.platforms.ports import Calls, LimitReached
from domain.transfers.failures import PartnerRefused, TransferBroken
from infra.platforms.session import Headers, Session, basic, token_in
from infra.secrets import Secret
from infra.web.client import Answer, WebClient

ARTICLES, LOGIN = "seller/articles", "common/login"
MOST_ARTICLES, CALLS, WITHIN = 200, 3, timedelta(seconds=10)
IMPORT_RUNS = timedelta(seconds=15)
"""When it is asked again while its own import of articles runs."""

_ACCEPTED, _BAD_REQUEST, _UNFIT, _TOO_MANY = 202, 400, 422, 429
_ACCEPT = {"Accept": "application/vnd.saitowag.api+json;version=1.2"}
_PLACE = re.compile(r"data\[(\d+)\]")


class Tyre24Market:
    """The Market port; each call is booked before it is made, for all runs share the limit."""

    most_articles = MOST_ARTICLES

    def __init__(
        self,
        client: WebClient,
        login: tuple[str, Secret],
        place: Marketplace,
        patience: Patience,
        calls: Calls,
    ) -> None:
        self._login, self._place, self._calls = login, place, calls
        self._own = {**_ACCEPT, "country": place.country}
        self._session = Session(client, patience, log_in=self._log_in)
        self.wording = Wording(of=self._of, without_stock=_without_stock)

    def room(self, budget: timedelta) -> int:
        return (int(budget / WITHIN) + 1) * CALLS * MOST_ARTICLES

    def send(self, articles: Sequence[str]) -> Mapping[int, str]:
        self._session.sign_in()  # a login that fails must not cost a call
        try:
            self._calls.take(1, CALLS, WITHIN)
        except LimitReached as error:
            raise MarketBusy(str(error), retry_after=error.retry_after) from error
        body = f'{{"data":[{",".join(articles)}]}}'.encode()
        headers = {**self._own, "Content-Type": "application/json"}
        answer = self._session.answer("PATCH", ARTICLES, body=body, headers=headers)
        return _judged(answer, len(articles))

    def close(self) -> None:
        self._session.close()

    def _of(self, offer: Offered) -> str:
        """Name the article by all that is known of it; the marketplace has its own order."""
        known = {
            Identifier.ARTICLE: {"customer_article_id": str(offer.article)},
            Identifier.EAN: {"ean": offer.ean} if offer.ean else {},
            Identifier.MAKER: _maker(offer),
        }
        said: dict[str, Any] = {"type": self._place.article_type, "stock": offer.quantity}
        for identifier in self._place.identifiers:
            said |= known[identifier]
        price = float(Decimal(offer.price_cents) / 100)
        said["prices"] = [{"country_code": self._place.country, "price": price}]
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    def _log_in(self, session: Session) -> Headers:
        user, password = self._login
        answer = session.ask_unknown("GET", LOGIN, headers={**self._own, **basic(user, password)})
        data = answer.get("data") if isinstance(answer, dict) else None
        return {"X-AUTH-TOKEN": token_in(data or {}, "token", LOGIN).reveal()}


def _maker(offer: Offered) -> dict[str, str]:
    if not (offer.maker and offer.maker_no):  # neither has an effect alone
        return {}
    return {"manufacturer_name": offer.maker, "manufacturer_number": offer.maker_no}


def _without_stock(said: str) -> str:
    return json.dumps({**json.loads(said), "stock": 0}, ensure_ascii=False, separators=(",", ":"))


# --- answers -------------------------------------------------------------------------------------


def _judged(answer: Answer, sent: int) -> Mapping[int, str]:
    """Say which articles are refused. Raises what the answer means for the call."""
    if answer.status == _ACCEPTED:
        return {}
    if answer.is_good:  # a page of a proxy, say
        raise TransferBroken(f"{answer.url} answered {answer.status}: that accepts no articles")
    if answer.status == _UNFIT:
        return _refusals(answer, sent)
    if answer.status == _BAD_REQUEST and not _codes(answer):
        raise MarketBusy("an import of articles is running there", retry_after=IMPORT_RUNS)
    if answer.status == _TOO_MANY:
        raise MarketBusy(
            f"{answer.url} has had too many calls", retry_after=answer.retry_after or WITHIN
        )
    raise answer.failure()


def _refusals(answer: Answer, sent: int) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for fault in _listed(answer):
        field = str(fault.get("field", ""))
        place = _PLACE.match(field)
        if place and int(place[1]) < sent:
            said = f"{field[place.end() :].strip('[]') or 'article'}: {_why(fault)}"
            number = int(place[1])
            found[number] = f"{found[number]}; {said}" if number in found else said
    if not found:
        raise PartnerRefused(f"{answer.url} refuses the articles and does not say which")
    return found


def _why(fault: Mapping[str, Any]) -> str:
    errors = [error for error in fault.get("errors") or () if isinstance(error, dict)]
    return ", ".join(str(error.get("error_code")) for error in errors)


def _codes(answer: Answer) -> bool:
    return any("error_code" in fault for fault in _listed(answer))


def _listed(answer: Answer) -> list[dict[str, Any]]:
    """Give the faults of an answer; an empty body has none."""
    try:
        content = answer.json()
    except TransferBroken:
        return []
    data = content.get("data") if isinstance(content, dict) else None
    return [fault for fault in data if isinstance(fault, dict)] if isinstance(data, list) else []
