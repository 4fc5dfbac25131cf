"""Pictures by Pillow: only what is one, judged by its content and size before it is decoded."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from domain.images.ports import ImageUnfit, Rendition

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Never by name; and none that runs a program to be read, as EPS does."""

_MOST_SIDE = 30_000
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_SHIFT = 1 / 256
_WRITTEN: Mapping[str, Mapping[str, Any]] = {
    "jpeg": {"optimize": True, "progressive": True},
    "webp": {"method": 4},
    "png": {"optimize": True},
}

# What Pillow's readers raise for broken content, beside its own errors, which are OSErrors.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError),
    *(OverflowError, AttributeError, NotImplementedError, RuntimeError),
    *(MemoryError, ArithmeticError, struct.error, zlib.error),
    Image.DecompressionBombError,
)

Image.MAX_IMAGE_PIXELS = None  # the limit below is told in our own words, and before any warning


class PillowStudio:
    """The Studio port."""

    def __init__(self, most_pixels: int) -> None:
        self._most_pixels = most_pixels

    def size(self, content: bytes) -> tuple[int, int]:
        with self._opened(content) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _TURNED
        return (height, width) if turned else (width, height)

    def render(self, content: bytes, wanted: Sequence[Rendition]) -> Mapping[str, bytes]:
        with self._opened(content) as image:
            largest = max(max(one.width, one.height) for one in wanted)
            # A JPEG is decoded at half, a quarter or an eighth of its size where that suffices.
            image.draft(None, (2 * largest, 2 * largest))
            base = _upright(image)
            return {one.name: _written(_fitted(base, one), one) for one in wanted}

    @contextmanager
    def _opened(self, content: bytes) -> Iterator[Image.Image]:
        with _told(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata does not make a picture unfit
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                self._check(*image.size)
                yield image

    def _check(self, width: int, height: int) -> None:
        if width * height > self._most_pixels:
            allowed = self._most_pixels / 1_000_000
            raise ImageUnfit(f"has {width:,} x {height:,} pixels, allowed are {allowed:g} million")
        if max(width, height) > _MOST_SIDE:
            raise ImageUnfit(f"has {width:,} x {height:,} pixels: no side above {_MOST_SIDE:,}")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ImageUnfit:
        raise
    except UnidentifiedImageError as error:
        raise ImageUnfit(f"is no picture of a known kind ({', '.join(FORMATS)})") from error
    except _BROKEN as error:
        raise ImageUnfit(f"is broken: {str(error) or type(error).__name__}") from error


def _upright(image: Image.Image) -> Image.Image:
    """The first frame as the camera held it, in sRGB with 8 bits, with its transparency."""
    image.load()
    turned = ImageOps.exif_transpose(image)
    return _in_srgb(turned, _mode(turned))


def _mode(image: Image.Image) -> str:
    is_clear = "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info
    return "RGBA" if is_clear else "RGB"


def _in_srgb(image: Image.Image, mode: str) -> Image.Image:
    if image.mode in _SIXTEEN_BITS:
        return image.convert("F").point(lambda level: level * _SHIFT).convert("L").convert(mode)
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        # A profile that is broken or of another colour space is worth less than none.
        with suppress(ImageCms.PyCMSError, *_BROKEN):
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted.convert(mode)
    return image.convert(mode)


def _fitted(base: Image.Image, rendition: Rendition) -> Image.Image:
    """Keep the proportions, never enlarge."""
    share = min(rendition.width / base.width, rendition.height / base.height, 1.0)
    size = max(round(base.width * share), 1), max(round(base.height * share), 1)
    return base.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _written(image: Image.Image, rendition: Rendition) -> bytes:
    if rendition.format == "jpeg" and image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    image.info = {}  # nothing of the camera, its place and its owner goes out
    file = io.BytesIO()
    quality = {} if rendition.format == "png" else {"quality": rendition.quality}
    image.save(file, rendition.format.upper(), **_WRITTEN[rendition.format], **quality)
    return file.getvalue()
