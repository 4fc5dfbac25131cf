"""CR-010: files made to harm, or to fill the memory, are refused before they can."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from domain.errors import Refused
from domain.jobs.supplier_import.setting import Format, Layout
from infra.files.rows import open_rows

SRC = Path(__file__).parents[2] / "src"


def read(path: Path, **layout: Any) -> list[tuple[int, list[str]]]:
    with open_rows(path, Layout(**layout)) as rows:
        return list(rows)


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


# --- ZIP -------------------------------------------------------------------------------------


def test_a_zip_that_says_it_is_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = write_zip(tmp_path / "bomb.zip", {"stock.csv": bytes(300 << 20)})

    with pytest.raises(Refused, match=r"'stock\.csv' would unpack from .* refused as a ZIP bomb"):
        read(bomb)


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path: Path) -> None:
    honest = write_zip(tmp_path / "stock.zip", {"stock.csv": b"a;b\n" + b"1;2\n" * 100_000})
    size = (400_004).to_bytes(4, "little")
    lie = honest.read_bytes().replace(size, (4_004).to_bytes(4, "little"))
    honest.write_bytes(lie)

    with pytest.raises(Refused, match="is damaged"):
        read(honest)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "stock.zip", {"stock.csv": b"a;b\n1;2\n"})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)

    with pytest.raises(Refused, match="is encrypted: ask for it without a password"):
        read(path)


def test_a_zip_inside_a_zip_is_refused(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"stock.csv": b"a;b\n"}).read_bytes()

    with pytest.raises(Refused, match="a ZIP inside a ZIP"):
        read(write_zip(tmp_path / "outer.zip", {"inner.zip": inner}))


def test_a_workbook_inside_a_zip_is_read(tmp_path: Path) -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    book.add_worksheet().write_row(0, 0, ["a", "b"])
    book.close()

    with open_rows(
        write_zip(tmp_path / "outer.zip", {"stock.xlsx": content.getvalue()}), Layout()
    ) as rows:
        assert rows.header == ["a", "b"]


def test_a_members_path_leads_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = write_zip(folder / "stock.zip", {"../../escaped.csv": b"a;b\n1;2\n"})

    assert read(path) == [(2, ["1", "2"])]
    assert [item.name for item in tmp_path.rglob("*") if item.is_file()] == ["stock.zip"]


def test_what_a_mac_adds_to_a_zip_is_no_candidate(tmp_path: Path) -> None:
    members = {"stock.csv": b"a;b\n1;2\n", "__MACOSX/._stock.csv": b"x", ".DS_Store": b"x"}

    assert read(write_zip(tmp_path / "stock.zip", members)) == [(2, ["1", "2"])]


def test_a_member_is_chosen_by_its_pattern(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "all.zip",
        {"2026/stock.csv": b"a;b\n1;2\n", "2026/prices.csv": b"c;d\n", "readme.txt": b""},
    )

    assert read(path, member="stock*") == [(2, ["1", "2"])]
    assert read(path, member="2026/s*.csv") == [(2, ["1", "2"])]
    with pytest.raises(Refused, match=r"2 files match '\*\.csv'; set layout\.member"):
        read(path, member="*.csv")
    with pytest.raises(Refused, match="0 files match 'x'"):
        read(path, member="x")


@pytest.mark.parametrize("kept", [10, 60, 200])
def test_a_zip_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = write_zip(tmp_path / "stock.zip", {"stock.csv": os.urandom(500)})
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(Refused, match="damaged"):
        read(path)


def test_a_zip_with_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "stock.zip", {"stock.csv": b"a;b\n" + b"1;2\n" * 999})
    content = bytearray(path.read_bytes())
    content[50] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(Refused, match="damaged"):
        read(path)


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="0 files; set layout"):
        read(write_zip(tmp_path / "stock.zip", {}))


# --- workbooks and XML -----------------------------------------------------------------------


def test_a_workbook_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    members = {"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": bytes(300 << 20)}

    with pytest.raises(Refused, match="refused as a ZIP bomb"):
        read(write_zip(tmp_path / "stock.xlsx", members))


def test_a_workbook_without_a_workbook_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read as a workbook"):
        read(write_zip(tmp_path / "stock.xlsx", {"xl/workbook.xml": b"<workbook"}))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    "document",
    [
        f"<!DOCTYPE l [{LAUGHS}]><l><i><a>&l9;</a></i></l>",
        '<!DOCTYPE l [<!ENTITY e SYSTEM "file:///etc/hostname">]><l><i><a>&e;</a></i></l>',
        '<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><l><i><a>1</a></i></l>',
    ],
    ids=["billion laughs", "external entity", "parameter entity"],
)
def test_a_document_that_declares_entities_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "stock.xml"
    path.write_text(document)

    with pytest.raises(Refused, match=r"declares entities|Maximum entity amplification"):
        read(path, format=Format.XML, row_tag="i")


def test_an_outer_document_type_is_never_fetched(tmp_path: Path) -> None:
    outer = tmp_path / "stock.dtd"
    outer.write_text('<!ENTITY e "fetched">')
    path = tmp_path / "stock.xml"
    path.write_text(f'<!DOCTYPE l SYSTEM "{outer.as_uri()}"><l><i><a>x&e;</a></i></l>')

    assert read(path, format=Format.XML, row_tag="i") == [(1, ["x&e;"])]


def test_a_wrong_row_tag_does_not_grow_a_tree_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "stock.xml"
    path.write_bytes(b"<l>" + b"<i><a>1</a></i>" * 1_400_000 + b"</l>")

    with pytest.raises(Refused, match="no element <item> for 16,"):
        read(path, format=Format.XML, row_tag="item")


# --- memory ----------------------------------------------------------------------------------

MEASURE = """
import resource, sys
from pathlib import Path
from domain.jobs.supplier_import.lines import LineReader, StockLine
from infra.files.rows import open_rows
from infra.files.settings_file import load_settings

