"""Import settings as TOML and as one JSON document per supplier, read strictly."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.jobs.supplier_import.setting import ImportSetting
from domain.jobs.supplier_import.soundness import faults
from infra.files.binding import SPANS, Binder, key_of

Document = dict[str, object]

_SUPPLIER = re.compile(r"[0-9]{1,10}")


def load_settings(source: str | Path) -> list[ImportSetting]:
    """Read TOML text or a TOML file; ConfigurationInvalid tells every fault at once."""
    name, text = _text(source)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid(f"{name}: {error}") from error
    binder = Binder()
    binder.refuse_unknown(document, ("supplier",), "")
    suppliers = binder.table(document.get("supplier", {}), "supplier")
    if not suppliers:
        binder.faults.append("no [supplier.N] table: each supplier has one, named by its number")
    made = [_setting(binder, number, table) for number, table in suppliers.items()]
    settings = [setting for setting in made if setting is not None]
    binder.faults += _shared_files(settings)
    _refuse(name, binder.faults)
    return settings


def _shared_files(settings: Iterable[ImportSetting]) -> Iterator[str]:
    """Two active suppliers that would import the same files: the second finds none."""
    owners: dict[tuple[PurePosixPath, str], int] = {}
    for setting in settings:
        files = PurePosixPath(setting.source), setting.pattern
        if setting.active and owners.setdefault(files, setting.supplier_id) != setting.supplier_id:
            yield (
                f"[supplier.{setting.supplier_id}] source and pattern are those of"
                f" supplier {owners[files]}: both active, each needs files of its own"
            )


def dump(settings: Iterable[ImportSetting]) -> str:
    """TOML that ``load_settings`` reads back to equal settings; defaults are left out."""
    return "\n".join(as_toml(to_document(setting)) for setting in settings)


def to_document(setting: ImportSetting) -> Document:
    """Everything that is not a default, in values that JSON knows."""
    return {"supplier_id": setting.supplier_id, **_unlike_default(setting)}


def from_document(document: Mapping[str, object]) -> ImportSetting:
    """Read back what ``to_document`` gave, as strictly as TOML."""
    binder = Binder()
    setting = _bound(binder, document, f"supplier.{document.get('supplier_id', '?')}")
    _refuse("import setting", binder.faults)
    if setting is None:  # pragma: no cover - no setting without a fault
        raise AssertionError(document)
    return setting


def _text(source: str | Path) -> tuple[str, str]:
    if isinstance(source, str):
        return "import settings", source
    try:
        return source.name, source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{source.name} cannot be read: {error}") from error


def _setting(binder: Binder, number: str, table: object) -> ImportSetting | None:
    place = f"supplier.{number}"
    if not _SUPPLIER.fullmatch(number):
        binder.faults.append(f"[{place}] must be the supplier's number: [supplier.23]")
        return None
    known = binder.table(table, place)
    if "supplier_id" in known:
        binder.faults.append(f"[{place}] supplier_id is given by the table's name")
    return _bound(binder, {**known, "supplier_id": int(number)}, place)


def _bound(binder: Binder, document: Mapping[str, object], place: str) -> ImportSetting | None:
    setting = binder.build(ImportSetting, document, place)
    if setting is not None:
        for key, fault in faults(setting):
            table, _, name = f"{place}.{key}".rpartition(".")
            binder.faults.append(f"[{table}] {name}: {fault}")
    return setting


def _refuse(name: str, found: list[str]) -> None:
    if found:
        count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        raise ConfigurationInvalid("\n".join((f"{name}: {count}", *found)))


def _unlike_default(value: object) -> Document:
    """A dataclass as a mapping without what is as by default."""
    written: Document = {}
    for field in fields(value):  # type: ignore[arg-type]  # only called with dataclasses
        item = getattr(value, field.name)
        if field.name != "supplier_id" and item != _default(field):
            written[key_of(field.name)] = _plain(field.name, item)
    return written


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(name: str, value: object) -> object:
    if isinstance(value, timedelta):
        number = value / SPANS[name][1]
        return int(number) if number.is_integer() else number
    if is_dataclass(value):
        return _unlike_default(value)
    if isinstance(value, tuple | Mapping):
        return dict(value) if isinstance(value, Mapping) else list(value)
    return value.value if isinstance(value, Enum) else value


def as_toml(document: Document) -> str:
    """Write one supplier's document as a TOML fragment, its tables after its plain keys."""
    place = f"supplier.{document['supplier_id']}"
    tables = {key: item for key, item in document.items() if isinstance(item, dict)}
    lines = [f"[{place}]", *_pairs(document, leave_out=("supplier_id", *tables))]
    for key, table in tables.items():
        lines += ["", f"[{place}.{key}]", *_pairs(table)]
    return "\n".join(lines) + "\n"


def _pairs(table: Document, leave_out: Container[str] = ()) -> Iterator[str]:
    for key, value in table.items():
        if key not in leave_out:
            yield f"{key} = {literal(value)}"


def literal(value: object) -> str:
    """Write one value, or a key in quotes, as TOML does."""
    if isinstance(value, dict):
        inner = ", ".join(f"{literal(key)} = {literal(item)}" for key, item in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
