"""The seller's interface of Tyre24 as its specification describes it, with its limits and faults.

Source: tyre24_seller_openapi.yaml and tyre24_common_openapi.yaml (version 1.2).
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from partner_site import Reply, Request

ACCEPT = "application/vnd.saitowag.api+json;version=1.2"
MOST_ARTICLES, CALLS, WITHIN_SECONDS = 200, 3, 10.0

IDENTIFIERS = (
    ("alzura_item_id",),
    ("customer_article_id",),
    ("ean",),
    ("oen",),
    ("upuid",),
    ("manufacturer_name", "manufacturer_number"),
    ("brand_id", "manufacturer_number"),
)


@dataclass
class Tyre24Seller:
    """Keeps what it accepted. ``uses`` is how often a token is good, ``imports`` how many calls
    meet an import that runs, ``refused`` the articles that it does not know, ``cut`` the number of
    the call whose answer breaks off, ``instead`` what somebody else answers to the next calls."""

    uses: int = 1000
    imports: int = 0
    cut: int = 0
    instead: list[Reply] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    password: str = "s3cret-password"  # noqa: S105 - of a test server
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    logins: int = 0
    over_limit: int = 0
    _tokens: dict[str, int] = field(default_factory=dict)
    _calls: deque[float] = field(default_factory=deque)

    def answer(self, request: Request) -> Reply:
        if request.headers.get("accept") != ACCEPT:
            return _faults(400, "ERR_ACCEPT_HEADER_NOT_VALID")
        known = {
            ("GET", "/common/login"): self._log_in,
            ("PATCH", "/seller/articles"): self._articles,
        }.get((request.method, request.path))
        return known(request) if known else _faults(404, "ERR_GENERAL_INVALID_ENDPOINT")

    def forget(self) -> None:
        """Begin anew, as if nobody had called."""
        self.accepted.clear()
        self.batches.clear()
        self._calls.clear()

    # --- login ----------------------------------------------------------------------------------

    def _log_in(self, request: Request) -> Reply:
        self.logins += 1
        wanted = f"Basic {b64encode(f'4711:{self.password}'.encode()).decode()}"
        if request.headers.get("authorization") != wanted:
            return _unauthorised()
        token = f"token-number-{self.logins}"
        self._tokens[token] = self.uses
        return Reply.of({"data": {"token": token, "expire_date": "2030-01-01 00:00:00"}})

    def _is_known(self, token: str) -> bool:
        left = self._tokens.get(token, 0)
        self._tokens[token] = left - 1
        return left > 0

    # --- articles -------------------------------------------------------------------------------

    def _articles(self, request: Request) -> Reply:
        if not self._is_known(request.headers.get("x-auth-token", "")):
            return _unauthorised()
        if not self._is_allowed():
            self.over_limit += 1
            return self._limited(Reply.of({"data": {"error_code": "ERR_RATE_LIMIT"}}, 429))
        if self.instead:
            return self.instead.pop(0)
        articles = request.json()["data"]
        return self._limited(self._refusal(articles) or self._taken(articles))

    def _refusal(self, articles: list[dict[str, Any]]) -> Reply | None:
        if self.imports:
            self.imports -= 1
            return Reply.of([], 400)
        if len(articles) > MOST_ARTICLES:
            return Reply.of([], 409)
        faults = [fault for n, article in enumerate(articles) for fault in self._judged(n, article)]
        return Reply.of({"data": faults}, 422) if faults else None

    def _taken(self, articles: list[dict[str, Any]]) -> Reply:
        self.batches.append(len(articles))
        self.accepted |= {article["customer_article_id"]: article for article in articles}
        return replace(Reply.of({}, 202), cut=len(self.batches) == self.cut)

    def _is_allowed(self) -> bool:
        now = time.monotonic()
        while self._calls and self._calls[0] <= now - WITHIN_SECONDS:
            self._calls.popleft()
        if len(self._calls) >= CALLS:
            return False
        self._calls.append(now)
        return True

    def _limited(self, reply: Reply) -> Reply:
        left = self._calls[0] + WITHIN_SECONDS - time.monotonic()
        told = {
            "X-RateLimit-Limit": str(CALLS),
            "X-RateLimit-Remaining": str(CALLS - len(self._calls)),
            "X-RateLimit-Reset": str(int(time.time() + left) + 1),
        }
        return replace(reply, headers={**reply.headers, **told})

    def _judged(self, number: int, article: dict[str, Any]) -> list[dict[str, Any]]:
        where, found = f"data[{number}]", []
        if not any(all(article.get(key) for key in keys) for keys in IDENTIFIERS):
            found.append(_fault(where, "ERR_MISSING_ARTICLE_IDENTIFIER"))
        if article.get("customer_article_id") in self.refused:
            found.append(_fault(f"{where}[ean]", "ERR_VALUE_INVALID"))
        if not article.get("type"):
            found.append(_fault(f"{where}[type]", "ERR_NOT_BLANK"))
        stock = article.get("stock")
        if not isinstance(stock, int) or stock < 0:
            found.append(_fault(f"{where}[stock]", "ERR_VALUE_INVALID"))
        return found + _price_faults(where, article.get("prices", []))


def _price_faults(where: str, prices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    countries = [price.get("country_code") for price in prices]
    if len(set(countries)) < len(countries):
        return [_fault(f"{where}[prices][0]", "ERR_DUPLICATE_COUNTRY_PRICE")]
    wrong = [n for n, price in enumerate(prices) if not price.get("price", 0) > 0]
    return [_fault(f"{where}[prices][{n}][price]", "ERR_GREATER_THAN_0") for n in wrong]


def _fault(where: str, code: str) -> dict[str, Any]:
    return {"field": where, "errors": [{"error_code": code, "error_message": code.lower()}]}


def _faults(status: int, code: str) -> Reply:
    return Reply.of({"data": [{"error_code": code, "error_message": code.lower()}]}, status)


def _unauthorised() -> Reply:
    return Reply.of({"data": {"error": "ERR_AUTHENTICATION_FAILURE"}}, 401)
