"""The least that a pull can cost: fetch, parse, and insert each order and a message with each page.

No digest, no look at what is known, no reading of the order. ``raw_orders.py URL ADDRESS``.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import closing
from typing import Any
from urllib.request import urlopen

from bench.raw_vehicles import opened

_INBOX = """INSERT INTO platform_order_inbox (platform, external_id, version_hash, format, zone,
    status, reason, run_id, raw)
    VALUES ('raw', {mark}, 'x', 'shopify', 'UTC', 'NEW', '', '', {mark})"""
_QUEUE = """INSERT INTO queue (queue, type, payload, entity_key)
    VALUES ('raw', 'orders.process', {mark}, {mark})"""
_NEXT = re.compile(r"<([^>]+)>")


def pull(url: str, address: str) -> int:
    count = 0
    mark = "?" if url.startswith("sqlite") else "%s"
    with closing(opened(url)) as connection:
        cursor = connection.cursor()
        page: str | None = f"{address}/admin/api/x/orders.json"
        while page:
            with urlopen(page) as answer:  # noqa: S310 - our own site
                found = _NEXT.search(answer.headers.get("Link", ""))
                orders = json.loads(answer.read())["orders"]
            page = found[1] if found else None
            _store(cursor, orders, mark)
            count += len(orders)
    return count


def _store(cursor: Any, orders: list[Any], mark: str) -> None:
    texts = [(str(order["id"]), json.dumps(order, ensure_ascii=False)) for order in orders]
    cursor.execute("BEGIN")
    cursor.executemany(_INBOX.format(mark=mark), texts)
    cursor.executemany(_QUEUE.format(mark=mark), [(json.dumps({"id": k}), k) for k, _ in texts])
    cursor.execute("COMMIT")


if __name__ == "__main__":
    print(f'"orders": {pull(sys.argv[1], sys.argv[2])}')
