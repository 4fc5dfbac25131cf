"""A row of an image list: what it says, and why some say nothing."""

from __future__ import annotations

import pytest

from domain.errors import Refused
from domain.images.message import ImageLine, UpdateImages, payload_of
from domain.images.reference import Unfit, article_of, image_of
from domain.jobs.image_batches.columns import places
from domain.jobs.image_batches.lines import Repeats, is_blank, line_of


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("article;image", {"article": 0, "image": 1}),
        ("Bild-URL;Artikel-Nr.", {"image": 0, "article": 1}),
        ("SKU;x;FILE_NAME;Löschen", {"article": 0, "image": 2, "remove": 3}),
        ("artnr;DATEINAME;Rang", {"article": 0, "image": 1, "position": 2}),
    ],
)
def test_columns_are_found_by_german_and_english_names(header: str, found: dict[str, int]) -> None:
    assert places(header.split(";")) == found


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("image;position", "no column for the article"),
        ("sku", "no column for the image"),
        ("sku;bild;foto", "two columns for the image: 'bild' and 'foto'"),
    ],
)
def test_a_header_that_leaves_doubt_is_refused(header: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        places(header.split(";"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" a/b c.JPG ", "a/b c.JPG"),
        ("tyres\\front.png", "tyres/front.png"),
        ("https://img.example/a.jpg?v=2", "https://img.example/a.jpg?v=2"),
        ("HTTP://img.example:8080/a.jpg", "HTTP://img.example:8080/a.jpg"),
        ("größe.png", "größe.png"),
    ],
)
def test_a_file_s_name_or_a_web_address_is_an_image(given: str, kept: str) -> None:
    assert image_of(given) == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("../a.jpg", r"leaves the folder by '\.\.'"),
        ("a/../../b.jpg", r"leaves the folder by '\.\.'"),
        ("a\\..\\b.jpg", r"leaves the folder by '\.\.'"),
        ("/etc/passwd", "absolute"),
        ("\\\\host\\share\\a.jpg", "absolute"),
        ("C:\\a.jpg", "must be a file's name or begin with http"),
        ("file:///etc/passwd", "must be a file's name or begin with http"),
        ("javascript:alert(1)", "must be a file's name or begin with http"),
        ("a//b.jpg", "empty or a hidden part"),
        (".ssh/id_rsa", "empty or a hidden part"),
        ("a\0.jpg", "control character"),
        ("a\n.jpg", "control character"),
        ("x" * 1001, "longer than 1000"),
        ("http:///a.jpg", "no web address"),
        ("http://[::1/a.jpg", "no web address"),
        ("http://host:99999/a.jpg", "no web address"),
        ("https://user:secret@img.example/a.jpg", "a user or a password"),
        ("https://img.example/a b.jpg", "no blanks"),
    ],
)
def test_what_is_no_image_is_told_and_why(given: str, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        image_of(given)


def test_a_secret_in_an_address_is_not_repeated() -> None:
    with pytest.raises(Unfit) as refused:
        image_of("https://user:secret@img.example/a.jpg")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("given", ["", "x" * 101, "A\t1\x07"])
def test_what_is_no_article_is_told(given: str) -> None:
    with pytest.raises(Unfit, match="article"):
        article_of(given)


PLACES = {"article": 0, "image": 1, "position": 2, "remove": 3}


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("A;a.jpg;;", ImageLine(article="A", image="a.jpg")),
        ("A;a.jpg", ImageLine(article="A", image="a.jpg")),
        ("A;a.jpg; 3 ;Ja", ImageLine(article="A", image="a.jpg", position=3, remove=True)),
        ("A;a.jpg;;X", ImageLine(article="A", image="a.jpg", remove=True)),
        ("A;a.jpg;1;nein;more", ImageLine(article="A", image="a.jpg", position=1)),
    ],
)
def test_a_row_becomes_a_line(row: str, line: ImageLine) -> None:
    assert line_of(row.split(";"), PLACES) == line


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A;a.jpg;0;", "position '0' is no whole number from 1 to 9999"),
        ("A;a.jpg;1.5;", "position"),
        ("A;a.jpg;²;", "position"),
        ("A;a.jpg;;maybe", "remove 'maybe' is neither yes nor no"),
    ],
)
def test_a_row_that_cannot_be_meant_is_told(row: str, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        line_of(row.split(";"), PLACES)


def test_a_row_of_blanks_is_none() -> None:
    assert is_blank([" ", "", "\t"])
    assert not is_blank(["", "x"])


def test_only_the_very_words_last_said_of_an_image_are_a_repetition() -> None:
    shown = ImageLine(article="A", image="a.jpg")
    gone = ImageLine(article="A", image="a.jpg", remove=True)
    repeats = Repeats()

    assert [repeats.is_known(line) for line in (shown, shown, gone, shown, shown)] == [
        *(False, True, False, False, True)
    ]


def test_what_is_remembered_is_bounded() -> None:
    first, second = (ImageLine(article=name, image="a.jpg") for name in "AB")
    repeats = Repeats(most=1)

    assert [repeats.is_known(line) for line in (first, second, second, first)] == [
        *(False, False, False, True)
    ]


def test_a_payload_leaves_out_what_is_as_usual() -> None:
    line = ImageLine(article="A", image="a.jpg", position=2)
    again = UpdateImages(images=(line,), file="images_a.csv", tried=1, first_message=7)

    assert payload_of(UpdateImages(images=(line,))) == {
        "images": [{"article": "A", "image": "a.jpg", "position": 2}]
    }
    assert payload_of(again) == {
        "images": [{"article": "A", "image": "a.jpg", "position": 2}],
        "file": "images_a.csv",
        "tried": 1,
        "first_message": 7,
    }
