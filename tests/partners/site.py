"""What the platforms played here have in common: a login, faults on demand, orders by id."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from partner_site import Reply, Request

Change = Callable[[Reply], Reply]

HTML = Reply(body=b"<html><body>Please wait</body></html>", headers={"Content-Type": "text/html"})


def busy(status: int = 429, **headers: str) -> Change:
    """Answer that it is too much."""
    return lambda _: Reply(
        status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def cut(reply: Reply) -> Reply:
    """Break off in the middle of the body."""
    return Reply(status=reply.status, body=reply.body, headers=reply.headers, cut=True)


def web_page(_: Reply) -> Reply:
    """Answer 200 with a page for people, as a proxy does."""
    return HTML


def packed(reply: Reply) -> Reply:
    return reply.packed()


class PlatformSite(ABC):
    """One platform. ``instead`` changes its answers, by the number of the question for orders.

    ``meanwhile`` happens just before such a question is answered.
    """

    def __init__(self) -> None:
        self.orders: dict[str, tuple[datetime, Any]] = {}
        self.instead: dict[int, Change] = {}
        self.meanwhile: dict[int, Callable[[], None]] = {}
        self.questions = self.logins = 0
        self.shibboleth = "token-0"

    def answer(self, request: Request) -> Reply:
        if (login := self.login(request)) is not None:
            return login
        self.questions += 1
        self.meanwhile.pop(self.questions, lambda: None)()
        reply = self.listed(request) if self.knows(request) else Reply.of({}, 401)
        change = self.instead.pop(self.questions, None)
        return change(reply) if change else reply

    def sells(self, order: Any, changed: datetime) -> None:
        """Put an order into the shop, or another version of it."""
        self.orders[self.key(order)] = changed.astimezone(UTC), order

    def new_token(self) -> str:
        self.logins += 1
        self.shibboleth = f"token-{self.logins}"
        return self.shibboleth

    def end_login(self) -> None:
        """From now on nobody is logged in."""
        self.shibboleth = "nobody's"

    def changed_within(self, since: datetime, until: datetime) -> list[Any]:
        """Give the orders by id."""
        found = [
            (int(key) if key.isdigit() else key, order)
            for key, (changed, order) in self.orders.items()
            if since <= changed <= until
        ]
        return [order for _, order in sorted(found, key=lambda one: one[0])]

    def login(self, _request: Request) -> Reply | None:
        """Answer a login; None for any other question."""
        return None

    @abstractmethod
    def key(self, order: Any) -> str: ...
    @abstractmethod
    def knows(self, request: Request) -> bool: ...
    @abstractmethod
    def listed(self, request: Request) -> Reply: ...


def utc(text: str) -> datetime:
    """Read a time that names no zone, or UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
