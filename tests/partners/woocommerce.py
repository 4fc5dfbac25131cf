"""WooCommerce as it answers: as usual the newest first, totals in the headers."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

from partner_site import Reply, Request
from partners.site import PlatformSite, utc

LOGIN = "Basic " + b64encode(b"ck_1:correct horse").decode()


def order(number: int, **more: Any) -> dict[str, Any]:
    line = {
        "id": number,
        "name": "Tyre",
        "sku": f"T-{number}",
        "product_id": 9,
        "quantity": 4,
        "total": "168.07",
        "total_tax": "31.93",
    }
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "EUR",
        "date_created": "2026-11-20T11:00:00",
        "date_created_gmt": "2026-11-20T10:00:00",
        "total": "200.00",
        "line_items": [line],
        **more,
    }


class WooSite(PlatformSite):
    """Knows one key."""

    def key(self, order: Any) -> str:
        return str(order["id"])

    def knows(self, request: Request) -> bool:
        return request.headers.get("authorization") == LOGIN

    def listed(self, request: Request) -> Reply:
        _, _, one = request.path.partition("/orders/")
        if one:
            return Reply.of(self.orders[one][1])
        said = {name: values[0] for name, values in request.query.items()}
        assert said["dates_are_gmt"] == "true"
        moment = timedelta(microseconds=1)  # both ends are left out
        after, before = utc(said["modified_after"]), utc(said["modified_before"])
        found = self.changed_within(after + moment, before - moment)
        if (said.get("orderby"), said.get("order")) != ("id", "asc"):
            found.reverse()
        size, page = int(said.get("per_page", 10)), int(said.get("page", 1))
        assert size <= 100
        pages = str(-(-len(found) // size))
        some = found[(page - 1) * size : page * size]
        return Reply.of(some, X_WP_Total=str(len(found)), X_WP_TotalPages=pages)
