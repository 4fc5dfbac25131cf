"""What an export's setting can get wrong although every value has its type."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from domain.jobs.stock_export.setting import (
    Delivery,
    ExportSetting,
    FileForm,
    Guards,
    Marketplace,
    PriceRule,
    Stock,
)

Fault = tuple[str, str]
"""The key below the export's table, and what is wrong with it."""

MOST_ID = 2**31 - 1
MARKETPLACES = ("tyre24",)
"""The adapters that a setting can name; a further one is added here and where they are wired."""

MOST_PERCENT, MOST_AMOUNT = 10_000, 1_000_000
_ALL_PERCENT = 100
_GROUP = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[a-z]{2}")
_ARTICLE_TYPE = re.compile(r"[A-Z]{1,3}")
_NO_FILES_ENCODING = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}
)
"""Python takes these for text too, but no file is written in them."""


def faults(setting: ExportSetting) -> Iterator[Fault]:
    """Every fault of the setting, so that all can be mended at once."""
    for key in ("export_id", "customer"):
        number = getattr(setting, key)
        if number is not None and not 1 <= number <= MOST_ID:
            yield key, f"must be from 1 to {MOST_ID}"
    if not setting.name.strip():
        yield "name", "must not be empty"
    yield from _targets(setting)
    yield from _stock(setting.stock)
    if not _GROUP.fullmatch(setting.price.group):
        yield "price.group", "must be made of a-z, 0-9 and -"
    if not _CURRENCY.fullmatch(setting.price.currency):
        yield "price.currency", "must be a code of three capitals, such as EUR"
    yield from _guards(setting.guards)


def clashes(settings: Iterable[ExportSetting]) -> Iterator[str]:
    """Active exports that would replace each other's file at their partner."""
    first: dict[tuple[str, str], int] = {}
    for it in sorted(settings, key=lambda setting: setting.export_id):
        if not (it.active and it.file):
            continue
        name = f"{it.file.name}.zip" if it.file.zip else it.file.name
        other = first.setdefault((it.partner, name.casefold()), it.export_id)
        if other != it.export_id:
            yield (
                f"[export.{it.export_id}.file] name: export {other} gives {it.partner} a file of"
                " that name too, and one would replace the other"
            )


def group_fault(group: str) -> str:
    """What is wrong with a price group's name, if anything is."""
    return "" if _GROUP.fullmatch(group) else "a group's name is made of a-z, 0-9 and -"


def rule_faults(rule: PriceRule) -> Iterator[Fault]:
    """Every fault of a price rule."""
    if rule.supplier is not None and not 1 <= rule.supplier <= MOST_ID:
        yield "supplier", f"must be from 1 to {MOST_ID}"
    if rule.maker is not None and not rule.maker.strip():
        yield "maker", "must not be empty: leave it out for every maker"
    if not 0 <= rule.from_price <= MOST_AMOUNT:
        yield "from_price", f"must be from 0 to {MOST_AMOUNT}"
    if not -_ALL_PERCENT < rule.percent <= MOST_PERCENT:
        yield "percent", f"must be more than -100, at most {MOST_PERCENT}"
    if not -MOST_AMOUNT <= rule.plus <= MOST_AMOUNT:
        yield "plus", f"must be from -{MOST_AMOUNT} to {MOST_AMOUNT}"


def _targets(setting: ExportSetting) -> Iterator[Fault]:
    if (setting.file is None) == (setting.marketplace is None):
        yield "file", "give either [.file] with [.delivery], or [.marketplace]"
    if (setting.file is None) != (setting.delivery is None):
        yield "delivery", "[.file] and [.delivery] belong together"
    if setting.file:
        yield from _file(setting.file)
    if setting.delivery:
        yield from _delivery(setting.delivery)
    if setting.marketplace:
        yield from _marketplace(setting.marketplace)


