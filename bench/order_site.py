"""A platform on this host with many orders, in a process of its own: ``order_site.py PAGES``.

It speaks Shopify's paging below any number that the path begins with, which makes the orders' ids
its own, and prints its address. Answers are made beforehand, so that it is the asker who is timed.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ORDERS_ON_PAGE = 250
LINES = 3


@cache
def orders(page: int) -> list[dict[str, Any]]:
    first = page * ORDERS_ON_PAGE
    return [_order(number) for number in range(first, first + ORDERS_ON_PAGE)]


def _order(number: int) -> dict[str, Any]:
    address = {
        "first_name": "Jörg",
        "last_name": f"Müller {number}",
        "company": "",
        "phone": "0123",
        "address1": "Hauptstraße 1",
        "zip": "67661",
        "city": "Kaiserslautern",
        "country": "Germany",
        "country_code": "DE",
        "province": None,
    }
    line = {
        "name": "Winter tyre 205/55 R16 91H",
        "quantity": 4,
        "price": "61.90",
        "grams": 9000,
        "properties": [],
        "tax_lines": [{"price": "9.88", "rate": 0.19, "title": "VAT"}],
    }
    return {
        "id": number,
        "name": f"#{number}",
        "currency": "EUR",
        "total_price": "742.80",
        "taxes_included": True,
        "created_at": "2026-11-20T11:00:00+01:00",
        "email": f"buyer{number}@example.com",
        "billing_address": address,
        "shipping_address": address,
        "cancelled_at": None,
        "line_items": [{**line, "id": n, "sku": f"T-{number}-{n}"} for n in range(LINES)],
    }


@cache
def body(mark: int, page: int) -> bytes:
    found = [{**order, "id": mark * 10**9 + order["id"]} for order in orders(page)]
    return json.dumps({"orders": found}, ensure_ascii=False).encode()


class Answers(BaseHTTPRequestHandler):
    """``/7/admin/…/orders.json?page_info=3`` gives the fourth page of the orders of mark 7."""

    protocol_version = "HTTP/1.1"
    pages = 0

    def do_GET(self) -> None:
        mark = int(self.path.split("/")[1])
        page = int(self.path.partition("page_info=")[2] or 0)
        content = body(mark, page)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if page + 1 < self.pages:
            host = self.headers["Host"]
            place = f"http://{host}{self.path.partition('?')[0]}?page_info={page + 1}"
            self.send_header("Link", f'<{place}>; rel="next"')
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Answers.pages = int(sys.argv[1])
    site = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    print(f"http://127.0.0.1:{site.server_port}", flush=True)
    site.serve_forever()
