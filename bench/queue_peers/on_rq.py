"""RQ; ADDRESS is its Redis."""

from __future__ import annotations

import time

from marks import ADDRESS, NAME, PAYLOAD, enqueue
from redis import Redis
from rq import Queue
from rq_noop import noop

QUEUE = Queue(NAME, connection=Redis.from_url(ADDRESS))


def _many(count: int) -> None:
    sent = time.time()
    QUEUE.enqueue_many([Queue.prepare_data(noop, (sent, PAYLOAD)) for _ in range(count)])


if __name__ == "__main__":
    enqueue(lambda sent: QUEUE.enqueue(noop, sent, PAYLOAD), _many)