def _stock(stock: Stock) -> Iterator[Fault]:
    if not all(1 <= number <= MOST_ID for number in stock.suppliers):
        yield "stock.suppliers", f"must be numbers from 1 to {MOST_ID}"
    for key in ("safety", "most"):
        if not 0 <= getattr(stock, key) <= MOST_ID:
            yield f"stock.{key}", f"must be from 0 to {MOST_ID}"


def _file(form: FileForm) -> Iterator[Fault]:
    plain = form.name.replace("{date}", "")
    if not plain.strip(" .") or any(sign in plain for sign in "/\\{}\0\r\n"):
        yield "file.name", "must be a plain file name; {date} is all that it may hold in braces"
    if not form.columns:
        yield "file.columns", "must name at least one column"
    if form.decimal not in {",", "."}:
        yield "file.decimal", 'must be "," or "."'
    yield from _signs(form)
    yield from _encoding(form)


def _signs(form: FileForm) -> Iterator[Fault]:
    if not _is_sign(form.delimiter) or form.delimiter == form.quote:
        yield "file.delimiter", "must be one ASCII character, no letter or digit, not the quote"
    if form.quote and not _is_sign(form.quote):
        yield "file.quote", "must be one ASCII character, no letter or digit, or empty for none"
    if not form.quote and form.delimiter == form.decimal:
        yield "file.delimiter", "is the decimal sign too: give a quote, or another of both"
    held = [name for name in form.columns if any(sign in name for sign in "\r\n\0")]
    unquoted = [name for name in form.columns if not form.quote and form.delimiter in name]
    for name in held + unquoted:
        yield "file.columns", f"header {name!r} holds a line break, or the delimiter unquoted"


def _is_sign(text: str) -> bool:
    return len(text) == 1 and text.isascii() and not text.isalnum() and text not in "\r\n\0\x01"


def _encoding(form: FileForm) -> Iterator[Fault]:
    try:
        codec = codecs.lookup(form.encoding)
        "".encode(codec.name)
    except (LookupError, ValueError):
        codec = None
    if codec is None or codec.name in _NO_FILES_ENCODING or codec.incrementalencoder is None:
        yield "file.encoding", f"{form.encoding!r} is not an encoding of text files"
        return
    for key, texts in (("replacement", (form.replacement,)), ("columns", tuple(form.columns))):
        if not all(_fits(text, codec.name) for text in texts):
            yield f"file.{key}", f"holds what {form.encoding} cannot write"
    special = {form.delimiter, form.quote, "\r", "\n"} - {""}
    if len(form.replacement) > 1 or form.replacement in special:
        yield "file.replacement", "must be one character, not the delimiter or quote, or empty"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _delivery(delivery: Delivery) -> Iterator[Fault]:
    if not delivery.partner.strip():
        yield "delivery.partner", "must name a partner of config/partners.toml"
    if delivery.max_age <= timedelta():
        yield "delivery.max_age_hours", "must be more than 0"


def _marketplace(place: Marketplace) -> Iterator[Fault]:
    if place.adapter not in MARKETPLACES:
        known = ", ".join(MARKETPLACES)
        yield "marketplace.adapter", f"{place.adapter!r} is not known: known are {known}"
    if not place.partner.strip():
        yield "marketplace.partner", "must name a partner of config/partners.toml"
    if not _COUNTRY.fullmatch(place.country):
        yield "marketplace.country", "must be two small letters, such as de"
    if not _ARTICLE_TYPE.fullmatch(place.article_type):
        yield "marketplace.article_type", "must be one to three capitals, such as R"
    if not place.identifiers:
        yield "marketplace.identifiers", "must name at least one"
    if place.budget <= timedelta():
        yield "marketplace.budget_minutes", "must be more than 0"


def _guards(guards: Guards) -> Iterator[Fault]:
    if guards.min_rows < 0:
        yield "guards.min_rows", "must be 0 or more"
    if not 0 <= guards.max_drop_percent <= _ALL_PERCENT:
        yield "guards.max_drop_percent", "must be from 0 to 100"