[setting] = load_settings(sys.argv[2])
with open_rows(Path(sys.argv[1]), setting.layout) as rows:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = sum(isinstance(line, StockLine) for line in LineReader(setting, rows.header)(rows))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(lines, (after - before) * (1 if sys.platform == "darwin" else 1024))
"""

SETTING = """
[supplier.1]
name = "Large"
source = "large"
columns = {{ article_no = "sku", quantity = ["stock"], price = "price" }}
layout = {{ {layout} }}
"""


def measure(path: Path, layout: str = "") -> tuple[int, int]:
    """Stock lines read in a process of its own, and by how many bytes its memory grew."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), SETTING.format(layout=layout)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )
    lines, grown = done.stdout.split()
    return int(lines), int(grown)


def large_text(lines: int) -> bytes:
    """Blocks of a thousand lines; the text is long, so that 100 MB are read quickly."""
    block = b"".join(
        b"A%03d;%d;118,%02d;%b\r\n" % (n, n, n % 90 + 10, b"x" * 480) for n in range(1000)
    )
    return b"sku;stock;price;text\r\n" + block * (lines // 1000)


def test_a_hundred_megabytes_of_text_are_read_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_bytes(large_text(200_000))

    lines, grown = measure(path)

    assert path.stat().st_size > 99_000_000
    assert lines == 200_000
    assert grown < 8 << 20


def test_a_large_zip_is_streamed_and_not_unpacked_into_memory(tmp_path: Path) -> None:
    block = "".join(
        f"A{n};{n % 50};{n % 900 + 10},5;{os.urandom(24).hex()}\n" for n in range(20_000)
    )
    text = b"sku;stock;price;text\n" + block.encode() * 20

    lines, grown = measure(write_zip(tmp_path / "stock.zip", {"stock.csv": text}))

    assert len(text) > 20_000_000
    assert lines == 400_000
    assert grown < 12 << 20


def test_a_large_xml_is_read_in_flat_memory(tmp_path: Path) -> None:
    item = '<i sku="A{0}"><stock>{0}</stock><price>118,42</price></i>\n'
    path = tmp_path / "stock.xml"
    path.write_text("<l>" + "".join(item.format(n) for n in range(200_000)) + "</l>")

    lines, grown = measure(path, 'format = "xml", row_tag = "i"')

    assert lines == 200_000
    assert grown < 16 << 20
