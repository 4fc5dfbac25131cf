"""The one statement of an export: offers priced by rule, added up by article, written as texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.jobs.stock_export.setting import ExportSetting, Field, FileForm, Offer, PriceRule

LINE_BREAKS = "\r\n\t"
"""Become blanks in texts, so that a line of the file is an article."""

MOST_SIGNS = len(LINE_BREAKS) + 1
"""With the delimiter, where nothing quotes it."""

_WHOLE = 10_000
"""A price in hundredths of a percent of itself."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A database's words; ``{0}`` stands for what each is about.

    ``text`` makes blanks of the ``:signs``, of which there are up to ``MOST_SIGNS``; ``ean`` is the
    article's if it has 8, 12, 13 or 14 digits and the right check digit, else NULL.
    """

    divided: str
    ean: str
    two_decimals: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """SQL with ``:name`` parameters, and their values."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def signs(self) -> str:
        """What becomes a blank in a text."""
        return str(self.values["signs"])


_OFFERS = """
    SELECT l.article_id, SUM(CASE WHEN s.qty > 0 THEN s.qty ELSE 0 END) AS pieces,
        COALESCE({best}(CASE WHEN s.qty > 0 THEN {price} END), {best}({price})) AS cents,
        MIN(CASE WHEN s.qty > 0 THEN s.delivery_days END) AS days
    FROM supplier_article l
    JOIN supplier_stock s ON s.supplier_id = l.supplier_id
        AND s.supplier_article_no = l.supplier_article_no
    {makers}
    WHERE s.currency = :currency {suppliers}
    GROUP BY l.article_id
    """

_ARTICLES = """
    SELECT {columns}
    FROM ({offers}) o JOIN article a ON a.id = o.article_id
    WHERE o.cents > 0 {in_stock}
    ORDER BY o.article_id
    """


def file_statement(
    setting: ExportSetting, form: FileForm, rules: Sequence[PriceRule], dialect: Dialect
) -> Statement:
    """Give the file's columns in order, texts without line breaks."""
    signs = LINE_BREAKS if form.quote else LINE_BREAKS + form.delimiter
    words = _Words(setting, dialect)
    columns = [words.of(one) for one in form.columns.values()]
    statement = _statement(setting, rules, dialect, columns)
    return Statement(
        text=statement.text, values={**statement.values, **_blanked(signs), "decimal": form.decimal}
    )


def offer_statement(
    setting: ExportSetting, rules: Sequence[PriceRule], dialect: Dialect
) -> Statement:
    """Give what a marketplace is told: article, EAN, maker, its number, pieces, price in cents."""
    words = _Words(setting, dialect)
    told = (Field.ARTICLE, Field.EAN, Field.MAKER, Field.MAKER_NO, Field.QUANTITY)
    statement = _statement(setting, rules, dialect, [*map(words.of, told), "o.cents"])
    return Statement(text=statement.text, values={**statement.values, **_blanked(LINE_BREAKS)})


def _blanked(signs: str) -> dict[str, str]:
    return {"signs": signs, "blanks": " " * len(signs)}


def replaced_one_by_one() -> str:
    """The ``text`` of a dialect that knows no translate()."""
    text = "{0}"
    for place in range(1, MOST_SIGNS + 1):
        text = f"replace({text}, substr(:signs, {place}, 1), ' ')"
    return text


def _statement(
    setting: ExportSetting, rules: Sequence[PriceRule], dialect: Dialect, columns: Sequence[str]
) -> Statement:
    stock, makers = setting.stock, any(rule.maker for rule in rules)
    numbers = ", ".join(map(str, stock.suppliers))
    offers = _OFFERS.format(
        best="MIN" if setting.price.offer is Offer.LOWEST else "MAX",
        price=_price(rules, dialect),
        makers="JOIN article m ON m.id = l.article_id" if makers else "",
        suppliers=f"AND s.supplier_id IN ({numbers})" if numbers else "",
    )
    text = _ARTICLES.format(
        columns=", ".join(columns),
        offers=offers,
        in_stock="" if stock.sold_out else f"AND o.pieces > {stock.safety}",
    )
    values = {f"maker{place}": rule.maker for place, rule in enumerate(rules) if rule.maker}
    return Statement(text=text, values={"currency": setting.price.currency, **values})


# --- prices --------------------------------------------------------------------------------------


def _price(rules: Sequence[PriceRule], dialect: Dialect) -> str:
    """The price by the first rule that fits, rounded to the cent; NULL where none does."""
    cases = [
        f"WHEN {' AND '.join(_fits(rule, place))} THEN {_marked_up(rule, dialect)}"
        for place, rule in enumerate(rules)
    ]
    return f"CASE WHEN s.price_cents IS NULL THEN NULL {' '.join(cases)} END"


def _fits(rule: PriceRule, place: int) -> Iterator[str]:
    yield f"s.price_cents >= {max(cents(rule.from_price), 1)}"
    if rule.supplier is not None:
        yield f"s.supplier_id = {rule.supplier}"
    if rule.maker is not None:
        yield f"m.maker = :maker{place}"


def _marked_up(rule: PriceRule, dialect: Dialect) -> str:
    share = _WHOLE + round(rule.percent * 100)
    raised = f"((s.price_cents * {share} + {_WHOLE // 2}) {dialect.divided} {_WHOLE})"
    return f"{raised} + ({cents(rule.plus)})"


def cents(amount: float) -> int:
    """Give an amount of a setting in cents."""
    return round(amount * 100)


# --- columns -------------------------------------------------------------------------------------


class _Words:
    """How each field is read."""

    def __init__(self, setting: ExportSetting, dialect: Dialect) -> None:
        self._setting, self._dialect = setting, dialect

    def of(self, wanted: Field) -> str:
        texts = {Field.MAKER: "a.maker", Field.MAKER_NO: "a.maker_no", Field.NAME: "a.name"}
        if wanted in texts:
            return f"NULLIF({self._dialect.text.format(texts[wanted])}, '')"
        return {
            Field.ARTICLE: "o.article_id",
            Field.EAN: self._dialect.ean,
            Field.QUANTITY: self._quantity(),
            Field.PRICE: self._dialect.two_decimals.format("o.cents"),
            Field.CURRENCY: ":currency",
            Field.DELIVERY_DAYS: "o.days",
        }[wanted]

    def _quantity(self) -> str:
        safety, most = self._setting.stock.safety, self._setting.stock.most
        capped = f"WHEN o.pieces - {safety} > {most} THEN {most}" if most else ""
        return f"CASE WHEN o.pieces <= {safety} THEN 0 {capped} ELSE o.pieces - {safety} END"


def ean_by_arithmetic(divided: str, whole_number: str, is_code: str) -> str:
    """The EAN if its check digit fits (weights 1 and 3 from the right), else NULL.

    On one number: an EAN has up to 14 digits, and zeros before it weigh nothing.
    """
    number = f"CAST(a.ean AS {whole_number})"
    digits = [f"({number} {divided} {10**place}) % 10" for place in range(14)]
    weighed = f"{' + '.join(digits[::2])} + 3 * ({' + '.join(digits[1::2])})"
    return f"CASE WHEN {is_code} THEN CASE WHEN ({weighed}) % 10 = 0 THEN a.ean END END"
