"""A setting whose values have the right types can still be senseless: each fault is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.jobs.supplier_import.setting import (
    Columns,
    Format,
    Guards,
    ImportSetting,
    Layout,
    Reading,
)
from domain.jobs.supplier_import.soundness import faults

SOUND = ImportSetting(
    supplier_id=23,
    name="Nord",
    source="nord",
    columns=Columns(article_no="Artikel", quantity=("Bestand",)),
)


def test_a_sound_setting_has_no_fault() -> None:
    assert list(faults(SOUND)) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"supplier_id": 0}, "supplier_id"),
        ({"name": " "}, "name"),
        ({"source": ""}, "source"),
        ({"source": "../nord"}, "source"),
        ({"source": "/etc"}, "source"),
        ({"pattern": "a/b"}, "pattern"),
        ({"source": "nord\0"}, "source"),
        ({"pattern": "stock[0-9"}, "pattern"),
        ({"pattern": "["}, "pattern"),
        ({"supplier_id": 2**31}, "supplier_id"),
        ({"process": ""}, "process"),
        ({"process": "standart"}, "process"),
        ({"layout": Layout(header_row=10_001)}, "layout.header_row"),
        ({"layout": Layout(encoding="idna")}, "layout.encoding"),
        ({"layout": Layout(encoding="unicode_escape")}, "layout.encoding"),
        ({"layout": Layout(encoding="rot13")}, "layout.encoding"),
        ({"reading": Reading(currency="eur")}, "reading.currency"),
        ({"reading": Reading(currency="XXX")}, "reading.currency"),
        ({"columns": Columns(quantity=("Bestand",))}, "columns.article_no"),
        ({"columns": Columns(article_no=1, quantity=())}, "columns.quantity"),
        ({"columns": Columns(article_no=1, quantity=(2, 2))}, "columns.quantity"),
        ({"columns": Columns(article_no=1, quantity=(0,))}, "columns.quantity"),
        ({"columns": Columns(article_no=" ", quantity=(2,))}, "columns.article_no"),
        ({"layout": Layout(header_row=0)}, "columns.article_no"),
        ({"layout": Layout(header_row=-1)}, "layout.header_row"),
        ({"layout": Layout(encoding="utf-99")}, "layout.encoding"),
        ({"layout": Layout(encoding="base64")}, "layout.encoding"),
        ({"layout": Layout(delimiter="||")}, "layout.delimiter"),
        ({"layout": Layout(delimiter="")}, "layout.delimiter"),
        ({"layout": Layout(delimiter='"')}, "layout.delimiter"),
        ({"layout": Layout(comment="//")}, "layout.comment"),
        ({"layout": Layout(quote="\n")}, "layout.quote"),
        ({"layout": Layout(format=Format.FIXED)}, "layout.widths"),
        ({"layout": Layout(format=Format.FIXED, widths=(3, 0))}, "layout.widths"),
        ({"layout": Layout(format=Format.XML)}, "layout.row_tag"),
        ({"reading": Reading(decimal="")}, "reading.decimal"),
        ({"reading": Reading(thousands=",")}, "reading.thousands"),
        ({"reading": Reading(thousands="x")}, "reading.thousands"),
        ({"reading": Reading(currency="Euro")}, "reading.currency"),
        ({"reading": Reading(quantity_words={"J": -1})}, "reading.quantity_words"),
        ({"guards": Guards(max_drop_percent=101)}, "guards.max_drop_percent"),
        ({"guards": Guards(max_errors_percent=-1)}, "guards.max_errors_percent"),
        ({"guards": Guards(min_rows=-1)}, "guards.min_rows"),
        ({"guards": Guards(max_age=timedelta(0))}, "guards.max_age_hours"),
        ({"guards": Guards(zero_after=timedelta(hours=1))}, "guards.zero_after_hours"),
    ],
)
def test_each_fault_is_named_with_its_key(change: dict[str, Any], key: str) -> None:
    assert key in [name for name, _ in faults(replace(SOUND, **change))]


def test_an_xml_file_needs_no_header_row_for_its_names() -> None:
    layout = Layout(format=Format.XML, row_tag="item", header_row=0)

    assert list(faults(replace(SOUND, layout=layout))) == []


@pytest.mark.parametrize("pattern", ["*.csv", "stock_[0-9]*.csv", "[!a]*", "[]]x", "a]"])
def test_a_glob_with_closed_classes_is_sound(pattern: str) -> None:
    assert list(faults(replace(SOUND, pattern=pattern))) == []


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "cp1252", "latin-1", "utf-16-be", "cp850"])
def test_an_encoding_of_files_is_sound(encoding: str) -> None:
    assert list(faults(replace(SOUND, layout=Layout(encoding=encoding)))) == []
