"""XML lists as rows: attributes and child elements are the columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from lxml import etree

from domain.errors import Refused
from domain.jobs.supplier_import.lines import RawRow
from domain.jobs.supplier_import.setting import Layout
from infra.files.source import Source
from infra.files.table import Rows

_CHUNK_BYTES = 1 << 16
_LONGEST_WAIT_BYTES = 16 << 20
"""So much without a row means a wrong ``row_tag``; the tree would grow in memory meanwhile."""
_SAMPLE_ROWS = 1000

Fields = dict[str, str]


def read_xml(source: Source, layout: Layout) -> Rows:
    """The header is the union of the columns of the first thousand rows.

    A nested element's column is its path (``price/net``), its attribute's ``price@currency``, a
    second element of one name in a row ``stock#2``. Entities and document types stay unread.
    """
    if not layout.row_tag:
        raise Refused(f"{source.name}: layout.row_tag must name the element of a row")
    rows = _elements(source, layout.row_tag)
    sample = list(islice(rows, _SAMPLE_ROWS))
    if not sample:
        raise Refused(f"{source.name} has no element <{layout.row_tag}> (layout.row_tag)")
    header = list(dict.fromkeys(name for _, fields in sample for name in fields))
    return Rows(header, _cells(chain(sample, rows), header))


def _cells(rows: Iterator[tuple[int, Fields]], header: list[str]) -> Iterator[RawRow]:
    for line, fields in rows:
        yield line, [fields.get(name, "") for name in header]


def _elements(source: Source, row_tag: str) -> Iterator[tuple[int, Fields]]:
    parser = etree.XMLPullParser(
        events=("end",),
        tag="{*}" + row_tag,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    waited = 0
    try:
        while chunk := source.read1(_CHUNK_BYTES):
            parser.feed(chunk)
            waited += len(chunk)
            for _, element in parser.read_events():
                waited = 0
                yield element.sourceline, _fields(element, source.name)
                _forget(element)
            if waited > _LONGEST_WAIT_BYTES:
                raise Refused(f"{source.name}: no element <{row_tag}> for {waited:,} bytes")
        parser.close()
    except etree.XMLSyntaxError as error:
        raise Refused(f"{source.name} is no sound XML: {error}") from error


def _fields(element: etree._Element, name: str) -> Fields:
    document_type = element.getroottree().docinfo.internalDTD
    if document_type is not None and next(document_type.iterentities(), None) is not None:
        raise Refused(f"{name} declares entities: refused, a stock list needs none")
    fields: Fields = {}
    _collect(element, "", fields)
    return fields


def _collect(element: etree._Element, path: str, fields: Fields) -> None:
    for key, value in element.attrib.items():
        fields[_free(f"{path}@{_local(key)}" if path else _local(key), fields)] = value
    children = list(element.iterchildren(tag=etree.Element))
    for child in children:
        _collect(child, f"{path}/{_local(child.tag)}" if path else _local(child.tag), fields)
    if path and (not children or (element.text or "").strip()):
        fields[_free(path, fields)] = "".join(element.itertext()).strip()


def _free(name: str, fields: Fields) -> str:
    count = 1
    while (numbered := name if count == 1 else f"{name}#{count}") in fields:
        count += 1
    return numbered


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _forget(element: etree._Element) -> None:
    """Memory stays flat: what was read is cut out of the tree."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
