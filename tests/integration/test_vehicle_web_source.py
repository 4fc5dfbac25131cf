"""Vehicles from a web address: pages, keys, caches, and a server that fails in every way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.errors import JobError
from domain.jobs.vehicle_sync.ports import SourceRefused
from domain.transfers.failures import LoginRefused, PartnerRefused, TransferBroken
from domain.vehicles.reading import Record, fitments_of, vehicle_of
from fakes.operating import FakeClock
from fakes.supplier_import import FakeRun
from infra.vehicles.settings import WebSection
from infra.vehicles.web_source import WebSource, WebSources
from partner_site import Reply, listening
from partners.driveright import (
    KEY,
    DriveRight,
    Fault,
    busy,
    car,
    cut,
    gain_one,
    lose_one,
    web_page,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVERIGHT_KEY", KEY)


@contextmanager
def opened(site: DriveRight, clock: FakeClock | None = None, **more: Any) -> Iterator[WebSource]:
    values: Mapping[str, Any] = {
        "api_key_header": "x-api-key",
        "api_key": "env:DRIVERIGHT_KEY",
        "ca_file": "",
        "page_size": 2,
        "requests_per_minute": 60,
        "timeout_seconds": 5,
        "most_cached_hours": 24,
    }
    with listening(site) as running:
        section = WebSection(**{**values, "url": f"{running.address}/v2/", **more})
        sources = WebSources(section, Path("/nowhere"), clock or FakeClock(NOON))
        with sources.opened(FakeRun()) as source:
            yield source


def site_of(*vehicles: dict[str, Any], **faults: Fault) -> DriveRight:
    """Vehicles of one make; ``at_2=cut`` cuts the second answer."""
    at = {int(name.removeprefix("at_")): fault for name, fault in faults.items()}
    return DriveRight({"BMW": list(vehicles)}, at)


def ids(records: Iterator[Record] | list[Record]) -> list[object]:
    return [record.get("vehicle_id") for record in records]


FIVE = [car(number) for number in range(5)]


def test_every_page_of_a_make_is_read_in_the_shop_s_own_words() -> None:
    with opened(site_of(*FIVE)) as source:
        assert source.makes() == ["BMW"]
        records = list(source.records("BMW"))

    assert ids(records) == [f"BMW-{number}" for number in range(5)]
    vehicle = vehicle_of(records[3])
    (fitment,) = fitments_of(records[3]["fitments"][0], vehicle.vehicle_id)  # type: ignore[index]  # a list of records
    assert (vehicle.model, vehicle.year_from, vehicle.year_to) == ("Model 3", 1998, None)
    assert fitment[:6] == ("BMW-3-0", "BMW-3", "both", "205/55R16", "7", "16")
    assert fitment[6:-1] == (5, "120", "72.6", 34, 1)


@pytest.mark.parametrize(
    ("site", "error", "said"),
    [
        (site_of(*FIVE, at_3=cut), TransferBroken, "Incomplete|Protocol"),
        (site_of(*FIVE, at_3=busy), TransferBroken, "answered 429"),
        (site_of(*FIVE, at_2=web_page), TransferBroken, "no JSON"),
        (site_of(*FIVE, at_2=lose_one, at_4=lose_one), TransferBroken, "3 of 3 or 4 vehicles"),
        (DriveRight({}), PartnerRefused, "unknown make"),
        (DriveRight({"BMW": FIVE}, key="another"), LoginRefused, "correct vehicles.web.api_key"),
        (
            DriveRight({"BMW": []}, {2: lambda *_: Reply.of({"rows": []})}),
            TransferBroken,
            "no pages",
        ),
        (
            DriveRight({"BMW": []}, {2: lambda *_: Reply.of({"pages": 10**6, "total": 1})}),
            SourceRefused,
            "1,000,000 pages",
        ),
    ],
)
def test_a_server_that_fails_says_what_happens_next(
    site: DriveRight, error: type[JobError], said: str
) -> None:
    site.answered = 0
    with opened(site) as source, pytest.raises(error, match=said):
        _all(source)


def _all(source: WebSource) -> None:
    source.makes()
    list(source.records("BMW"))


def test_the_wait_that_a_busy_server_asks_for_is_handed_on() -> None:
    with opened(site_of(*FIVE, at_1=busy)) as source, pytest.raises(TransferBroken) as caught:
        source.makes()

    assert caught.value.retry_after is not None


def test_pages_that_shifted_are_read_once_more() -> None:
    site = site_of(*FIVE, at_1=gain_one)
    with opened(site) as source:
        found = ids(list(source.records("BMW")))

    assert sorted(map(str, found)) == [f"BMW-{number}" for number in range(5)] + ["BMW-999"]


def test_a_vehicle_that_slipped_through_between_two_pages_is_not_missed() -> None:
    with opened(site_of(*FIVE, at_1=lose_one)) as source:
        assert ids(list(source.records("BMW"))) == [f"BMW-{number}" for number in range(1, 5)]


def test_doubles_that_the_source_really_has_come_through() -> None:
    with opened(site_of(car(1), car(2), car(1))) as source:
        assert ids(list(source.records("BMW"))) == ["BMW-1", "BMW-2", "BMW-1"]


def test_it_is_asked_no_faster_than_it_may_be() -> None:
    clock = FakeClock(NOON)
    with opened(site_of(*FIVE), clock) as source:
        list(source.records("BMW"))

    assert clock.slept == [1.0, 1.0]


@pytest.mark.parametrize(
    ("headers", "is_too_old"),
    [
        ({"Age": "86400"}, False),
        ({"Age": "86401"}, True),
        ({"Age": "soon"}, False),
        ({"Age": "9" * 5_000}, True),
    ],
)
def test_an_answer_of_a_cache_may_be_a_day_old(headers: dict[str, str], is_too_old: bool) -> None:
    site = site_of(*FIVE)
    site.headers = headers
    with opened(site) as source:
        if not is_too_old:
            assert source.makes() == ["BMW"]
            return
        with pytest.raises(TransferBroken, match=r"answered from a cache what is \d+ h old"):
            source.makes()


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-2"])
def test_names_arrive_in_the_encoding_that_is_declared(charset: str) -> None:
    site = DriveRight({"Škoda": [car(1, "Škoda", model="Žár")]}, charset=charset)
    with opened(site) as source:
        (record,) = source.records(source.makes()[0])

    assert (record["make"], record["model"]) == ("Škoda", "Žár")


def test_front_and_rear_are_told_apart() -> None:
    rear = {"tyre_size": "225/45R17", "offset": 40}
    fitment = {"oe_primary_fitment_id": 7, "front": {"size": "205/50R17"}, "rear": rear}
    with opened(site_of(car(1, fitments=[fitment]))) as source:
        (record,) = source.records("BMW")

    said = record["fitments"][0]  # type: ignore[index]  # a list of records
    assert [(it.fitment_id, it.tyre_size, it.offset_mm) for it in fitments_of(said, "1")] == [
        ("7:front", "205/50R17", None),
        ("7:rear", "225/45R17", 40),
    ]


def test_records_that_are_none_are_left_to_be_put_aside() -> None:
    with opened(site_of(car(1), "nonsense", car(2, fitments="none"))) as source:  # type: ignore[arg-type]  # what a source may answer
        found = list(source.records("BMW"))

    assert ids(found) == ["BMW-1", None, "BMW-2"]


@pytest.mark.parametrize("makes", [[{"name": "BMW"}, {"name": "BMW"}], [{"name": None}], [7]])
def test_makes_that_are_none_are_refused(makes: list[object]) -> None:
    site = DriveRight({}, {1: lambda *_: Reply.of({"makes": makes})})
    with opened(site) as source, pytest.raises(SourceRefused, match="makes names one twice"):
        source.makes()
