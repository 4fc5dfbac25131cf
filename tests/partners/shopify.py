"""Shopify as its REST interface answers: a link leads to the next page and holds the question."""

from __future__ import annotations

from typing import Any

from partner_site import Reply, Request
from partners.site import PlatformSite, utc

LARGE_ID = 2**53
"""From here on a double no longer tells whole numbers apart."""


def order(number: int, **more: Any) -> dict[str, Any]:
    line = {"id": number, "name": "Tyre", "sku": f"T-{number}", "quantity": 4, "price": "50.00"}
    return {
        "id": LARGE_ID + number,
        "name": f"#{number}",
        "currency": "EUR",
        "total_price": "200.00",
        "created_at": "2026-11-20T11:00:00+01:00",
        "line_items": [line],
        **more,
    }


class ShopifySite(PlatformSite):
    """Knows one token. ``next_host`` is where its links lead; ``empty_first`` begins with none."""

    def __init__(self) -> None:
        super().__init__()
        self.shibboleth = "shpat_correct"
        self.next_host = ""
        self.empty_first = False
        self._pages: dict[str, list[Any]] = {}

    def key(self, order: Any) -> str:
        return str(order["id"])

    def knows(self, request: Request) -> bool:
        return request.headers.get("x-shopify-access-token") == self.shibboleth

    def listed(self, request: Request) -> Reply:
        _, _, one = request.path.partition("/orders/")
        if one:
            return Reply.of({"order": self.orders[one.removesuffix(".json")][1]})
        said = {name: values[0] for name, values in request.query.items()}
        size = int(said["limit"])
        if "page_info" in said:
            return self._reply(request, self._pages[said["page_info"]], size)
        assert said["status"] == "any"
        found = self.changed_within(utc(said["updated_at_min"]), utc(said["updated_at_max"]))
        return self._reply(request, found, size, first=0 if self.empty_first else size)

    def _reply(
        self, request: Request, found: list[Any], size: int, first: int | None = None
    ) -> Reply:
        count = size if first is None else first
        rest = found[count:]
        if not rest:
            return Reply.of({"orders": found})
        mark = f"mark{len(self._pages)}"
        self._pages[mark] = rest
        host = self.next_host or f"http://{request.headers['host']}"
        link = f"{host}{request.path}?limit={size}&page_info={mark}"
        return Reply.of({"orders": found[:count]}, Link=f'<{link}>; rel="next"')
