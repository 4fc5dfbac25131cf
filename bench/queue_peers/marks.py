"""What every peer's no-op message does: say in a file when it was sent and when it began."""

from __future__ import annotations

import functools
import os
import struct
import sys
import time
from collections.abc import Callable

PAYLOAD = {"batch": "images_000123", "supplier": 23, "rows": [1, 2, 3]}
NAME = os.environ.get("QUEUE", "general")
ADDRESS = os.environ.get("ADDRESS", "")

_BULK = 1_000
_WARM_UP = 20


def mark(sent: float) -> None:
    """Append 16 bytes at once, so that processes do not mix theirs."""
    os.write(_file(), struct.pack("dd", sent, time.time()))


@functools.cache
def _file() -> int:
    return os.open(os.environ["MARKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def enqueue(one: Callable[[float], object], many: Callable[[int], object]) -> None:
    """Do what the command line says and print messages per second.

    ``single N``, ``bulk N``, ``paced N SECONDS``; those that warm up are sent at 0.
    """
    how, count = sys.argv[1], int(sys.argv[2])
    if how == "paced":
        _paced(one, count, float(sys.argv[3]))
        return
    one(0.0)  # the connection is not what is measured
    started = time.perf_counter()
    if how == "single":
        for _ in range(count):
            one(time.time())
    else:
        for begun in range(0, count, _BULK):
            many(min(_BULK, count - begun))
    print(count / (time.perf_counter() - started))


def _paced(one: Callable[[float], object], count: int, seconds: float) -> None:
    for number in range(_WARM_UP + count):
        one(time.time() if number >= _WARM_UP else 0.0)
        time.sleep(seconds)
