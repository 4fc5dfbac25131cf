"""A source's record: what it says, and why some say nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.vehicles.reading import Unfit, fitment_id, fitments_of, vehicle_of
from domain.vehicles.vehicle import Fitment

CAR = {"vehicle_id": "17", "make": "Citroën", "model": "C5", "year_from": 2001}
WHEEL = {"fitment_id": "f1", "tyre_size": "205/55 R16", "rim_width": "7", "rim_diameter": 16}


def fitments(**more: object) -> list[Fitment]:
    return list(fitments_of({**WHEEL, **more}, "17"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"model": " C5   Tourer "}, {"model": "C5 Tourer"}),
        ({"make": "Citroe\u0308n"}, {"make": "Citroën"}),
        ({"make": "Škoda", "model": "Žár"}, {"make": "Škoda", "model": "Žár"}),
        ({"model": 911}, {"model": "911"}),
        ({"vehicle_id": 9007199254740993}, {"vehicle_id": "9007199254740993"}),
        ({"year_from": None}, {"year_from": None}),
        ({"year_to": "present"}, {"year_to": None}),
        ({"year_to": "2010"}, {"year_from": 2001, "year_to": 2010}),
        ({"year_to": 0}, {"year_to": None}),
        ({"year_to": 2001}, {"year_to": 2001}),
    ],
)
def test_names_and_years_are_read_in_every_spelling(given: Any, kept: dict[str, object]) -> None:
    read = vehicle_of({**CAR, **given})._asdict()

    assert {name: read[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vehicle_id": ""}, "vehicle_id is missing"),
        ({"vehicle_id": "x" * 65}, "vehicle_id is longer than 64"),
        ({"make": None}, "make is missing"),
        ({"make": "  "}, "make is missing"),
        ({"make": ["BMW"]}, "make is no text"),
        ({"model": True}, "model is no text"),
        ({"model": "C5\x07"}, "model has control characters"),
        ({"make": "CitroÃ«n"}, "garbled"),
        ({"make": "Å\u00a0koda"}, "garbled"),
        ({"make": "Citro\ufffdn"}, "garbled"),
        ({"year_to": 1999}, "years 2001 to 1999 are the wrong way round"),
        ({"year_from": 1812}, "year_from '1812' is no whole number from 1885"),
        ({"year_from": "ca. 2001"}, "year_from 'ca. 2001' is no number"),
        ({"year_from": Decimal("2001.5")}, "no whole number"),
        ({"year_from": "1E+999999999999"}, "no whole number from 1885"),
    ],
)
def test_what_says_nothing_is_refused_with_a_word_on_it(given: Any, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        vehicle_of({**CAR, **given})


@pytest.mark.parametrize("name", ["Ångström", "São Tomé", "Ærø", "Šum", "Ölü", "Ženeva"])
def test_a_sound_name_with_rare_letters_is_not_called_garbled(name: str) -> None:
    assert vehicle_of({**CAR, "model": name}).model == name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("205/55 R16", "205/55R16"),
        ("205/55ZR16", "205/55ZR16"),
        ("205 / 65 R 16 C", "205/65R16C"),
        ("31x10.50R15", "31X10.50R15"),
        ("6.00-16", "6.00-16"),
    ],
)
def test_tyre_sizes_have_one_spelling(given: str, kept: str) -> None:
    assert [it.tyre_size for it in fitments(tyre_size=given)] == [kept]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"rim": "7.5x17"}, {"rim_width": "7.5", "rim_diameter": "17"}),
        ({"rim": "6,5Jx16H2"}, {"rim_width": "6.5", "rim_diameter": "16"}),
        ({"bolt_pattern": "5x114.3"}, {"bolt_count": 5, "bolt_circle": "114.3"}),
        ({"bolt_pattern": "4/98"}, {"bolt_count": 4, "bolt_circle": "98"}),
        ({"centre_bore": None}, {"centre_bore": None}),
        ({"centre_bore": Decimal("57.10")}, {"centre_bore": "57.1"}),
        ({"offset_mm": "-12"}, {"offset_mm": -12}),
        ({"is_original": True}, {"is_original": 1}),
        ({"is_original": "no"}, {"is_original": 0}),
        ({"bolt_circle": 100}, {"bolt_circle": "100"}),
    ],
)
def test_sizes_are_read_as_the_trade_writes_them(given: Any, kept: dict[str, object]) -> None:
    (read,) = fitments(**given)

    assert {name: read._asdict()[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tyre_size": None}, "tyre_size is missing"),
        ({"tyre_size": "winter"}, "tyre_size 'WINTER' is none"),
        ({"rim": "big"}, "rim 'big' is none"),
        ({"rim_width": "70"}, "rim_width '70' is not between 2 and 20"),
        ({"rim_width": "NaN"}, "rim_width 'NaN' is no number"),
        ({"rim_width": "7.125"}, "more than two decimals"),
        ({"bolt_count": 1}, "bolt_count '1' is no whole number from 3"),
        ({"offset_mm": True}, "offset_mm is no number"),
        ({"axle": "middle"}, "axle 'middle' is neither"),
        ({"is_original": "perhaps"}, "neither yes nor no"),
        ({"rear": "wide"}, "rear is no set of values"),
    ],
)
def test_a_fitment_that_cannot_be_is_refused(given: Any, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        fitments(**given)


def test_staggered_sizes_are_a_row_for_each_axle() -> None:
    read = fitments(rear={"tyre_size": "225/50R16", "rim_width": 8})

    assert [(it.fitment_id, it.axle, it.tyre_size, it.rim_width) for it in read] == [
        ("f1:front", "front", "205/55R16", "7"),
        ("f1:rear", "rear", "225/50R16", "8"),
    ]


def test_two_axles_with_the_same_size_are_one_row() -> None:
    assert [it.axle for it in fitments(front={}, rear={"rim_width": "7.0"})] == ["both"]


def test_a_row_for_one_axle_keeps_apart_from_that_of_the_other() -> None:
    ids = [fitments(axle=axle)[0].fitment_id for axle in ("front", "REAR", "both")]

    assert ids == ["f1:front", "f1:rear", "f1"]
    assert fitment_id({**WHEEL, "axle": "front"}) == "f1:front"


def test_a_fitment_without_an_id_is_known_by_what_it_is() -> None:
    (first,), (again,) = fitments(fitment_id=None), fitments(fitment_id="")
    (other,) = fitments(fitment_id=None, centre_bore=60)

    assert first.fitment_id == again.fitment_id != other.fitment_id
    assert fitment_id({**WHEEL, "rear": {}}) is None
