"""Shopify's REST Admin API: pages that lead to the next by a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from domain.platforms.ports import Page, Reading, Wanted
from domain.transfers.failures import TransferBroken
from infra.platforms.link import Link
from infra.platforms.session import listing
from infra.platforms.shapes.shopify import ID
from infra.platforms.texts import found_in
from infra.web.client import Answer

FORMAT = "shopify"
VERSION = "2024-10"
ORDERS = f"admin/api/{VERSION}/orders"

_NEXT = re.compile(r"<([^<>]+)>[^,<]*;\s*rel=\"?next\"?")


class Shopify:
    """A link keeps the question that it goes on with; its host must be ours."""

    reading = Reading.WINDOWS

    def __init__(self, link: Link) -> None:
        self._size = link.setting.largest_page
        self._session = link.session(headers={"X-Shopify-Access-Token": link.token.reveal()})

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        path: str | None = f"{ORDERS}.json"
        content: dict[str, Any] = {"fields": _question(wanted, self._size)}
        been: set[str] = set()
        while path:
            answer, found = self._session.ask("GET", path, listing("orders"), **content)
            if found.orders:
                yield Page(orders=[found_in(one, raw, ID, FORMAT) for one, raw in found.orders])
            path, content = next_link(answer), {}
            if path in been:
                raise TransferBroken(f"{answer.url} leads back to a page that was read")
            been.add(path or "")

    def order(self, external_id: str) -> Page:
        path = f"{ORDERS}/{quote(external_id, safe='')}.json"
        _, found = self._session.ask("GET", path, listing("order"))
        return Page(orders=[found_in(one, raw, ID, FORMAT) for one, raw in found.orders])

    def close(self) -> None:
        self._session.close()


def next_link(answer: Answer) -> str | None:
    """Find the address of the next page; None on the last."""
    found = _NEXT.search(answer.headers.get("Link", ""))
    return found[1] if found else None


def _question(wanted: Wanted, size: int) -> dict[str, str]:
    return {
        "status": "any",  # as usual it hides what is closed
        "limit": str(size),
        "order": "updated_at asc",
        "updated_at_min": _written(wanted.since),
        "updated_at_max": _written(wanted.until),
    }


def _written(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
