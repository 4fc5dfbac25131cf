"""Settings are read strictly: every fault at once, with table, key and a hint."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationInvalid
from domain.jobs.supplier_import.setting import (
    Columns,
    Duplicates,
    Format,
    Guards,
    ImportSetting,
    Layout,
    Mode,
    Reading,
)
from infra.files.settings_file import IMPORTS, load_settings

NORD = """
[supplier.23]
name = "Reifen Nord"
source = "nord"
pattern = "*.csv"
mode = "delta"
duplicates = "max"

[supplier.23.columns]
article_no = "Art-Nr."
quantity = ["Lager 1", 4]

[supplier.23.layout]
encoding = "cp1252"
delimiter = "\\t"

[supplier.23.reading]
quantity_words = { "auf Lager" = 4, "" = 0 }
empty_words = ["-"]

[supplier.23.guards]
max_age_hours = 2.5
zero_after_hours = 48
settle_seconds = 10
max_errors_percent = 5
"""

SETTING = ImportSetting(
    supplier_id=23,
    name="Reifen Nord",
    source="nord",
    pattern="*.csv",
    mode=Mode.DELTA,
    duplicates=Duplicates.MAX,
    columns=Columns(article_no="Art-Nr.", quantity=("Lager 1", 4)),
    layout=Layout(encoding="cp1252", delimiter="\t"),
    reading=Reading(quantity_words={"auf Lager": 4, "": 0}, empty_words=("-",)),
    guards=Guards(
        max_age=timedelta(hours=2.5),
        zero_after=timedelta(hours=48),
        settle=timedelta(seconds=10),
        max_errors_percent=5.0,
    ),
)


def faults_of(text: str) -> str:
    with pytest.raises(ConfigurationInvalid) as invalid:
        load_settings(text)
    return str(invalid.value)


def supplier(more: str) -> str:
    return (
        f'[supplier.1]\nname = "a"\nsource = "a"\ncolumns = {{ ean = 1, quantity = [2] }}\n{more}'
    )


def test_a_setting_is_read_with_its_units_and_defaults() -> None:
    assert load_settings(NORD) == [SETTING]


def test_a_file_is_read_like_its_text(tmp_path: Path) -> None:
    path = tmp_path / "suppliers.toml"
    path.write_text(NORD, encoding="utf-8")

    assert load_settings(path) == [SETTING]
    with pytest.raises(ConfigurationInvalid, match=r"gone\.toml cannot be read"):
        load_settings(tmp_path / "gone.toml")


def test_every_fault_is_told_at_once_with_table_key_and_hint() -> None:
    message = faults_of(
        """
        supplies = 1
        [supplier.23]
        nam = "Reifen Nord"
        source = "../nord"
        mode = "detla"
        active = 1
        [supplier.23.columns]
        quantity = "Bestand"
        artcle_no = "Art"
        [supplier.23.layout]
        header_row = true
        widths = [1, "2"]
        [supplier.nord]
        [supplier.24]
        name = "a"
        source = "../x"
        columns = { quantity = [1.5], price = [] }
        guards = { max_age_hours = "x", settle_seconds = 1e400 }
        reading = "plain"
        """
    )

    assert message.splitlines()[0] == "import settings: 15 faults"
    for fault in (
        "[top level] supplies is unknown; did you mean supplier?",
        "[supplier.23] nam is unknown; did you mean name?",
        "[supplier.23] name is missing",
        "[supplier.23] mode = 'detla': must be one of full, delta; did you mean 'delta'?",
        "[supplier.23] active = 1: must be true or false",
        "[supplier.23.columns] quantity = 'Bestand': must be a list in brackets",
        "[supplier.23.columns] artcle_no is unknown; did you mean article_no?",
        "[supplier.23.layout] header_row = True: must be a whole number",
        "[supplier.23.layout] widths = [1, '2']: must be a whole number",
        "[supplier.nord] must be the supplier's number: [supplier.23]",
        "[supplier.24.columns] quantity = [1.5]: must be text in quotes or a whole number",
        "[supplier.24.columns] price = []: must be text in quotes or a whole number",
        "[supplier.24.guards] max_age_hours = 'x': must be a number",
        "[supplier.24.guards] settle_seconds = inf: is out of range",
        "[supplier.24.reading] must be a table",
    ):
        assert fault in message.splitlines()


def test_senseless_values_are_faults_of_their_table() -> None:
    message = faults_of(supplier('layout = { encoding = "utf-99", delimiter = "||" }'))

    assert "[supplier.1.layout] encoding: 'utf-99' is not an encoding of text files" in message
    assert "[supplier.1.layout] delimiter: must be one character" in message


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    assert "line 1" in faults_of("[supplier.23\n")


def test_the_suppliers_number_is_given_once() -> None:
    assert "supplier_id is given by the table's name" in faults_of(supplier("supplier_id = 2"))


@pytest.mark.parametrize("text", ["", "[supplier]\n"])
def test_a_file_without_any_supplier_is_refused(text: str) -> None:
    assert "no [supplier.N] table" in faults_of(text)


TWO = """
[supplier.1]
name = "a"
source = "nord"
columns = { ean = 1, quantity = [2] }
[supplier.2]
name = "b"
source = "%s"
active = %s
columns = { ean = 1, quantity = [2] }
"""


def test_two_active_suppliers_cannot_import_the_same_files() -> None:
    assert "[supplier.2] source and pattern are those of supplier 1" in faults_of(
        TWO % ("nord/", "true")
    )


@pytest.mark.parametrize(("source", "active"), [("nord", "false"), ("ost", "true")])
def test_suppliers_that_share_no_active_files_are_loaded(source: str, active: str) -> None:
    assert [setting.supplier_id for setting in load_settings(TWO % (source, active))] == [1, 2]


@pytest.mark.parametrize("number", ["2147483648", "9" * 5_000, "x", "0"])
def test_a_suppliers_number_fits_the_shop(number: str) -> None:
    text = supplier("").replace("supplier.1", f"supplier.{number}")

    assert "must be" in faults_of(text)


def test_settings_written_out_are_read_back() -> None:
    assert load_settings(IMPORTS.dump([SETTING])) == [SETTING]


def test_a_setting_goes_into_one_json_document_and_back() -> None:
    document = json.loads(json.dumps(IMPORTS.to_document(SETTING)))

    assert IMPORTS.from_document(document) == SETTING
    assert "max_drop_percent" not in document["guards"]


def test_a_document_is_read_as_strictly_as_a_file() -> None:
    with pytest.raises(ConfigurationInvalid, match=r"\[supplier\.23\] colums is unknown"):
        IMPORTS.from_document({**IMPORTS.to_document(SETTING), "colums": {}})


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = words.filter(lambda text: bool(text.strip()))
hours = st.integers(1, 10_000).map(lambda number: timedelta(hours=number / 4))


@given(
    setting=st.builds(
        ImportSetting,
        supplier_id=st.integers(1, 10**6),
        name=names,
        active=st.booleans(),
        source=names.filter(lambda text: not {"/", "\0"} & set(text) and text not in {".", ".."}),
        pattern=names.filter(lambda text: not {"/", "[", "\0"} & set(text)),
        mode=st.sampled_from(Mode),
        duplicates=st.sampled_from(Duplicates),
        columns=st.builds(
            Columns,
            article_no=names,
            ean=st.none() | st.integers(1, 99),
            quantity=st.lists(names | st.integers(1, 99), min_size=1, unique=True).map(tuple),
        ),
        layout=st.builds(
            Layout,
            format=st.sampled_from([Format.CSV, Format.XLSX]),
            delimiter=st.sampled_from(";,|\t"),
            header_row=st.integers(1, 99),
            widths=st.lists(st.integers(1, 9)).map(tuple),
            member=words,
        ),
        reading=st.builds(
            Reading,
            decimal=st.sampled_from(",."),
            quantity_words=st.dictionaries(words, st.integers(0, 99), max_size=3),
            empty_words=st.lists(words, max_size=3).map(tuple),
        ),
        guards=st.builds(Guards, max_age=hours, min_rows=st.integers(0, 9)),
    )
)
def test_any_sound_setting_survives_toml_and_json(setting: ImportSetting) -> None:
    assert load_settings(IMPORTS.dump([setting])) == [setting]
    assert IMPORTS.from_document(json.loads(json.dumps(IMPORTS.to_document(setting)))) == setting
