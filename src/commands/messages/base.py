"""The base of every message type: what it declares, and what is done with one message."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from domain.queue.message_type import MessageType
from domain.queue.work import Work

Payload = TypeVar("Payload")


class Consumer(ABC, Generic[Payload]):
    """One message type and its handler, as a cron command is one job and its contract.

    ``handle`` runs in a worker process, under the type's limit. What it writes through
    ``work.database`` is committed with the settlement of the message. It raises Retryable for what
    may pass by itself and Refused for what never will; anything else is a defect. Both of the
    latter crash the message.
    """

    declares: ClassVar[MessageType[Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(cls.__dict__.get("declares"), MessageType):
            raise TypeError(
                f"{cls.__name__} declares no MessageType; see docs/tutorial/first-message.md"
            )

    @abstractmethod
    def handle(self, payload: Payload, work: Work, /) -> None:
        """Do what the message asks for, by one call of the service."""
