"""Magento 2 over REST: with an integration's token, or an admin's that ends after some hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from domain.platforms.ports import Page, Reading, Wanted
from infra.platforms.link import Link
from infra.platforms.numbered import Sheet, numbered_pages, total_of
from infra.platforms.session import Headers, Session, bearer, document, listing, token_in
from infra.platforms.shapes.magento2 import ID
from infra.platforms.texts import found_in

FORMAT = "magento2"
ORDERS, LOGIN = "rest/V1/orders", "rest/V1/integration/admin/token"


class Magento:
    """Sorted by id: what changes meanwhile keeps its place; by time of change it would move."""

    reading = Reading.WINDOWS

    def __init__(self, link: Link) -> None:
        self._link, self._size = link, link.setting.largest_page
        has_token = bool(link.setting.token)
        self._session = link.session(
            headers=bearer(link.token) if has_token else None,
            log_in=None if has_token else self._log_in,
        )

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        yield from numbered_pages(lambda number: self._sheet(wanted, number), self._size)

    def order(self, external_id: str) -> Page:
        path = f"{ORDERS}/{quote(external_id, safe='')}"
        found, raw = self._session.ask("GET", path, document)
        return Page(orders=[found_in(found, raw, ID, FORMAT)])

    def close(self) -> None:
        self._session.close()

    def _sheet(self, wanted: Wanted, number: int) -> Sheet:
        fields = _question(wanted, number, self._size)
        _, found = self._session.ask("GET", ORDERS, listing("items"), fields=fields)
        orders = [found_in(one, raw, ID, FORMAT) for one, raw in found.orders]
        return Sheet(orders=orders, total=total_of(found.beside, "total_count"))

    def _log_in(self, session: Session) -> Headers:
        said = {"username": self._link.user, "password": self._link.password.reveal()}
        return bearer(
            token_in(session.ask_unknown("POST", LOGIN, json=said), "", self._link.setting.url)
        )


def _question(wanted: Wanted, number: int, size: int) -> dict[str, str]:
    """Write the search; two conditions in groups of their own must both hold."""
    asked = {
        "[pageSize]": str(size),
        "[currentPage]": str(number),
        "[sortOrders][0][field]": ID,
        "[sortOrders][0][direction]": "ASC",
    }
    bounds = (("gteq", wanted.since), ("lteq", wanted.until))
    for group, (condition, instant) in enumerate(bounds):
        place = f"[filterGroups][{group}][filters][0]"
        asked[f"{place}[field]"] = "updated_at"
        asked[f"{place}[conditionType]"] = condition
        asked[f"{place}[value]"] = _written(instant)
    return {f"searchCriteria{key}": value for key, value in asked.items()}


def _written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
