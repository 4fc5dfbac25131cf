"""Tyre24 as its description says: blocks of new orders, two calls in 300 seconds."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from partner_site import Reply, Request
from partners.site import PlatformSite

LOGIN = "Basic " + b64encode(b"2000:correct horse").decode()
ACCEPT = "application/vnd.saitowag.api+json;version=1.2"
EXAMPLE = Path(__file__).parents[1] / "data" / "orders" / "tyre24_latestorders_example.json"

CALLS, WITHIN_SECONDS = 2, 300


def order(number: int, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))["data"][0]
    made |= {"order": f"PAC{number}", "status": 1, "tagging_counter": 0, **more}
    return made


class Tyre24Site(PlatformSite):
    """Hands each order out once, in the block of that call, unless the block is asked for."""

    def __init__(self, now: Callable[[], float], counter: int = 4711) -> None:
        super().__init__()
        self._now, self.calls = now, list[float]()
        self.counter = counter
        self.blocks: dict[int, list[str]] = {}
        self.handed_out: set[str] = set()

    def key(self, order: Any) -> str:
        return str(order["order"])

    def login(self, request: Request) -> Reply | None:
        if not request.path.endswith("/common/login"):
            return None
        if request.headers.get("authorization") != LOGIN:
            return Reply.of({"data": {"error": "ERR_AUTHENTICATION_FAILURE"}}, 401)
        return Reply.of({"data": {"token": self.new_token(), "expire_date": "2099-10-31"}})

    def knows(self, request: Request) -> bool:
        return request.headers.get("x-auth-token") == self.shibboleth

    def listed(self, request: Request) -> Reply:
        if request.headers.get("accept") != ACCEPT or request.headers.get("country") != "de":
            return Reply.of({"data": [{"error_code": "ERR_PARAMETER_MISSING_COUNTRY"}]}, 400)
        self.calls = [at for at in self.calls if at > self._now() - WITHIN_SECONDS]
        if len(self.calls) >= CALLS:
            wait = str(round(self.calls[0] + WITHIN_SECONDS - self._now()))
            return Reply.of({"data": []}, 429, X_RateLimit_Remaining="0", Retry_After=wait)
        self.calls.append(self._now())
        return Reply.of({"data": self._block(request)})

    def _block(self, request: Request) -> list[Any]:
        if "counter" in request.query:
            return self._orders_of(int(request.query["counter"][0]))
        new = [key for key in self.orders if key not in self.handed_out]
        numbered = {key for keys in self.blocks.values() for key in keys}
        if fresh := [key for key in new if key not in numbered]:
            self.counter += 1
            self.blocks[self.counter] = fresh
        if request.query.get("no_tagging") != ["1"]:
            self.handed_out.update(new)
        return [one for number in sorted(self.blocks) for one in self._orders_of(number, set(new))]

    def _orders_of(self, number: int, among: set[str] | None = None) -> list[Any]:
        keys = self.blocks.get(number, [])
        return [
            {**self.orders[key][1], "tagging_counter": number}
            for key in keys
            if among is None or key in among
        ]

    def sells_now(self, *numbers: int) -> None:
        for number in numbers:
            self.sells(order(number), datetime.now().astimezone())
