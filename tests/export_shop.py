"""A private shop with articles in stock, exports that tell of them, and partners that hear it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from private_shop import Shop
from servers.access import Access

EXPORT = "cron:stock:export"
LATER = "2026-11-21T03:00:00.000000Z"

TOML = """
[export.{number}]
name = "Platform {number}"
{more}
[export.{number}.stock]
suppliers = {suppliers}
{stock}
[export.{number}.price]
group = "platform"
[export.{number}.file]
name = "stock-{number}.csv"
{file}
[export.{number}.file.columns]
"Article" = "article"
"Stock" = "quantity"
"Price" = "price"
[export.{number}.delivery]
partner = "platform"
{delivery}
[price.platform]
rules = [{{ percent = 10.0 }}]
"""

PARTNERS = """
[partner.platform]
kind = "directory"
folder = "var/partners/platform"
[partner.away]
kind = "directory"
folder = "/nonexistent/partner"
"""


def export_toml(number: int = 7, **parts: Any) -> str:
    """Write one export; ``parts`` are lines of its tables."""
    known: dict[str, Any] = {"more": "", "stock": "", "file": "", "delivery": "", "suppliers": []}
    return TOML.format(number=number, **(known | parts))


def put_stock(url: str, offers: Iterable[tuple[int, int, int, int | None]]) -> None:
    """Put (supplier, article, pieces, cents) in stock, in place of what those suppliers had."""
    rows = list(offers)
    articles = sorted({article for _, article, _, _ in rows})
    with Access(url) as access:
        for supplier in {supplier for supplier, *_ in rows}:
            for table in ("supplier_stock", "supplier_article"):
                access.many(f"DELETE FROM {table} WHERE supplier_id = ?", [(supplier,)])  # noqa: S608 - our own names
        there = {row[0] for row in access.rows("SELECT id FROM article")}
        access.many(
            "INSERT INTO article (id, ean, maker, maker_no, name) VALUES (?, ?, ?, ?, ?)",
            [article_row(number) for number in articles if number not in there],
        )
        access.many(
            "INSERT INTO supplier_article (supplier_id, supplier_article_no, article_id,"
            " matched_by, matched_at) VALUES (?, ?, ?, ?, ?)",
            [(supplier, f"A-{article}", article, "ean", LATER) for supplier, article, _, _ in rows],
        )
        access.many(
            "INSERT INTO supplier_stock (supplier_id, supplier_article_no, dot, qty, price_cents,"
            " currency, delivery_days, seen_run, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (supplier, f"A-{article}", "", pieces, cents, "EUR", 2, 1, LATER)
                for supplier, article, pieces, cents in rows
            ],
        )


def article_row(number: int) -> tuple[object, ...]:
    """Make an article with a sound EAN."""
    body = f"40{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return number, f"{body}{-total % 10}", "Norvik", f"N-{number}", f"Norvik Winter {number}"


def some(count: int, *, supplier: int = 23) -> list[tuple[int, int, int, int | None]]:
    """Give offers of so many articles."""
    return [(supplier, number, number % 9 + 1, 5000 + number) for number in range(1, count + 1)]


class ExportShop(Shop):
    """A shop with a partner's folder."""

    def __init__(self, root: Path, *, url: str = "", exports: Sequence[str] = ()) -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, url=url)
        partners = root / "config" / "partners.toml"
        partners.write_text(partners.read_text("utf-8") + PARTNERS, "utf-8")
        self.partner = root / "var" / "partners" / "platform"
        for text in exports:
            self.load(text)

    def load(self, text: str) -> None:
        """Store exports as a person does."""
        file = self.root / "exports.toml"
        file.write_text(text, "utf-8")
        done = self.console("exports:load", str(file))
        assert done.returncode == 0, done.stderr

    def stock(self, offers: Iterable[tuple[int, int, int, int | None]]) -> None:
        put_stock(self.url, offers)

    def export(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Run the job; gives the exit code and what it told."""
        done = self.console(EXPORT, *words, "--format=json")
        return done.returncode, json.loads(done.stdout)

    def delivered(self) -> dict[str, bytes]:
        """Give what the partner's folder holds."""
        return {path.name: path.read_bytes() for path in sorted(self.partner.glob("*"))}

    def kept(self) -> list[str]:
        """Give the files that are kept, by their own names."""
        folder = self.root / "var" / "export"
        return sorted(p.name.partition("_")[2] for p in folder.rglob("*") if p.is_file())

    def left(self) -> dict[str, Any]:
        """Give all that a run leaves, but for times and run ids."""
        return {
            "delivered": self.delivered(),
            "kept": self.kept(),
            "book": self.query(
                'SELECT DISTINCT export_id, sha256, status, "lines" FROM export_run'
                " WHERE status = 'delivered' ORDER BY 1, 2"
            ),
        }


def results(told: dict[str, Any]) -> dict[str, str]:
    """Give each unit's result."""
    return {unit["unit"]: unit["result"] for unit in told["units"]}
