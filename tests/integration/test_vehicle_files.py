"""Vehicles from files: real ones, and what a file can be instead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Refused
from domain.jobs.vehicle_sync.ports import SourceRefused
from domain.transfers.failures import TransferBroken
from domain.vehicles.reading import Record, fitments_of, vehicle_of
from domain.vehicles.vehicle import Vehicle
from fakes.supplier_import import FakeRun
from infra.vehicles.file_source import FileSource, FileSources
from infra.vehicles.settings import FileSection

DATA = Path(__file__).resolve().parents[1] / "data" / "vehicles"
COLUMNS = {"vehicle_id": ["id"], "make": ["make"], "model": ["model"]}
YEARS = {"year_from": ["year"], "year_to": ["year"]}


def source_of(path: Path, columns: dict[str, list[str]] | None = None, **more: Any) -> FileSource:
    values = {"path": path, "encoding": "utf-8", "delimiter": ",", "columns": columns or COLUMNS}
    with FileSources(FileSection(**{**values, **more}), Path("/")).opened(FakeRun()) as source:
        return source


def all_of(source: FileSource) -> list[Record]:
    return [record for make in source.makes() for record in source.records(make)]


def written(folder: Path, text: str, name: str = "vehicles.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode())
    return file


def test_every_car_of_the_epa_s_file_is_read() -> None:
    columns = {**COLUMNS, **YEARS, "engine": ["displ", "cyl", "fuel", "trans"]}
    source = source_of(DATA / "epa.csv", columns)

    cars = [vehicle_of(record) for record in all_of(source)]

    lines = (DATA / "epa.csv").read_text("utf-8").splitlines()
    assert {car.vehicle_id for car in cars} == {line.partition(",")[0] for line in lines[1:]}
    first = "13309", "Acura", "2.2CL/3.0CL", "", 1997, 1997, "2.2 4 Regular Automatic 4-spd"
    assert Vehicle.of(*first) in cars


def test_every_row_of_a_dump_is_read_with_an_id_of_its_columns() -> None:
    columns = {"vehicle_id": ["make", "model", "year"], "make": ["make"], "model": ["model"]}
    source = source_of(DATA / "model_years.sql", {**columns, **YEARS})

    cars = {car.vehicle_id: car for car in map(vehicle_of, all_of(source))}

    lines = (DATA / "model_years.sql").read_text("utf-8").splitlines()
    assert len(cars) == len(lines) == 120
    assert cars["Citroën|2CV|1948"][1:-1] == ("Citroën", "2CV", "", 1948, 1948, "")
    assert "Mercedes-Benz" in {car.make for car in cars.values()}


DUMP = """\
-- made by hand
CREATE TABLE `car` (`id` int, make varchar(40));
INSERT INTO `car` (`id`, `make`, `model`) VALUES (1,'O''Hara','It\\'s, (a) car; really'),
  (2, N'Škoda', NULL);
INSERT INTO other (id) VALUES (99);
insert into `car` (`id`, `make`, `model`) values (3, 'BMW', 'line\\nend')"""


def test_a_dump_is_read_with_its_quotes_and_never_run(tmp_path: Path) -> None:
    source = source_of(written(tmp_path, DUMP, "cars.SQL"))

    assert [tuple(record.values())[:3] for record in all_of(source)] == [
        ("3", "BMW", "line\nend"),
        ("1", "O'Hara", "It's, (a) car; really"),
        ("2", "Škoda", ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1;", "has no INSERT"),
        ("INSERT INTO c (id, make, model) VALUES (1, 'a', 'b'", "breaks off in the middle"),
        ("INSERT INTO c (id, make, model) VALUES (1, 'a", "line 1: the dump breaks off"),
        ("INSERT INTO c (id, make, model) VALUES (1, 'a', 'b'),\n", "breaks off in the middle"),
        ("INSERT INTO c (id, name) VALUES (1, 'a');", "has no column 'make' but id, name"),
    ],
)
def test_a_dump_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    source = source_of(written(tmp_path, text, "cars.sql"))

    with pytest.raises(SourceRefused, match=said):
        all_of(source)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("id,make\n1,BMW\n", r"has no column 'model' but id, make: correct \[vehicles.file"),
        ("id,make,model\n1,\udcff,b\n", "byte 0xff is not utf-8"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_change(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "vehicles.csv"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(Refused, match=said):
        all_of(source_of(file))


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(DATA / "epa.csv")
    os.mkfifo(pipe)

    for path, said in (
        (link, "no regular file"),
        (pipe, "no regular file"),
        (tmp_path / "gone.csv", "cannot be read: No such file"),
    ):
        with pytest.raises(SourceRefused, match=said):
            source_of(path)


def test_another_content_or_another_column_is_another_source(tmp_path: Path) -> None:
    file = written(tmp_path, "id,make,model,name\n1,BMW,M3,x\n")
    first, other_columns = source_of(file), source_of(file, {**COLUMNS, "model": ["name"]})

    assert first.identity == source_of(file).identity != other_columns.identity
    written(tmp_path, "id,make,model,name\n1,BMW,M3,y\n")
    assert source_of(file).identity != first.identity


def test_fitments_come_from_the_same_rows(tmp_path: Path) -> None:
    text = (
        "id,make,model,size,back\n1,BMW,M3,225/45R17,245/40R17\n1,BMW,M3,205/55R16,\n2,BMW,M5,,\n"
    )
    columns = {**COLUMNS, "tyre_size": ["size"], "rear_tyre_size": ["back"]}

    records = all_of(source_of(written(tmp_path, text), columns))

    assert [
        [(it.axle, it.tyre_size) for said in record["fitments"] for it in fitments_of(said, "1")]  # type: ignore[attr-defined]  # a list of records
        for record in records
    ] == [[("front", "225/45R17"), ("rear", "245/40R17")], [("both", "205/55R16")], []]


def test_fitments_come_from_a_file_of_their_own_and_strays_are_put_aside(tmp_path: Path) -> None:
    file = written(tmp_path, "id,make,model\n1,BMW,M3\n")
    beside = written(tmp_path, "car;size\n1;225/45R17\n9;205/55R16\n", "fitments.csv")
    columns = {"vehicle_id": ["car"], "tyre_size": ["size"]}
    fitments = {"path": beside, "encoding": "utf-8", "delimiter": ";", "columns": columns}

    source = source_of(file, fitments=fitments)

    assert source.makes() == ["", "BMW"]
    stray, car = all_of(source)
    assert (stray["vehicle_id"], car["vehicle_id"]) == ("9", "1")
    assert [it["tyre_size"] for it in car["fitments"]] == ["225/45R17"]  # type: ignore[attr-defined]  # a list of records


def test_a_file_replaced_while_it_is_read_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    file = written(tmp_path, "id,make,model\n1,BMW,M3\n")
    source = source_of(file)
    assert source.identity

    written(tmp_path, "id,make,model\n1,Audi,A4\n2,Audi,A6\n", "new.csv").replace(file)

    with pytest.raises(TransferBroken, match=r"vehicles\.csv was replaced while it was read"):
        source.makes()


def test_a_column_that_is_there_twice_is_asked_about(tmp_path: Path) -> None:
    source = source_of(written(tmp_path, "id,make,model,make\n1,BMW,M3,\n"))

    with pytest.raises(SourceRefused, match="several columns 'make'"):
        source.makes()
