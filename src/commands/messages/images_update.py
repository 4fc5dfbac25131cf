"""``images.update``: fetch article images and make the shop's renditions of them (after CR-001)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from commands.messages.base import Consumer
from domain.images.message import TYPE, UpdateImages
from domain.queue.message_type import Effects, MessageType
from domain.queue.work import Work

if TYPE_CHECKING:  # the service loads when the first message is handled
    from domain.images.updating import ImageUpdates


class ImagesUpdate(Consumer[UpdateImages]):
    """Some lines of an image list, each image on its own."""

    declares = MessageType(
        name=TYPE,
        payload=UpdateImages,
        # It writes files, which no rollback takes back.
        effects=Effects.KEYED,
        idempotency="files are named by their content and found again; rows come with the message",
        limit=timedelta(minutes=10),
        max_attempts=3,
        legacy=("UpdatingImagesController::updateImages",),
    )

    def __init__(self, updates: ImageUpdates) -> None:
        self._updates = updates

    def handle(self, payload: UpdateImages, work: Work, /) -> None:
        self._updates(payload, work)
