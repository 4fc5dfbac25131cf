"""huey; ADDRESS is its Redis, or its SQLite file."""

from __future__ import annotations

import time

from huey import RedisHuey, SqliteHuey
from marks import ADDRESS, NAME, PAYLOAD, enqueue, mark

if ADDRESS.startswith("redis:"):
    huey = RedisHuey(NAME, url=ADDRESS, results=False)
else:
    huey = SqliteHuey(NAME, filename=ADDRESS, results=False, fsync=True)


@huey.task()
def noop(sent: float, _payload: object) -> None:
    mark(sent)


if __name__ == "__main__":
    from on_huey import noop as named  # under the name that the worker knows

    def _many(count: int) -> None:
        for _ in range(count):
            named(time.time(), PAYLOAD)

    enqueue(lambda sent: named(sent, PAYLOAD), _many)
