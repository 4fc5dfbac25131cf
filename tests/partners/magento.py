"""Magento 2 as its search answers: past the end it gives the last page again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from partner_site import Reply, Request
from partners.site import PlatformSite, utc


def order(number: int, **more: Any) -> dict[str, Any]:
    line = {"item_id": number, "sku": f"T-{number}", "name": "Tyre", "qty_ordered": 4, "price": 50}
    return {
        "entity_id": number,
        "increment_id": f"{number:09}",
        "status": "processing",
        "order_currency_code": "EUR",
        "grand_total": 200,
        "created_at": "2026-11-20 10:00:00",
        "items": [line],
        **more,
    }


class MagentoSite(PlatformSite):
    """Knows a token that logins give, or the one it was made with."""

    def key(self, order: Any) -> str:
        return str(order["entity_id"])

    def login(self, request: Request) -> Reply | None:
        if not request.path.endswith("/rest/V1/integration/admin/token"):
            return None
        said = request.json()
        if said != {"username": "admin", "password": "correct horse"}:
            return Reply.of({"message": "The account sign-in was incorrect"}, 401)
        return Reply.of(self.new_token())

    def knows(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.shibboleth}"

    def listed(self, request: Request) -> Reply:
        _, _, one = request.path.partition("/rest/V1/orders/")
        if one:
            return Reply.of(self.orders[one][1])
        said = {name: values[0] for name, values in request.query.items()}
        assert said["searchCriteria[sortOrders][0][direction]"] == "ASC"
        found = self.changed_within(*_window(said))
        size = int(said["searchCriteria[pageSize]"])
        last = max(-(-len(found) // size), 1)
        page = min(int(said["searchCriteria[currentPage]"]), last)
        items = found[(page - 1) * size : page * size]
        return Reply.of({"items": items, "search_criteria": {}, "total_count": len(found)})


def _window(said: dict[str, str]) -> tuple[datetime, datetime]:
    bounds = {"gteq": datetime.min.replace(tzinfo=UTC), "lteq": datetime.max.replace(tzinfo=UTC)}
    for group in range(2):
        place = f"searchCriteria[filterGroups][{group}][filters][0]"
        assert said[f"{place}[field]"] == "updated_at"
        bounds[said[f"{place}[conditionType]"]] = utc(said[f"{place}[value]"])
    return bounds["gteq"], bounds["lteq"]
