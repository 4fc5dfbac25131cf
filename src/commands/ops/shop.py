"""shop:load-sample: a small shop to try the console on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

from commands.result import Text


class SampleShop(Protocol):
    """The sample shop's rows and files."""

    def load(self) -> Mapping[str, int]:
        """Put what is missing in place; gives how many of each kind the sample has."""
        ...


class ShopLoadSample:
    """Loads articles, import settings and supplier files of a small shop; harmless to repeat."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console shop:load-sample",)

    def __init__(self, sample: SampleShop) -> None:
        self._sample = sample

    def __call__(self) -> Text:
        counts = self._sample.load()
        said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        return Text(text=f"sample shop: {said}", data=dict(counts))
