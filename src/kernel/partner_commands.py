"""The partners' folders, for the jobs that send or fetch files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kernel.engines import Engines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.ops.partners import KnownPartner, PartnersCheck, PartnersList
    from infra.transfers.partners import ConfiguredPartners


class PartnerCommands(Engines):
    """A further part of the container, on the same adapters."""

    @cached_property
    def _partners(self) -> ConfiguredPartners:
        from infra.transfers.partners import ConfiguredPartners

        return ConfiguredPartners(self.boot.root, self.boot.secrets_directory, self._clock)

    def partners_list(self) -> PartnersList:
        from commands.ops.partners import KnownPartner, PartnersList
        from infra.partner_settings import partner_settings

        def known() -> Sequence[KnownPartner]:
            return [
                KnownPartner(
                    name=name,
                    kind=setting.kind,
                    place=setting.place,
                    user=setting.user or "",
                    secrets=setting.references,
                )
                for name, setting in sorted(partner_settings(self.boot.root).items())
            ]

        return PartnersList(known)

    def partners_check(self) -> PartnersCheck:
        from commands.ops.partners import PartnersCheck

        return PartnersCheck(self._partners)
