"""How fast a queue by hand is, for one to four processes.

Run: python -m bench.queue.raw URL WAY WORKERS MESSAGES
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping

from bench.queue.raw_stores import Raw, connect
from bench.timing import WrongAnswer

ONE_BY_ONE, TOGETHER, WITH_ROWS = "one-by-one", "together", "with-rows"
SINGLE, BULK = "single", "bulk"

_WORK: Mapping[str, Callable[[Raw], None]] = {
    ONE_BY_ONE: Raw.one_by_one,
    TOGETHER: Raw.together,
    WITH_ROWS: Raw.with_rows,
}
_ENQUEUE: Mapping[str, Callable[[Raw, int], None]] = {SINGLE: Raw.single, BULK: Raw.bulk}


def enqueued(url: str, way: str, messages: int) -> float:
    """Give messages per second."""
    store = connect(url)
    store.make()
    store.write_as_producers_do()
    started = time.perf_counter()
    _ENQUEUE[way](store, messages)
    return messages / (time.perf_counter() - started)


def worked(url: str, way: str, workers: int, messages: int) -> float:
    """Give messages per second, from the first claim to the end of the last worker."""
    _fill(url, messages)
    fork = multiprocessing.get_context("fork")
    ready, spans = fork.Barrier(workers), fork.SimpleQueue()

    def work() -> None:
        store = connect(url)
        ready.wait()
        begun = time.time()
        _WORK[way](store)
        spans.put((begun, time.time()))

    crew = [fork.Process(target=work) for _ in range(workers)]
    for process in crew:
        process.start()
    for process in crew:
        process.join()
    done = connect(url).done()
    if done != messages or any(process.exitcode for process in crew):
        raise WrongAnswer(f"{done} of {messages} messages done")
    begun, ended = zip(*(spans.get() for _ in crew), strict=True)
    return messages / (max(ended) - min(begun))


def _fill(url: str, messages: int) -> None:
    store = connect(url)
    store.make()
    store.bulk(messages)
    if url.startswith("postgresql"):
        store.execute("VACUUM ANALYZE raw_queue")
    store.close()  # no connection outlives a fork


def main() -> None:
    url, way, workers, messages = sys.argv[1:]
    if way in _ENQUEUE:
        print(enqueued(url, way, int(messages)))
    else:
        print(worked(url, way, int(workers), int(messages)))


if __name__ == "__main__":
    main()
