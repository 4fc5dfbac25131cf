"""Import settings as TOML and as one JSON document per supplier, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path, PurePosixPath

from domain.jobs.supplier_import.setting import ImportSetting
from domain.jobs.supplier_import.soundness import faults
from infra.files.binding import Binder
from infra.files.setting_form import SettingForm, read_tables, refuse

IMPORTS = SettingForm("supplier", ImportSetting, faults)

Partners = Callable[[], Container[str]]
"""Gives the names that a setting's partner may have; asked only where one is named."""


def load_settings(source: str | Path, partners: Partners | None = None) -> list[ImportSetting]:
    """Read TOML text or a TOML file; ConfigurationInvalid tells every fault at once."""
    name, document = read_tables(source, "import settings")
    binder = Binder()
    binder.refuse_unknown(document, (IMPORTS.table,), "")
    settings = IMPORTS.bind(binder, document)
    binder.faults += _shared_files(settings)
    if partners:
        binder.faults += _unknown_partners(settings, partners)
    refuse(name, binder.faults)
    return settings


def _unknown_partners(settings: Iterable[ImportSetting], partners: Partners) -> Iterator[str]:
    named = [setting for setting in settings if setting.partner]
    known = partners() if named else ()
    for setting in named:
        if setting.partner not in known:
            place = f"[supplier.{setting.supplier_id}] partner"
            yield f"{place}: config/partners.toml has no {setting.partner}"


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
