"""The simulator's files as their layout wants them."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from architecture.tree import ROOT
from domain.errors import ConfigurationInvalid, DiskFull, Refused
from fakes.supplier_import import FakeRun
from infra.job_settings import check_jobs
from infra.simulator.settings import SimulatorSection
from infra.simulator.workshop import TableFiles
from infra.sql.engine import make_engine
from servers.databases import copy_empty

SHIPPED = (ROOT / "config" / "jobs.toml").read_text("utf-8")

ARTICLE = "INSERT INTO article (id, ean, maker, maker_no, name) VALUES ({}, NULL, 'MAK', 'F', '{}')"
FITMENT = (
    "INSERT INTO vehicle_fitment (fitment_id, vehicle_id, axle, tyre_size, rim_width, bolt_circle,"
    " is_original, content_hash) VALUES ('{0}', 'V', 'both', '', {1}, {2}, 1, 'h')"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(copy_empty(tmp_path / "shop.db"))
    yield made
    made.dispose()


def filled(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def section(**changed: Any) -> SimulatorSection:
    return SimulatorSection.model_validate({**tomllib.loads(SHIPPED)["simulator"], **changed})


def built(engine: Engine, folder: Path, **changed: Any) -> dict[str, tuple[bytes, int]]:
    with TableFiles(section(**changed), engine, folder).built(FakeRun()) as files:
        content = {}
        for file in files:
            with file.open() as opened:
                content[file.name] = opened.read(), file.replaced
        return content


def test_the_layout_is_the_settings(engine: Engine, tmp_path: Path) -> None:
    filled(engine, ARTICLE.format(2, "Zwei"), ARTICLE.format(1, "Rad, 6.5"))
    articles = {"name": "a.txt", "least_lines": 0, "columns": {"Nr": "id", "Text": "name"}}

    files = built(
        engine, tmp_path / "out", articles=articles, delimiter=",", line_end="lf", manifest="m"
    )

    assert files["a.txt"] == (b'Nr,Text\n1,"Rad, 6.5"\n2,Zwei\n', 0)
    assert files["fitments.csv"][0].startswith(b"vehicle_id,axle,")
    assert list(files) == ["vehicles.csv", "fitments.csv", "a.txt", "m"]
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("line_end", ["lf", "crlf"])
def test_whatever_signs_a_value_has_it_is_one_value_of_one_line(
    engine: Engine, tmp_path: Path, line_end: str
) -> None:
    names = ["a;b", "a\rb", "a\nb", "a\r\nb", '"', "\t", "\r", "\u2028", "", " lead", "=1+1"]
    for number, name in enumerate(names):
        with engine.begin() as connection:
            insert = text(
                "INSERT INTO article (id, maker, maker_no, name) VALUES (:n, 'M', :n, :t)"
            )
            connection.execute(insert, {"n": number, "t": name})
    articles = {"name": "a", "least_lines": 0, "columns": {"Nr": "id", "Text": "name"}}

    files = built(engine, tmp_path / "out", articles=articles, line_end=line_end)

    written = io.StringIO(files["a"][0].decode(), newline="")
    assert [row[1] for row in csv.reader(written, delimiter=";")][1:] == names


def test_sizes_are_written_without_idle_zeros_and_with_the_partners_decimal(
    engine: Engine, tmp_path: Path
) -> None:
    filled(engine, FITMENT.format("1", 7.5, 120), FITMENT.format("2", 10, 114.3))
    columns = {"w": "rim_width", "c": "bolt_circle", "b": "centre_bore"}
    fitments = {"name": "f", "least_lines": 0, "columns": columns}

    files = built(engine, tmp_path / "out", fitments=fitments, decimal=",", line_end="lf")

    assert files["f"][0] == b"w;c;b\n7,5;120;\n10;114,3;\n"


def test_a_character_outside_the_encoding_is_named_or_replaced(
    engine: Engine, tmp_path: Path
) -> None:
    filled(engine, ARTICLE.format(1, "Zoë"), ARTICLE.format(2, "Škoda Ржев"))

    with pytest.raises(Refused, match=r"articles.csv: latin-1 has no 'Š', met in '2;.*Škoda"):
        built(engine, tmp_path / "out", encoding="latin-1")
    files = built(engine, tmp_path / "out", encoding="latin-1", replace_missing=True)

    content, replaced = files["articles.csv"]
    assert content.decode("latin-1").splitlines()[1:] == ["1;;MAK;F;Zoë", "2;;MAK;F;?koda ????"]
    assert replaced == 5


def test_a_byte_order_mark_stands_once(engine: Engine, tmp_path: Path) -> None:
    filled(engine, *(ARTICLE.format(number, "x") for number in range(3)))

    content, _ = built(engine, tmp_path / "out", encoding="utf-8-sig")["articles.csv"]

    assert content.count(b"\xef\xbb\xbf") == 1


def test_what_a_killed_run_left_is_cleared(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.csv").write_text("of a killed run")

    with TableFiles(section(), engine, tmp_path / "out").built(FakeRun()):
        assert not (tmp_path / "out" / "old.csv").exists()


def test_a_full_disk_is_told_as_one(engine: Engine, tmp_path: Path) -> None:
    class Full(TableFiles):
        """Its first file is a device that takes nothing."""

        def _clear(self) -> None:
            super()._clear()
            (tmp_path / "out" / "vehicles.csv").symlink_to("/dev/full")

    with pytest.raises(DiskFull), Full(section(), engine, tmp_path / "out").built(FakeRun()):
        pass


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('make = "make"', 'make = "brand"', "simulator.vehicles: .*unknown are brand"),
        ('name = "articles.csv"', 'name = "../a.csv"', "simulator.articles.name: .*own name"),
        ('name = "articles.csv"', 'name = "vehicles.csv"', "simulator: .*different names"),
        ('decimal = "."\nline', 'decimal = "_"\nline', "simulator.decimal: "),
        ('delimiter = ";"\ndecimal', "delimiter = '\"'\ndecimal", "parts values"),
        ('encoding = "utf-8"\nreplace', 'encoding = "idna"\nreplace', "simulator.encoding"),
        ('encoding = "utf-8"\nreplace', 'encoding = "klingon"\nreplace', "no encoding of texts"),
    ],
)
def test_a_layout_that_cannot_be_is_told(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    (tmp_path / "config").mkdir()
    assert before in SHIPPED
    (tmp_path / "config" / "jobs.toml").write_text(SHIPPED.replace(before, after), "utf-8")

    with pytest.raises(ConfigurationInvalid, match=complaint):
        check_jobs(tmp_path)
