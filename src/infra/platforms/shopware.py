"""Shopware 6's Admin API: client credentials for a token that lives ten minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.platforms.ports import Page, Reading, Wanted
from infra.platforms.link import Link
from infra.platforms.numbered import Sheet, numbered_pages, total_of
from infra.platforms.session import Headers, Session, bearer, listing, token_in
from infra.platforms.shapes.shopware6 import ID
from infra.platforms.texts import found_in

FORMAT = "shopware6"
ORDERS, LOGIN = "api/search/order", "api/oauth/token"

_ASSOCIATIONS: Mapping[str, Any] = {
    "currency": {},
    "stateMachineState": {},
    "lineItems": {},
    "orderCustomer": {},
    "billingAddress": {"associations": {"country": {}}},
    "deliveries": {"associations": {"shippingOrderAddress": {"associations": {"country": {}}}}},
}
_EXACT_TOTAL = 1


class Shopware:
    """Asks for both dates: ``updatedAt`` is empty until an order is changed for the first time."""

    reading = Reading.WINDOWS

    def __init__(self, link: Link) -> None:
        self._link, self._size = link, link.setting.largest_page
        self._session = link.session(log_in=self._log_in)

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        asked = [_changed(wanted)]
        yield from numbered_pages(lambda number: self._sheet(asked, number), self._size)

    def order(self, external_id: str) -> Page:
        asked = [{"type": "equals", "field": "id", "value": external_id}]
        return Page(orders=self._sheet(asked, 1).orders)

    def close(self) -> None:
        self._session.close()

    def _sheet(self, asked: list[dict[str, Any]], number: int) -> Sheet:
        body = {
            "page": number,
            "limit": self._size,
            "total-count-mode": _EXACT_TOTAL,
            "filter": asked,
            "sort": [{"field": "createdAt"}, {"field": "id"}],
            "associations": _ASSOCIATIONS,
        }
        plain = {"Accept": "application/json"}  # as usual it answers in JSON:API
        _, found = self._session.ask("POST", ORDERS, listing("data"), json=body, headers=plain)
        orders = [found_in(one, raw, ID, FORMAT) for one, raw in found.orders]
        return Sheet(orders=orders, total=total_of(found.beside, "total"))

    def _log_in(self, session: Session) -> Headers:
        said = {
            "grant_type": "client_credentials",
            "client_id": self._link.user,
            "client_secret": self._link.password.reveal(),
        }
        answer = session.ask_unknown("POST", LOGIN, json=said)
        return bearer(token_in(answer, "access_token", self._link.setting.url))


def _changed(wanted: Wanted) -> dict[str, Any]:
    bounds = {"gte": _written(wanted.since), "lte": _written(wanted.until)}
    changed = {"type": "range", "field": "updatedAt", "parameters": bounds}
    never = {"type": "equals", "field": "updatedAt", "value": None}
    created = {"type": "range", "field": "createdAt", "parameters": bounds}
    untouched = {"type": "multi", "operator": "and", "queries": [never, created]}
    return {"type": "multi", "operator": "or", "queries": [changed, untouched]}


def _written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000+00:00}"
