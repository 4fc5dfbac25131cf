"""config/images.toml: what is taken for an article image, from where, and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.images.ports import Rendition
from infra.boot import read_toml
from infra.files.binding import Binder

FILE = "images.toml"
FORMATS = ("jpeg", "png", "webp")

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "settle_seconds": (0, 86_400),
    "timeout_seconds": (0.1, 300),
    "most_megabytes": (0.01, 1000),
    "most_megapixels": (0.01, 500),
    "keep_obsolete_hours": (0, 8760),
    "width": (16, 10_000),
    "height": (16, 10_000),
    "quality": (1, 100),
}

_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*")


@dataclass(frozen=True, kw_only=True)
class InboxSetting:
    """When a file counts as complete."""

    settle_seconds: float


@dataclass(frozen=True, kw_only=True)
class SourceSetting:
    """Which web addresses are fetched, and within what bounds."""

    hosts: tuple[str, ...]
    private_addresses: bool
    timeout_seconds: float
    most_megabytes: float


@dataclass(frozen=True, kw_only=True)
class PictureSetting:
    """How large a picture may be, and how long its old renditions are kept."""

    most_megapixels: float
    keep_obsolete_hours: float


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """All that the file says."""

    inbox: InboxSetting
    source: SourceSetting
    picture: PictureSetting
    renditions: tuple[Rendition, ...]


@dataclass(frozen=True, kw_only=True)
class _Size:
    width: int
    height: int
    format: str
    quality: int


def image_settings(root: Path) -> ImageSettings:
    """Read the file. Raises ConfigurationInvalid that lists every fault."""
    content = read_toml(root / "config" / FILE)
    binder = Binder()
    binder.refuse_unknown(content, ("inbox", "source", "picture", "rendition"), "")
    inbox = binder.build(InboxSetting, content.get("inbox", {}), "inbox")
    source = binder.build(SourceSetting, content.get("source", {}), "source")
    picture = binder.build(PictureSetting, content.get("picture", {}), "picture")
    sizes = _sizes(binder, content)
    faults = binder.faults or list(_faults(inbox, source, picture, sizes))
    if faults or not (inbox and source and picture):
        raise ConfigurationInvalid("; ".join(f"{FILE}: {fault}" for fault in faults))
    return ImageSettings(
        inbox=inbox,
        source=source,
        picture=picture,
        renditions=tuple(Rendition(name=name, **vars(size)) for name, size in sizes.items()),
    )


def _sizes(binder: Binder, content: Mapping[str, Any]) -> dict[str, _Size]:
    tables = binder.table(content.get("rendition", {}), "rendition")
    built = {
        name: binder.build(_Size, table, f"rendition.{name}") for name, table in tables.items()
    }
    return {name: size for name, size in built.items() if size is not None}


def _faults(
    inbox: InboxSetting | None,
    source: SourceSetting | None,
    picture: PictureSetting | None,
    sizes: Mapping[str, _Size],
) -> Iterator[str]:
    for section, setting in (("inbox", inbox), ("source", source), ("picture", picture)):
        yield from _out_of_bounds(section, setting)
    for host in source.hosts if source else ():
        if not _HOST.fullmatch(host):
            yield f"source.hosts {host!r}: write a host's name in small letters, or *.NAME"
    if not sizes:
        yield "no rendition is set: [rendition.NAME] is missing"
    for name, size in sizes.items():
        if not _NAME.fullmatch(name):
            yield f"rendition.{name}: a rendition's name is made of a-z, 0-9 and -, at most 20"
        if size.format not in FORMATS:
            yield f"rendition.{name}.format must be one of {', '.join(FORMATS)}"
        yield from _out_of_bounds(f"rendition.{name}", size)


def _out_of_bounds(place: str, setting: object) -> Iterator[str]:
    for key, (least, most) in _BOUNDS.items():
        value = getattr(setting, key, least)
        if not least <= value <= most:
            yield f"{place}.{key} must be from {least:g} to {most:g}"
