"""The declared message types, each loaded and built at its first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from commands.messages.base import Consumer
from domain.queue.message_type import MessageType
from domain.queue.work import Work
from kernel.inventory import MESSAGES, Message


class DeclaredType:
    """One message type with its handler, which is built when the first message is handled."""

    def __init__(self, consumer: type[Consumer[Any]], build: Callable[[], Consumer[Any]]) -> None:
        self._consumer, self._build = consumer, build
        self._built: Consumer[Any] | None = None

    @property
    def declares(self) -> MessageType[Any]:
        return self._consumer.declares

    def read(self, payload: str) -> Any:
        """Check a payload against its schema. Raises Refused, which says what is wrong."""
        from infra.queue.payloads import read_payload

        return read_payload(payload, self.declares.payload)

    def handle(self, payload: Any, work: Work) -> None:
        self._built = self._built or self._build()
        self._built.handle(payload, work)


class MessageTypes:
    """Finds a type by its name or by the legacy side's names for it.

    ``build`` makes a consumer of its class: the container knows those that need services.
    """

    def __init__(
        self,
        build: Callable[[Message, type[Consumer[Any]]], Consumer[Any]],
        messages: Iterable[Message] = MESSAGES,
    ) -> None:
        self._build = build
        self._messages = {name: one for one in messages for name in (one.name, *one.legacy)}
        self._loaded: dict[str, DeclaredType] = {}

    def names(self) -> Sequence[str]:
        return sorted({message.name for message in self._messages.values()})

    def declared(self) -> Sequence[MessageType[Any]]:
        """Give what every type declares, by name; loads them all."""
        return [found.declares for name in self.names() if (found := self.find(name))]

    def all_names(self, type_: str) -> tuple[str, ...]:
        """Give every name of a type, the legacy side's too; none for one that nobody declares."""
        message = self._messages.get(type_)
        return (message.name, *message.legacy) if message else ()

    def find(self, type_: str) -> DeclaredType | None:
        """Give the type, or None for a name that nobody declares."""
        if type_ not in self._loaded and type_ in self._messages:
            self._loaded[type_] = self._load(self._messages[type_])
        return self._loaded.get(type_)

    def _load(self, message: Message) -> DeclaredType:
        consumer = message.load()
        return DeclaredType(consumer, lambda: self._build(message, consumer))


def built_by(container: object) -> Callable[[Message, type[Consumer[Any]]], Consumer[Any]]:
    """Build by the container's method (``message_images_update``), or without any service."""

    def build(message: Message, consumer: type[Consumer[Any]]) -> Consumer[Any]:
        method = getattr(container, "message_" + message.name.replace(".", "_"), consumer)
        built: Consumer[Any] = method()
        return built

    return build
