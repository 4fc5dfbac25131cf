"""Changes of messages by hand: none is passed over silently, each refusal says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from domain.queue.dao import QueueDAO, Reason
from domain.queue.job import Status
from domain.queue.listing import Listed, QueueListing, Search

AT_ONCE = 500
"""Messages of one transaction: it must not hold up the workers."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of the wish to change one message."""

    message_id: int
    done: bool
    why: str = ""


Change = Callable[[Sequence[int]], Sequence[int]]
"""Does it to the messages of the ids; gives those that it was done to."""

Refusal = Callable[[Listed], str]
"""Says why it was not done to a message."""


class ByHand:
    """The operator's moves with their answers, in batches."""

    def __init__(self, dao: QueueDAO, listing: QueueListing) -> None:
        self._dao, self._listing = dao, listing

    def reset(self, ids: Sequence[int], why: Reason) -> Sequence[Told]:
        """Make crashed messages new."""
        return self._told(ids, lambda some: self._dao.reset(some, why), self._not_reset)

    def reset_all(self, crashed: Search, why: Reason) -> Sequence[Told]:
        """Make all crashed messages new that are found; the reason also names what was searched."""
        ids = self._listing.ids(crashed)
        told = f"{why.reason} ({len(ids)} messages of fingerprint {crashed.fingerprint})"
        return self.reset(ids, replace(why, reason=told))

    def cancel(self, ids: Sequence[int], why: Reason) -> Sequence[Told]:
        """Give messages up that nobody took yet."""
        return self._told(ids, lambda some: self._dao.cancel(some, why), _not_waiting)

    def prioritize(self, ids: Sequence[int], priority: int, why: Reason) -> Sequence[Told]:
        """Move waiting messages up or down. Raises Refused for a priority that is none."""

        def change(some: Sequence[int]) -> Sequence[int]:
            return self._dao.prioritize(some, priority, why)

        return self._told(ids, change, _not_waiting)

    def _told(self, ids: Sequence[int], change: Change, refusal: Refusal) -> Sequence[Told]:
        unique = list(dict.fromkeys(ids))
        return [told for some in _parts(unique) for told in self._batch(some, change, refusal)]

    def _batch(self, ids: Sequence[int], change: Change, refusal: Refusal) -> Iterator[Told]:
        done = set(change(ids))
        left = self._listing.find([one for one in ids if one not in done])
        for message_id in ids:
            if message_id in done:
                yield Told(message_id=message_id, done=True)
            else:
                found = left.get(message_id)
                why = refusal(found) if found else "there is no such message"
                yield Told(message_id=message_id, done=False, why=why)

    def _not_reset(self, message: Listed) -> str:
        if message.status != Status.CRASH:
            return f"it is {message.status}; only what is CRASH can be reset"
        key = message.dedupe_key
        holder = self._listing.holder_of_key(message.queue, key) if key else None
        if holder:
            return f"its dedupe key {key} is taken by message {holder}, which has not ended"
        return "it was changed in the same moment: try again"


def _not_waiting(message: Listed) -> str:
    if message.status == Status.NEW:
        return "it was changed in the same moment: try again"
    return f"it is {message.status}; only what waits (NEW) can be changed so"


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
