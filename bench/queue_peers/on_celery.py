"""Celery; ADDRESS is its broker."""

from __future__ import annotations

import os
import time

from celery import Celery
from marks import ADDRESS, NAME, PAYLOAD, enqueue, mark

app = Celery("on_celery", broker=ADDRESS)
app.conf.update(
    task_ignore_result=True,
    task_default_queue=NAME,
    task_acks_late=os.environ.get("LATE") == "1",
    worker_hijack_root_logger=False,
)


@app.task(name="noop")
def noop(sent: float, _payload: object) -> None:
    mark(sent)


def _many(count: int) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(count):
            noop.apply_async((time.time(), PAYLOAD), producer=producer)


if __name__ == "__main__":
    enqueue(lambda sent: noop.delay(sent, PAYLOAD), _many)
