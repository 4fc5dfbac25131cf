"""A source of DriveRight's kind on this host: makes, pages, a key, and everything that goes wrong.

No public description of a bulk interface was found; fields and header are those of the look-up
that is public (One Auto API, ``x-api-key``), paging is that of such interfaces elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from partner_site import Reply, Request

KEY = "letmein-42"

Vehicle = dict[str, Any]
Fault = Callable[["DriveRight", Request, Reply], Reply]


def car(number: int, make: str = "BMW", **more: Any) -> Vehicle:
    """One vehicle with one fitment, in the source's own words."""
    fitment = {
        "oe_primary_fitment_id": f"{make}-{number}-0",
        "tyre_size": "205/55R16",
        "rim_width": 7.0,
        "rim_diameter": 16,
        "pcd": "5x120",
        "center_bore": 72.6,
        "offset": 34,
        "is_original": True,
    }
    return {
        "drd_chassis_id": f"{make}-{number}",
        "make": make,
        "model": f"Model {number}",
        "generation": "E46",
        "year_from": 1998,
        "year_to": None,
        "engine": "2.0",
        "fitments": [fitment],
        **more,
    }


@dataclass
class DriveRight:
    """Answers ``makes`` and ``vehicles``; ``faults`` change what is answered to the Nth request."""

    vehicles: dict[str, list[Vehicle]]
    faults: dict[int, Fault] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    charset: str = "utf-8"
    key: str = KEY
    answered: int = 0

    def answer(self, request: Request) -> Reply:
        self.answered += 1
        reply = self._reply(request)
        reply.headers.update(self.headers)
        fault = self.faults.get(self.answered)
        return fault(self, request, reply) if fault else reply

    def _reply(self, request: Request) -> Reply:
        if request.headers.get("x-api-key") != self.key:
            return Reply.of({"error": "unknown key"}, 401)
        if request.path == "/v2/makes":
            return self._said({"makes": [{"name": name} for name in self.vehicles]})
        if request.path == "/v2/vehicles":
            return self._page(request)
        return Reply.of({"error": "unknown path"}, 404)

    def _page(self, request: Request) -> Reply:
        (make,), (page,) = request.query["make"], request.query["page"]
        size, number = int(request.query["page_size"][0]), int(page)
        if make not in self.vehicles:
            return Reply.of({"error": "unknown make"}, 404)
        rows = self.vehicles[make]
        return self._said(
            {
                "page": number,
                "pages": max(1, -(-len(rows) // size)),
                "total": len(rows),
                "vehicles": rows[(number - 1) * size : number * size],
            }
        )

    def _said(self, content: Any) -> Reply:
        body = json.dumps(content, ensure_ascii=False).encode(self.charset)
        return Reply(
            body=body, headers={"Content-Type": f"application/json; charset={self.charset}"}
        )


def cut(_site: DriveRight, _request: Request, reply: Reply) -> Reply:
    """Break off in the middle of the page."""
    return Reply(body=reply.body, headers=reply.headers, cut=True)


def busy(_site: DriveRight, _request: Request, _reply: Reply) -> Reply:
    """Ask for patience."""
    return Reply.of({"error": "slow down"}, 429, Retry_After="1")


def web_page(_site: DriveRight, _request: Request, _reply: Reply) -> Reply:
    """Answer what a proxy answers for a server that is not there."""
    return Reply(body=b"<html>maintenance</html>", headers={"Content-Type": "text/html"})


def lose_one(site: DriveRight, _request: Request, reply: Reply) -> Reply:
    """Take the first vehicle away behind this page: those that follow move up."""
    for rows in site.vehicles.values():
        del rows[:1]
    return reply


def gain_one(site: DriveRight, request: Request, reply: Reply) -> Reply:
    """Put a vehicle before the others behind this page: the last one of it comes again."""
    (make,) = request.query["make"]
    site.vehicles[make].insert(0, car(999, make))
    return reply
