"""dramatiq; ADDRESS is its Redis."""

from __future__ import annotations

import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from marks import ADDRESS, NAME, PAYLOAD, enqueue, mark

dramatiq.set_broker(RedisBroker(url=ADDRESS))


@dramatiq.actor(actor_name="noop", queue_name=NAME)
def noop(sent: float, _payload: object) -> None:
    mark(sent)


def _many(count: int) -> None:
    for _ in range(count):
        noop.send(time.time(), PAYLOAD)


if __name__ == "__main__":
    enqueue(lambda sent: noop.send(sent, PAYLOAD), _many)
