"""One measurement of another queue: enqueue, start workers, wait for what they mark, end them."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.queue.marks import marks
from bench.queue.peer_list import PROGRAMS, Peer
from bench.queue.rounds import Rate
from bench.timing import WrongAnswer, clean_environment

PACE_SECONDS = 0.02
WARM_UP = 20

_END_SECONDS = 8
_SETTLE_SECONDS = 4

_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where one measurement happens: nothing of another one is in its way."""

    address: str
    queue: str
    marks: Path

    def env(self, peer: Peer) -> Mapping[str, str]:
        own = {"ADDRESS": self.address, "QUEUE": self.queue, "MARKS": str(self.marks)}
        path = f"{peer.folder}:{os.environ['PATH']}"
        return {**clean_environment(), **own, **peer.env, "PYTHONPATH": str(PROGRAMS), "PATH": path}


class PeerRuns:
    """What can be measured of one peer."""

    def __init__(self, peer: Peer, address: str, folder: Path) -> None:
        self._peer, self._address, self._folder = peer, address, folder

    def _share(self, messages: int) -> int:
        return max(1, int(messages * self._peer.share))

    def enqueue(self, manner: str, messages: int) -> Rate:
        place = self._place()
        return Rate(float(self._produced(place, manner, str(self._share(messages)))))

    def work(self, workers: int, messages: int) -> Rate:
        """From the first message's begin to the last one's."""
        place, count = self._place(), self._share(messages)
        self._produced(place, "bulk", str(count))
        with self._working(place, workers):
            begun = [mark[1] for mark in marks(place.marks, count + 1)]
        return Rate((len(begun) - 1) / (max(begun) - min(begun)))

    def pick_ups(self, messages: int) -> Sequence[float]:
        """Seconds from sending to the handler's begin, one worker with nothing else to do."""
        place = self._place()
        with self._working(place, 1):
            time.sleep(_SETTLE_SECONDS)
            self._produced(place, "paced", str(messages), str(PACE_SECONDS))
            marked = marks(place.marks, messages + WARM_UP)
        return [begun - sent for sent, begun in marked if sent]

    def _place(self) -> Place:
        name = f"peer_{next(_numbers)}"
        store = self._peer.store
        address = {
            "postgresql": f"{self._address.rpartition('/')[0]}/{name}",
            "file": str(self._folder / f"{name}.db"),
        }.get(store, self._address)
        place = Place(address, name, self._folder / f"{name}.marks")
        if self._peer.makes_its_tables:
            self._produced(place, "prepare")
        return place

    def _produced(self, place: Place, *words: str) -> str:
        argv = [str(self._peer.folder / "python"), self._peer.program, *words]
        done = subprocess.run(
            argv,
            env=place.env(self._peer),
            cwd=PROGRAMS,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise WrongAnswer(f"{' '.join(words)}: {done.stderr[-500:].strip()}")
        return done.stdout

    @contextmanager
    def _working(self, place: Place, workers: int) -> Iterator[None]:
        with (self._folder / "workers.log").open("ab") as log:
            crew = [
                subprocess.Popen(
                    self._command(words, place),
                    env=place.env(self._peer),
                    cwd=PROGRAMS,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                for words in self._peer.workers(workers)
            ]
        try:
            yield
        finally:
            _end(crew)

    def _command(self, words: Sequence[str], place: Place) -> list[str]:
        program, *rest = words
        given = (word.format(address=place.address, queue=place.queue) for word in rest)
        return [str(self._peer.folder / program), *given]


def _end(crew: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask, then end each one's process group, which nobody else is in."""
    for process in crew:
        process.send_signal(signal.SIGTERM)
    give_up = time.monotonic() + _END_SECONDS
    for process in crew:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, give_up - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
