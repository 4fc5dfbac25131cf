"""config/images.toml as it is read, and every fault in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid
from domain.images.ports import Rendition
from infra.boot import source_folder
from infra.image_settings import ImageSettings, image_settings

SHIPPED = (source_folder() / "config" / "images.toml").read_text("utf-8")
LIST = Rendition(name="list", width=240, height=240, format="webp", quality=80)


def read(root: Path, text: str) -> ImageSettings:
    (root / "config").mkdir()
    (root / "config" / "images.toml").write_text(text, "utf-8")
    return image_settings(root)


def test_what_is_shipped_fetches_from_nowhere_and_makes_three_sizes(tmp_path: Path) -> None:
    settings = read(tmp_path, SHIPPED)

    assert settings.source.hosts == ()
    assert settings.source.private_addresses is False
    assert [one.name for one in settings.renditions] == ["list", "detail", "zoom"]
    assert settings.renditions[0] == LIST


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("settle_seconds = 30", "settle_seconds = -1", "inbox.settle_seconds must be from 0"),
        ("settle_seconds = 30", "settle_seconds = nan", "inbox.settle_seconds must be from 0"),
        ("settle_seconds = 30", "", r"\[inbox\] settle_seconds is missing"),
        ("settle_seconds", "setle_seconds", "setle_seconds is unknown; did you mean settle_second"),
        ("[inbox]", "[imbox]", "imbox is unknown; did you mean inbox"),
        ("hosts = []", 'hosts = ["https://img.example"]', "write a host's name"),
        ("hosts = []", 'hosts = ["*"]', "write a host's name"),
        ("hosts = []", 'hosts = "img.example"', "must be a list in brackets"),
        ("private_addresses = false", 'private_addresses = "no"', "must be true or false"),
        ("timeout_seconds = 20", "timeout_seconds = 0", "source.timeout_seconds must be from 0.1"),
        ("most_megapixels = 50", "most_megapixels = 5000", "picture.most_megapixels must be from"),
        ("width = 240", "width = 8", "rendition.list.width must be from 16 to 10000"),
        ("width = 240", "width = 240.5", "must be a whole number"),
        ("quality = 80", "quality = 0", "rendition.list.quality must be from 1 to 100"),
        ('format = "jpeg"', 'format = "gif"', "rendition.zoom.format must be one of jpeg, png, w"),
        ("[rendition.list]", '[rendition."../x"]', "a rendition's name is made of a-z"),
    ],
)
def test_a_fault_is_told_with_its_key(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in SHIPPED

    with pytest.raises(ConfigurationInvalid, match=said):
        read(tmp_path, SHIPPED.replace(before, after, 1))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SHIPPED.replace("width = 240", "width = 8").replace("quality = 85", "quality = 101")

    with pytest.raises(ConfigurationInvalid) as told:
        read(tmp_path, text)

    assert str(told.value).count("images.toml: ") == 2


def test_without_a_rendition_there_is_nothing_to_make(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="no rendition is set"):
        read(tmp_path, SHIPPED.partition("[rendition.list]")[0])
