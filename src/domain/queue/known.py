"""What a processor needs to know of message types before it hands a message over."""

from __future__ import annotations

from datetime import timedelta

from domain.operating.ports import Entropy
from domain.queue.attempt import Loaded, Repertoire
from domain.queue.retry import Backoff
from domain.queue.stale import Limits


class KnownTypes:
    """The Types port over the declared types."""

    def __init__(self, repertoire: Repertoire, entropy: Entropy, limits: Limits) -> None:
        self._types, self._entropy, self._limits = Loaded(repertoire), entropy, limits

    def limit(self, type_: str) -> timedelta:
        known = self._types.find(type_)
        declared = known.declares.limit if known else self._limits.duration
        return min(declared, self._limits.duration)

    def wait(self, type_: str, attempts: int) -> timedelta:
        known = self._types.find(type_)
        backoff = known.declares.backoff if known else Backoff()
        return backoff.wait(attempts, self._entropy)
