"""WooCommerce's REST API, version 3: consumer key and secret, totals in headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from domain.platforms.ports import Page, Reading, Wanted
from infra.platforms.link import Link
from infra.platforms.numbered import Sheet, numbered_pages
from infra.platforms.session import basic, document, listing
from infra.platforms.shapes.woocommerce import ID
from infra.platforms.texts import found_in

FORMAT = "woocommerce"
ORDERS = "wp-json/wc/v3/orders"


class WooCommerce:
    """Ascending by id: as usual the newest stand first, and push the others on."""

    reading = Reading.WINDOWS

    def __init__(self, link: Link) -> None:
        self._size = link.setting.largest_page
        self._session = link.session(headers=basic(link.user, link.password))

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        yield from numbered_pages(lambda number: self._sheet(wanted, number), self._size)

    def order(self, external_id: str) -> Page:
        path = f"{ORDERS}/{quote(external_id, safe='')}"
        found, raw = self._session.ask("GET", path, document)
        return Page(orders=[found_in(found, raw, ID, FORMAT)])

    def close(self) -> None:
        self._session.close()

    def _sheet(self, wanted: Wanted, number: int) -> Sheet:
        fields = {
            "page": str(number),
            "per_page": str(self._size),
            "orderby": "id",
            "order": "asc",
            "dates_are_gmt": "true",
            "modified_after": _written(wanted.since),
            "modified_before": _written(wanted.until),
        }
        answer, found = self._session.ask("GET", ORDERS, listing(), fields=fields)
        orders = [found_in(one, raw, ID, FORMAT) for one, raw in found.orders]
        total = answer.headers.get("X-WP-Total", "")
        return Sheet(
            orders=orders, total=int(total) if re.fullmatch("[0-9]{1,18}", total) else None
        )


def _written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
