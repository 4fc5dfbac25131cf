"""Exports and price groups as TOML: ``[export.7]`` and ``[price.platform]``, read strictly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.jobs.stock_export.setting import ExportSetting, PriceRule
from domain.jobs.stock_export.soundness import clashes, faults, group_fault, rule_faults
from infra.files.binding import Binder
from infra.files.setting_form import (
    Document,
    SettingForm,
    literal,
    read_tables,
    refuse,
    unlike_default,
)

EXPORTS = SettingForm("export", ExportSetting, faults)

PriceGroups = Mapping[str, tuple[PriceRule, ...]]


@dataclass(frozen=True)
class ExportsFile:
    """What one file brings; a group in it replaces the stored one of that name."""

    exports: tuple[ExportSetting, ...]
    prices: PriceGroups


def load_exports(source: str | Path) -> ExportsFile:
    """Read TOML text or a TOML file; ConfigurationInvalid tells every fault at once."""
    name, document = read_tables(source, "exports")
    binder = Binder()
    binder.refuse_unknown(document, (EXPORTS.table, "price"), "")
    prices = dict(_groups(binder, binder.table(document.get("price", {}), "price")))
    exports = [] if prices and EXPORTS.table not in document else EXPORTS.bind(binder, document)
    binder.faults += clashes(exports)
    refuse(name, binder.faults)
    return ExportsFile(tuple(exports), prices)


def _groups(
    binder: Binder, tables: Mapping[str, object]
) -> Iterator[tuple[str, tuple[PriceRule, ...]]]:
    for group, table in tables.items():
        place = f"price.{group}"
        if fault := group_fault(group):
            binder.faults.append(f"[{place}] {fault}")
        known = binder.table(table, place)
        binder.refuse_unknown(known, ("rules",), place)
        rules = known.get("rules")
        if not isinstance(rules, list) or not rules:
            binder.faults.append(f"[{place}] rules must be a list with at least one rule")
            continue
        made = [_rule(binder, rule, f"{place}.rules.{n}") for n, rule in enumerate(rules, 1)]
        yield group, tuple(rule for rule in made if rule is not None)


def _rule(binder: Binder, table: object, place: str) -> PriceRule | None:
    rule = binder.build(PriceRule, table, place)
    if rule is not None:
        binder.faults += [f"[{place}] {key}: {fault}" for key, fault in rule_faults(rule)]
    return rule


def groups_as_toml(prices: PriceGroups) -> str:
    """Write price groups as ``load_exports`` reads them."""
    return "\n".join(_group_as_toml(group, rules) for group, rules in prices.items())


def _group_as_toml(group: str, rules: Sequence[PriceRule]) -> str:
    written: list[Document] = [unlike_default(rule) for rule in rules]
    lines = [f"    {literal(rule)}," for rule in written]
    return "\n".join([f"[price.{group}]", "rules = [", *lines, "]"]) + "\n"
