"""Picture files as partners send them, sound and otherwise, made on the spot."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageCms

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (40, 60, 190)


def written(image: Image.Image, format_: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def halves(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """Red above, blue below: which way up it is can be seen."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, height // 2, width, height))
    return image.convert(mode)


def jpeg(width: int = 400, height: int = 300, **options: Any) -> bytes:
    return written(halves(width, height), "JPEG", quality=92, **options)


def png(width: int = 400, height: int = 300) -> bytes:
    return written(halves(width, height), "PNG")


def turned() -> bytes:
    """A portrait as a camera stores it: lying, with the order to turn it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Secret Maker"
    return written(halves().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=92)


def sixteen_bits() -> bytes:
    """Grey at half of 65,535."""
    return written(Image.new("I;16", (300, 200), 32_768), "PNG")


def palette_with_a_hole() -> bytes:
    image = Image.new("P", (400, 300), 0)
    image.putpalette([*RED, *BLUE, 0, 0, 0])
    image.paste(2, (100, 100, 200, 200))
    return written(image, "PNG", transparency=2)


def animated() -> bytes:
    frames = [Image.new("RGB", (200, 100), colour) for colour in (RED, GREEN, BLUE)]
    return written(frames[0], "GIF", save_all=True, append_images=frames[1:])


def wide_gamut() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return jpeg(icc_profile=profile)


def bomb(side: int = 60_000) -> bytes:
    """A small file that says it has billions of pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000), 9)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


SOUND: Mapping[str, bytes] = {
    "jpeg": jpeg(),
    "png": png(),
    "webp": written(halves(), "WEBP"),
    "bmp": written(halves(), "BMP"),
    "tiff": written(halves(), "TIFF"),
    "cmyk jpeg": written(halves(mode="CMYK"), "JPEG", quality=95),
    "grey": written(halves(mode="L"), "JPEG"),
    "one bit": written(halves(mode="1"), "PNG"),
    "grey with transparency": written(halves(mode="LA"), "PNG"),
    "16 bits": sixteen_bits(),
    "palette with a hole": palette_with_a_hole(),
    "animated": animated(),
    "turned": turned(),
    "with a profile": wide_gamut(),
    "broken profile": jpeg(icc_profile=b"no profile at all"),
    "one pixel": png(1, 1),
    "very long": png(5000, 2),
}

HOSTILE: Mapping[str, bytes] = {
    "bomb": bomb(),
    "long side": png(30_001, 1),
    "cut jpeg": half(jpeg(1200, 900)),
    "cut png": half(png(1200, 900)),
    "cut webp": half(written(halves(), "WEBP")),
    "header only": jpeg()[:20],
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "text": b"not a picture\n" * 99,
    "zeros": bytes(5000),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "wrong checksum": png()[:60] + b"\xff" + png()[61:],
    "beyond its data": struct.pack("<2sIHHI", b"BM", 70, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 2000, 2000, 1, 24, 0, 0, 0, 0, 0, 0),
}
