"""Tyre24 (ALZURA), version 1.2: new orders in numbered blocks, each handed out once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from domain.platforms.ports import NotOffered, Page, Reading, Wanted
from infra.platforms.link import Link
from infra.platforms.session import Headers, Session, basic, listing, token_in
from infra.platforms.shapes.tyre24 import COUNTER, ID
from infra.platforms.texts import Listing, found_in

FORMAT = "tyre24"
ORDERS, LOGIN = "common/latestorders", "common/login"
CALLS, WITHIN = 2, timedelta(seconds=300)

_ACCEPT = {"Accept": "application/vnd.saitowag.api+json;version=1.2"}


class Tyre24:
    """Each call is booked before it is made, for the platform counts those of all runs.

    A call for what is new is never simply made again: its answer may have been handed out. It is
    noted beforehand, and the next run fetches the block by its number.
    """

    reading = Reading.BLOCKS

    def __init__(self, link: Link) -> None:
        self._link, self._calls = link, link.calls
        self._own = {**_ACCEPT, "country": link.setting.country}
        self._session = link.session(log_in=self._log_in)

    def pages(self, wanted: Wanted) -> Iterator[Page]:
        if wanted.was_asking and wanted.counter is not None:
            yield from self._again(wanted.counter)
        elif wanted.peek:
            self._book(1)
            yield self._page({"no_tagging": "1"})
        else:
            yield from self._new(wanted)

    def _again(self, counter: int) -> Iterator[Page]:
        """Fetch the block last stored, and the one that was on its way when the run died."""
        self._book(2)
        yield replace(self._page({"counter": str(counter)}), is_last=False)
        yield self._page({"counter": str(counter + 1)})

    def _new(self, wanted: Wanted) -> Iterator[Page]:
        is_first = wanted.counter is None
        self._book(2 if is_first else 1)
        if is_first:  # without a number nothing could be fetched again
            yield self._page({"no_tagging": "1"})
        self._calls.asking()
        yield self._page({})

    def order(self, external_id: str) -> Page:
        raise NotOffered(f"Tyre24 gives blocks of new orders, not the one order {external_id}")

    def close(self) -> None:
        self._session.close()

    def _book(self, calls: int) -> None:
        self._session.sign_in()  # a login that fails must not cost one of two calls
        self._calls.take(calls, CALLS, WITHIN)

    def _page(self, fields: dict[str, str]) -> Page:
        answer = self._session.once("GET", ORDERS, fields=fields, headers=self._own)
        found = listing("data")(answer)[1]
        return Page(
            orders=[found_in(one, raw, ID, FORMAT, (COUNTER,)) for one, raw in found.orders],
            counter=_counter(found),
        )

    def _log_in(self, session: Session) -> Headers:
        said = {**self._own, **basic(self._link.user, self._link.password)}
        answer = session.ask_unknown("GET", LOGIN, headers=said)
        data = answer.get("data") if isinstance(answer, dict) else None
        return {"X-AUTH-TOKEN": token_in(data or {}, "token", self._link.setting.url).reveal()}


def _counter(found: Listing) -> int | None:
    counters = [
        one[COUNTER]
        for one, _ in found.orders
        if isinstance(one, dict) and isinstance(one.get(COUNTER), int)
    ]
    return max(counters, default=None)
