"""The job that queues article images, and what a message of theirs needs."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.queue_commands import QueueCommands

if TYPE_CHECKING:
    from commands.cron.images_enqueue_batches import ImagesEnqueueBatches
    from commands.messages.images_update import ImagesUpdate
    from domain.images.ports import Sources
    from infra.files.sample_images import SampleImages
    from infra.image_settings import ImageSettings


class ImageCommands(QueueCommands):
    """A further part of the container, on the same adapters."""

    @cached_property
    def _images(self) -> ImageSettings:
        from infra.image_settings import image_settings

        return image_settings(self.boot.root)

    def _sample_images(self, source: Path) -> SampleImages:
        from infra.files.sample_images import SampleImages

        settings = self.settings
        return SampleImages(
            source, settings.image_inbox, settings.image_source, settings.image_media
        )

    def images_enqueue_batches(self) -> ImagesEnqueueBatches:
        from commands.cron.images_enqueue_batches import ImagesEnqueueBatches
        from domain.jobs.image_batches.service import ImageBatches
        from infra.files.image_inbox import ImageInbox
        from infra.sql.batch_book import SqlBatchBook

        settle = timedelta(seconds=self._images.inbox.settle_seconds)
        inbox = ImageInbox(self.settings.image_inbox, settle, self._clock)
        return ImagesEnqueueBatches(ImageBatches(inbox, SqlBatchBook(self._database)))

    def message_images_update(self) -> ImagesUpdate:
        from commands.messages.images_update import ImagesUpdate
        from domain.images.updating import ImageUpdates, Workshop
        from infra.images.media import MediaFolder
        from infra.images.studio import PillowStudio
        from infra.sql.image_book import SqlImageBook

        picture = self._images.picture
        workshop = Workshop(
            sources=self._image_sources(),
            studio=PillowStudio(round(picture.most_megapixels * 1_000_000)),
            media=MediaFolder(self.settings.image_media),
            book=SqlImageBook(self._database.kind),
            renditions=self._images.renditions,
            keep_obsolete=timedelta(hours=picture.keep_obsolete_hours),
        )
        return ImagesUpdate(ImageUpdates(workshop))

    def _image_sources(self) -> Sources:
        from infra.images.addresses import Allowed
        from infra.images.sources import ImageSources, SourceFolder
        from infra.images.web import WebFetch

        source = self._images.source
        most_bytes = round(source.most_megabytes * 1_000_000)
        settle = timedelta(seconds=self._images.inbox.settle_seconds)
        folder = SourceFolder(self.settings.image_source, most_bytes, settle)
        allowed = Allowed(source.hosts, private=source.private_addresses)
        timeout = timedelta(seconds=source.timeout_seconds)
        return ImageSources(folder, WebFetch(allowed, timeout, most_bytes))
