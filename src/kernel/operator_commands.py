"""The commands by which people look at the queue and change it, built at their first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kernel.engines import Engines
from kernel.supervision import person
from kernel.words import say

if TYPE_CHECKING:
    from commands.ops.queue_change import QueueCancel, QueuePrioritize, QueueReset
    from commands.ops.queue_enqueue import QueueEnqueue
    from commands.ops.queue_look import QueueList, QueueShow
    from commands.ops.queue_pause import Places, QueueOwn, QueuePause, QueueResume
    from commands.ops.queue_status import QueueStatus
    from domain.queue.by_hand import ByHand
    from infra.sql.queue.dao import SqlQueueDAO
    from infra.sql.queue.listing import SqlQueueListing
    from kernel.message_types import MessageTypes


class OperatorCommands(Engines):
    """A further part of the container, on the light connection."""

    may_ask = False
    """A person is at the keyboard and wants to be asked."""

    @cached_property
    def _listing(self) -> SqlQueueListing:
        from infra.sql.queue.listing import SqlQueueListing

        return SqlQueueListing(self._database)

    @cached_property
    def _dao(self) -> SqlQueueDAO:
        from infra.sql.queue.dao import SqlQueueDAO

        return SqlQueueDAO(self._database)

    @cached_property
    def _by_hand(self) -> ByHand:
        from domain.queue.by_hand import ByHand

        return ByHand(self._dao, self._listing)

    @cached_property
    def _message_types(self) -> MessageTypes:
        from kernel.message_types import MessageTypes, built_by

        return MessageTypes(built_by(self))

    @cached_property
    def _queue_names(self) -> list[str]:
        from infra.queue_settings import queue_settings

        return sorted(queue_settings(self.boot.root).queues)

    @cached_property
    def _places(self) -> Places:
        from commands.ops.queue_pause import Places

        return Places(self._listing, self._queue_names, self._message_types.names())

    # --- looking --------------------------------------------------------------------------------

    def queue_list(self) -> QueueList:
        from commands.ops.queue_look import QueueList

        return QueueList(self._listing, self._places)

    def queue_show(self) -> QueueShow:
        from commands.ops.queue_look import QueueShow
        from infra.secrets import scrub

        return QueueShow(self._listing, scrub)

    def queue_status(self) -> QueueStatus:
        from commands.ops.queue_status import QueueStatus

        return QueueStatus(self._listing, self._queue_names)

    # --- changing -------------------------------------------------------------------------------

    def queue_cancel(self) -> QueueCancel:
        from commands.ops.queue_change import QueueCancel

        return QueueCancel(self._by_hand, person())

    def queue_enqueue(self) -> QueueEnqueue:
        from commands.ops.queue_enqueue import QueueEnqueue
        from infra.sql.queue.by_hand import SqlEnqueueByHand

        writer = SqlEnqueueByHand(self._database)
        return QueueEnqueue(self._message_types, writer, self._places, person())

    def queue_own(self) -> QueueOwn:
        from commands.ops.queue_pause import QueueOwn

        return QueueOwn(self._dao, self._places, person())

    def queue_pause(self) -> QueuePause:
        from commands.ops.queue_pause import QueuePause

        return QueuePause(self._dao, self._listing, self._places, person())

    def queue_prioritize(self) -> QueuePrioritize:
        from commands.ops.queue_change import QueuePrioritize

        return QueuePrioritize(self._by_hand, person())

    def queue_reset(self) -> QueueReset:
        from commands.ops.queue_change import QueueReset

        ask = _ask if self.may_ask else None
        return QueueReset(self._by_hand, self._listing, ask, person())

    def queue_resume(self) -> QueueResume:
        from commands.ops.queue_pause import QueueResume

        return QueueResume(self._dao, self._listing, self._places, person())


def _ask(plan: str) -> bool:
    """Show the plan and wait for a yes; both on stderr, as stdout is the result's."""
    import typer

    say(plan)
    return typer.confirm("Do it?", err=True)
