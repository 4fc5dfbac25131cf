"""The partners' folders, for the jobs that send or fetch files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kernel.engines import Engines

if TYPE_CHECKING:
    from infra.transfers.partners import ConfiguredPartners


class PartnerCommands(Engines):
    """A further part of the container, on the same adapters."""

    @cached_property
    def _partners(self) -> ConfiguredPartners:
        from infra.transfers.partners import ConfiguredPartners

        return ConfiguredPartners(self.boot.root, self.boot.secrets_directory, self._clock)
