"""Shopware 6 as its search answers; an order that was never changed has no updatedAt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from partner_site import Reply, Request
from partners.site import PlatformSite, utc


def order(number: int, **more: Any) -> dict[str, Any]:
    line = {
        "label": "Tyre",
        "quantity": 4,
        "unitPrice": 50.5,
        "type": "product",
        "payload": {"productNumber": f"T-{number}"},
    }
    return {
        "id": f"{number:032x}",
        "orderNumber": str(number),
        "orderDateTime": "2026-11-20T10:00:00.000+00:00",
        "amountTotal": 202.0,
        "currency": {"isoCode": "EUR"},
        "stateMachineState": {"technicalName": "open"},
        "lineItems": [line],
        **more,
    }


class ShopwareSite(PlatformSite):
    """``untouched`` orders have only the date of their creation."""

    def __init__(self) -> None:
        super().__init__()
        self.untouched: set[str] = set()

    def key(self, order: Any) -> str:
        return str(order["id"])

    def login(self, request: Request) -> Reply | None:
        if not request.path.endswith("/api/oauth/token"):
            return None
        said = request.json()
        if (said["client_id"], said["client_secret"]) != ("SWIA", "correct horse"):
            return Reply.of({"errors": [{"code": "6", "title": "invalid_client"}]}, 401)
        return Reply.of(
            {"token_type": "Bearer", "expires_in": 600, "access_token": self.new_token()}
        )

    def knows(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.shibboleth}"

    def listed(self, request: Request) -> Reply:
        said = request.json()
        assert request.headers["accept"] == "application/json"
        found = [
            order
            for _, (changed, order) in sorted(self.orders.items())
            if all(self._fits(each, order, changed) for each in said["filter"])
        ]
        start = (said["page"] - 1) * said["limit"]
        total = len(found) if said["total-count-mode"] == 1 else len(found[start:])
        data = found[start : start + said["limit"]]
        return Reply.of({"total": total, "data": data, "aggregations": []})

    def _fits(self, asked: dict[str, Any], order: Any, changed: datetime) -> bool:
        if asked["type"] == "multi":
            fits = [self._fits(each, order, changed) for each in asked["queries"]]
            return any(fits) if asked["operator"] == "or" else all(fits)
        value = self._value(asked["field"], order, changed)
        if asked["type"] == "equals":
            return bool(value == asked["value"])
        bounds = asked["parameters"]
        return value is not None and bool(utc(bounds["gte"]) <= value <= utc(bounds["lte"]))

    def _value(self, field: str, order: Any, changed: datetime) -> Any:
        if field == "updatedAt":
            return None if order["id"] in self.untouched else changed
        return {"createdAt": changed, "id": order["id"]}[field]
