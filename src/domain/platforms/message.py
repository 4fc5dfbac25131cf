"""``orders.process``: one version of one order in the inbox becomes the shop's order."""

from __future__ import annotations

from dataclasses import dataclass

from domain.queue.work import Draft

TYPE = "orders.process"

_VERSION_LENGTH = 32
"""Half a digest: enough to tell versions of one order, and the key stays short."""


@dataclass(frozen=True, kw_only=True)
class ProcessOrder:
    """The inbox row's key."""

    platform: str
    external_id: str
    version: str


def draft_of(order: ProcessOrder, *, correlation_id: str, created_by: str) -> Draft:
    """Write the message: the versions of an order are done in turn, each once."""
    entity = f"{order.platform}:{order.external_id}"
    return Draft(
        type=TYPE,
        payload={
            "platform": order.platform,
            "external_id": order.external_id,
            "version": order.version,
        },
        entity_key=entity,
        dedupe_key=f"{entity}:{order.version[:_VERSION_LENGTH]}",
        correlation_id=correlation_id,
        created_by=created_by,
    )
