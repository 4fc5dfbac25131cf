"""Real picture files made into renditions, and those refused that are none."""

from __future__ import annotations

import io
import resource
import time

import pytest
from PIL import Image

from domain.images.ports import ImageUnfit, Rendition
from image_files import BLUE, HOSTILE, RED, SOUND, animated, jpeg, png, turned
from infra.images.studio import PillowStudio

WEBP = Rendition(name="list", width=120, height=120, format="webp", quality=80)
JPEG = Rendition(name="zoom", width=1600, height=1600, format="jpeg", quality=85)
PNG = Rendition(name="plain", width=200, height=50, format="png", quality=90)
ALL = (WEBP, JPEG, PNG)

STUDIO = PillowStudio(50_000_000)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def near(image: Image.Image, place: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    at = (int(place[0] * (image.width - 1)), int(place[1] * (image.height - 1)))
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 40 for one, other in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("name", SOUND)
def test_every_kind_of_picture_becomes_every_rendition(name: str) -> None:
    width, height = STUDIO.size(SOUND[name])

    made = STUDIO.render(SOUND[name], ALL)

    assert [opened(made[one.name]).format for one in ALL] == ["WEBP", "JPEG", "PNG"]
    for one in ALL:
        image = opened(made[one.name])
        assert image.mode in ("RGB", "RGBA")
        assert image.width <= min(one.width, width)
        assert image.height <= min(one.height, height)
        assert abs(image.width / image.height - width / height) < width / height * 0.5 or (
            min(image.size) == 1
        )


@pytest.mark.parametrize("name", ["jpeg", "cmyk jpeg", "turned", "with a profile", "webp", "tiff"])
def test_colours_and_what_is_up_stay_as_they_are_seen(name: str) -> None:
    image = opened(STUDIO.render(SOUND[name], [JPEG])["zoom"])

    assert near(image, (0.5, 0.1), RED)
    assert near(image, (0.5, 0.9), BLUE)


def test_a_picture_that_lies_is_turned_and_its_size_told_as_it_is_shown() -> None:
    assert Image.open(io.BytesIO(turned())).size == (300, 400)
    assert STUDIO.size(turned()) == (400, 300)
    assert opened(STUDIO.render(turned(), [JPEG])["zoom"]).size == (400, 300)


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    image = opened(STUDIO.render(SOUND["16 bits"], [PNG])["plain"])

    assert near(image, (0.5, 0.5), (128, 128, 128))


def test_a_hole_stays_a_hole_or_becomes_white() -> None:
    made = STUDIO.render(SOUND["palette with a hole"], [WEBP, JPEG])

    assert opened(made["list"]).mode == "RGBA"
    assert near(opened(made["zoom"]), (0.37, 0.5), (255, 255, 255))


def test_of_several_frames_the_first_is_shown() -> None:
    image = opened(STUDIO.render(animated(), [WEBP])["list"])

    assert near(image, (0.5, 0.5), RED)
    assert getattr(image, "n_frames", 1) == 1


def test_nothing_of_the_camera_goes_out() -> None:
    made = STUDIO.render(turned(), ALL)

    assert b"Secret Maker" in turned()
    assert not any(b"Secret Maker" in content for content in made.values())
    assert not any(opened(content).getexif() for content in made.values())


def test_a_small_picture_is_not_enlarged() -> None:
    assert opened(STUDIO.render(png(40, 30), [JPEG])["zoom"]).size == (40, 30)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_sound_picture_is_refused_in_words(name: str) -> None:
    began = time.monotonic()

    with pytest.raises(ImageUnfit) as refused:
        STUDIO.render(HOSTILE[name], ALL)

    assert str(refused.value).startswith(("is no picture", "is broken", "has "))
    assert time.monotonic() - began < 5


def test_a_bomb_is_refused_before_it_takes_any_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ImageUnfit, match="has 60,000 x 60,000 pixels, allowed are 50 million"):
        STUDIO.render(HOSTILE["bomb"], ALL)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_the_limit_is_on_pixels_and_not_on_bytes() -> None:
    small = PillowStudio(400 * 300 - 1)

    with pytest.raises(ImageUnfit, match="pixels"):
        small.size(jpeg(400, 300))
    assert small.size(jpeg(400, 299)) == (400, 299)
