"""The job that queues article images, and what a message of theirs needs."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from kernel.queue_commands import QueueCommands

if TYPE_CHECKING:
    from commands.cron.images_enqueue_batches import ImagesEnqueueBatches
    from infra.image_settings import ImageSettings


class ImageCommands(QueueCommands):
    """A further part of the container, on the same adapters."""

    @cached_property
    def _images(self) -> ImageSettings:
        from infra.image_settings import image_settings

        return image_settings(self.boot.root)

    def images_enqueue_batches(self) -> ImagesEnqueueBatches:
        from commands.cron.images_enqueue_batches import ImagesEnqueueBatches
        from domain.jobs.image_batches.service import ImageBatches
        from infra.files.image_inbox import ImageInbox
        from infra.sql.batch_book import SqlBatchBook

        settle = timedelta(seconds=self._images.inbox.settle_seconds)
        folder = self.boot.root / self.settings.images.inbox
        inbox = ImageInbox(folder, settle, self._clock)
        return ImagesEnqueueBatches(ImageBatches(inbox, SqlBatchBook(self._database)))
