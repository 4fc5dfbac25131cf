"""Settings kept by number or name: as TOML tables, and as one JSON document each; read strictly."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar

from domain.errors import ConfigurationInvalid
from infra.files.binding import SPANS, Binder, key_of

Document = dict[str, object]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Key:
    """What a setting is kept by; ``example`` and ``what`` tell people."""

    pattern: str
    read: Callable[[str], object]
    what: str
    sign: str
    example: str


NUMBER = Key(r"[0-9]{1,10}", int, "number", "N", "23")
NAME = Key(r"[a-z0-9][a-z0-9_-]{0,39}", str, "name in small letters", "NAME", "shop-de")


class SettingForm(Generic[Made]):
    """How one kind of setting is written: ``[supplier.23]``, its number kept as ``supplier_id``.

    ``faults`` gives what is wrong with a setting although every value has its type, by key.
    """

    def __init__(
        self,
        table: str,
        kind: type[Made],
        faults: Callable[[Made], Iterator[tuple[str, str]]],
        key: Key = NUMBER,
    ) -> None:
        self.table, self.number, self._key = table, f"{table}_id", key
        self._kind, self._faults = kind, faults

    # --- TOML -----------------------------------------------------------------------------------

    def bind(self, binder: Binder, document: Mapping[str, object]) -> list[Made]:
        """Read every ``[table.N]``; what is wrong is kept by the binder."""
        tables = binder.table(document.get(self.table, {}), self.table)
        if not tables:
            binder.faults.append(
                f"no [{self.table}.{self._key.sign}] table:"
                f" each {self.table} has one, named by its {self._key.what}"
            )
        made = [self._numbered(binder, number, table) for number, table in tables.items()]
        return [setting for setting in made if setting is not None]

    def dump(self, settings: Iterable[Made]) -> str:
        """TOML that is read back to equal settings; defaults are left out."""
        return "\n".join(self.as_toml(self.to_document(setting)) for setting in settings)

    def as_toml(self, document: Document) -> str:
        """Write one document as a TOML fragment, its tables after its plain keys."""
        plain = {key: item for key, item in document.items() if key != self.number}
        return table_as_toml(f"{self.table}.{document[self.number]}", plain)

    # --- one document ---------------------------------------------------------------------------

    def to_document(self, setting: Made) -> Document:
        """Everything that is not a default, in values that JSON knows."""
        written = unlike_default(setting)
        number = written.pop(self.number, 0)
        return {self.number: number, **written}

    def from_document(self, document: Mapping[str, object]) -> Made:
        """Read back what ``to_document`` gave, as strictly as TOML."""
        binder = Binder()
        place = f"{self.table}.{document.get(self.number, '?')}"
        setting = self._bound(binder, document, place)
        refuse(f"{self.table}'s setting", binder.faults)
        if setting is None:  # pragma: no cover - no setting without a fault
            raise AssertionError(document)
        return setting

    def stored(self, text: str, *, active: bool) -> Made:
        """Read a stored document; the row's ``active`` wins: one is switched off at once."""
        setting: Any = self.from_document(json.loads(text))
        switched: Made = replace(setting, active=active)
        return switched

    def _numbered(self, binder: Binder, number: str, table: object) -> Made | None:
        place = f"{self.table}.{number}"
        if not re.fullmatch(self._key.pattern, number):
            wanted = f"{self._key.what}: [{self.table}.{self._key.example}]"
            binder.faults.append(f"[{place}] must be the {self.table}'s {wanted}")
            return None
        known = binder.table(table, place)
        if self.number in known:
            binder.faults.append(f"[{place}] {self.number} is given by the table's name")
        return self._bound(binder, {**known, self.number: self._key.read(number)}, place)

    def _bound(self, binder: Binder, document: Mapping[str, object], place: str) -> Made | None:
        setting = binder.build(self._kind, document, place)
        if setting is not None:
            for key, fault in self._faults(setting):
                table, _, name = f"{place}.{key}".rpartition(".")
                binder.faults.append(f"[{table}] {name}: {fault}")
        return setting


# --- files ---------------------------------------------------------------------------------------


def read_tables(source: str | Path, what: str) -> tuple[str, dict[str, Any]]:
    """Give the name and the tables of a TOML file, or of TOML text called ``what``."""
    name, text = _text(source, what)
    try:
        return name, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid(f"{name}: {error}") from error


def refuse(name: str, found: Sequence[str]) -> None:
    """Raise ConfigurationInvalid with every fault, if there is one."""
    if found:
        count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        raise ConfigurationInvalid("\n".join((f"{name}: {count}", *found)))


def _text(source: str | Path, what: str) -> tuple[str, str]:
    if isinstance(source, str):
        return what, source
    try:
        return source.name, source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{source.name} cannot be read: {error}") from error


# --- values --------------------------------------------------------------------------------------


def unlike_default(value: object) -> Document:
    """A dataclass as a mapping without what is as by default."""
    written: Document = {}
    for field in fields(value):  # type: ignore[arg-type]  # only called with dataclasses
        item = getattr(value, field.name)
        if item != _default(field):
            written[key_of(field.name)] = _plain(field.name, item)
    return written


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(name: str, value: object) -> object:
    if isinstance(value, timedelta):
        number = value / SPANS[name][1]
        return int(number) if number.is_integer() else number
    if is_dataclass(value):
        return unlike_default(value)
    if isinstance(value, tuple | Mapping):
        return dict(value) if isinstance(value, Mapping) else list(value)
    return value.value if isinstance(value, Enum) else value


def table_as_toml(place: str, table: Document) -> str:
    """Write a table, and below it those that it holds."""
    tables = {key: item for key, item in table.items() if isinstance(item, dict)}
    lines = [f"[{place}]", *_pairs(table, leave_out=tables)]
    for key, inner in tables.items():
        lines += ["", f"[{place}.{key}]", *_pairs(inner)]
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
