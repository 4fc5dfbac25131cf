"""Payloads: JSON read strictly, PHP's serialize() read leniently, nothing else read at all."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Refused
from infra.queue.payloads import LARGEST_CHARACTERS, read_payload
from infra.queue.php import unserialized
from kernel.inventory import MESSAGES


@dataclass(frozen=True)
class Line:
    article: int
    image: str


@dataclass(frozen=True)
class Batch:
    supplier: int
    lines: tuple[Line, ...] = ()
    note: str | None = None


BATCH = Batch(supplier=23, lines=(Line(article=7, image="räder.png"),))


def plain(batch: Batch) -> dict[str, Any]:
    lines = [{"article": line.article, "image": line.image} for line in batch.lines]
    return {"supplier": batch.supplier, "lines": lines}


def by_php(value: Any) -> str:
    """Serialise with PHP itself."""
    php = shutil.which("php")
    if php is None:
        pytest.skip("php is not installed")
    code = "echo serialize(json_decode(stream_get_contents(STDIN), true));"
    done = subprocess.run(
        [php, "-r", code], input=json.dumps(value).encode(), capture_output=True, check=True
    )
    return done.stdout.decode()


def test_the_schema_of_every_declared_type_can_be_read() -> None:
    for message in MESSAGES:
        with pytest.raises(Refused, match="the payload does not fit"):
            read_payload("null", message.load().declares.payload)


def test_json_becomes_the_types_dataclass() -> None:
    read = read_payload(json.dumps(plain(BATCH)), Batch)

    assert isinstance(read, Batch)
    assert read.supplier == 23
    assert read.lines[0].image == "räder.png"


def test_what_php_serialised_becomes_the_same() -> None:
    read = read_payload(by_php(plain(BATCH)), Batch)

    assert (read.supplier, read.lines[0].article, read.note) == (23, 7, None)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ('{"supplier": "23"}', "supplier: Input should be a valid integer"),
        ('{"supplier": 23, "lines": [{"article": 1}]}', r"lines\.0\.image: Field required"),
        ('{"supplier": 23, "suplier": 24}', "suplier: Unexpected"),
        ('{"supplier": 23', "Invalid JSON"),
        ("[" * 5000, "Invalid JSON"),
        ("23", "object"),
        ("", "Invalid JSON"),
        ("null", "object"),
        ('{"supplier": NaN}', "supplier"),
        ("{'supplier': 23}", "Invalid JSON"),
    ],
)
def test_json_that_does_not_fit_is_refused_by_field(payload: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_payload(payload, Batch)


def test_numbers_that_php_wrote_as_texts_are_taken_but_from_json_they_are_not() -> None:
    serialised = 'a:1:{s:8:"supplier";s:2:"23";}'

    assert read_payload(serialised, Batch).supplier == 23
    with pytest.raises(Refused):
        read_payload('{"supplier": "23"}', Batch)


def test_texts_that_php_wrote_as_numbers_are_taken_but_from_json_they_are_not() -> None:
    serialised = 'a:2:{s:8:"supplier";i:23;s:4:"note";i:4711;}'

    assert read_payload(serialised, Batch).note == "4711"
    with pytest.raises(Refused, match="note: Input should be a valid string"):
        read_payload('{"supplier": 23, "note": 4711}', Batch)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ('O:8:"stdClass":1:{s:8:"supplier";i:23;}', "PHP object"),
        ('a:1:{s:8:"supplier";O:8:"stdClass":0:{}}', "PHP object"),
        ('C:11:"ArrayObject":21:{x:i:0;a:0:{};m:a:0:{}}', "PHP object"),
        ('a:1:{s:8:"supplier";E:11:"Suit:Hearts";}', "PHP object"),
        ('a:2:{s:8:"supplier";i:23;s:4:"same";R:2;}', "no sound PHP"),
        ('a:1:{s:8:"supplier";i:23;', "no sound PHP"),
        ('a:999999999:{s:8:"supplier";', "no sound PHP"),
        ('a:1:{s:99999999999:"supplier";i:23;}', "no sound PHP"),
        ('a:1:{s:-1:"supplier";i:23;}', "no sound PHP"),
        ("a:1:{a:1:{i:0;i:1;}i:23;}", "no sound PHP"),
        ('a:1:{s:8:"supplier";i:23;}a:0:{}', "goes on after its end, byte 26"),
        ('s:5:"hello";', "Input should be"),
        ("i:23;", "Input should be"),
        ("a:1:{i:0;" * 3000, "no sound PHP"),
        ("i:" + "9" * 5000 + ";", "no sound PHP"),
    ],
)
def test_php_that_is_broken_or_an_object_is_refused(payload: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_payload(payload, Batch)


@pytest.mark.parametrize(
    "payload",
    [
        '{"supplier": "hunter2", "lines": "hunter2"}',
        '{"supplier": hunter2}',
        'a:1:{s:8:"supplier";s:7:"hunter2";}',
        'a:1:{s:8:"supplier";i:hunter2;}',
        'a:1:{s:8:"supplier";d:hunter2;}',
        'a:hunter2:{s:8:"supplier";i:1;}',
        's:7:"hunter2',
        "b:hunter2;",
    ],
)
def test_no_value_of_a_payload_stands_in_its_refusal(payload: str) -> None:
    with pytest.raises(Refused) as refused:
        read_payload(payload, Batch)

    assert "hunter2" not in str(refused.value)


def test_the_name_of_a_field_that_nobody_declared_is_cut_short() -> None:
    with pytest.raises(Refused) as refused:
        read_payload(json.dumps({"supplier": 1, "x" * 100_000: 1}), Batch)

    assert len(str(refused.value)) < 300


def test_many_faults_are_cut_short() -> None:
    lines = [{"article": "x", "image": 1}] * 10

    with pytest.raises(Refused, match="and 15 more"):
        read_payload(json.dumps({"supplier": 1, "lines": lines}), Batch)


def test_a_payload_beyond_all_measure_is_not_even_parsed() -> None:
    with pytest.raises(Refused, match="longer than"):
        read_payload('{"note": "' + "x" * LARGEST_CHARACTERS + '"}', Batch)


def test_lengths_that_were_counted_in_an_older_charset_are_understood() -> None:
    assert unserialized('s:6:"Größen";') == "Größen"
    assert unserialized('s:8:"Größen";') == "Größen"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner),
    max_leaves=8,
)


@settings(max_examples=12, deadline=None)
@given(st.lists(VALUES, min_size=20, max_size=20))
def test_what_php_serialises_is_read_as_php_would(values: list[Any]) -> None:
    assert unserialized(by_php(values)) == json.loads(json.dumps(values).replace("{}", "[]"))


@given(st.text(max_size=60), st.sampled_from(["a:1:{", 's:3:"', "i:", "", "{", "O:1:"]))
def test_whatever_stands_in_a_payload_is_read_or_refused(text: str, start: str) -> None:
    try:
        read = read_payload(start + text, Batch)
    except Refused:
        return
    assert isinstance(read, Batch)
