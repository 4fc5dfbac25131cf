"""A vehicle and what fits it, as the shop keeps them; equal content has an equal digest."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

DRIVERIGHT, SHOP = "driveright", "shop"
"""Where a row comes from: the source, or the shop's own people, whose rows no sync touches."""

BOTH, FRONT, REAR = "both", "front", "rear"

_DIGEST_BYTES = 16


class Vehicle(NamedTuple):
    """One version of a model; an open year is None."""

    vehicle_id: str
    make: str
    model: str
    generation: str
    year_from: int | None
    year_to: int | None
    engine: str
    content_hash: str

    @classmethod
    def of(cls, vehicle_id: str, *values: str | int | None) -> Vehicle:
        """Add what tells content apart, whatever its id."""
        return cls(vehicle_id, *values, _digest(values))  # type: ignore[call-arg, arg-type]  # in the fields' order


class Fitment(NamedTuple):
    """A tyre and the wheel below it, for one axle or both; decimals are plain text: ``6.5``."""

    fitment_id: str
    vehicle_id: str
    axle: str
    tyre_size: str
    rim_width: str | None
    rim_diameter: str | None
    bolt_count: int | None
    bolt_circle: str | None
    centre_bore: str | None
    offset_mm: int | None
    is_original: int
    content_hash: str

    @classmethod
    def of(cls, fitment_id: str, *values: str | int | None) -> Fitment:
        """Add what tells content apart; without an id of its own that is its id."""
        digest = _digest(values)
        return cls(fitment_id or digest, *values, digest)  # type: ignore[call-arg, arg-type]  # in the fields' order


def _digest(values: tuple[object, ...]) -> str:
    """Only numbers may be None, so that it is no text that says so."""
    text = "\x1f".join(map(str, values))
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
