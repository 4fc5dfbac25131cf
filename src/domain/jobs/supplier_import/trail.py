"""What an import leaves for people to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RejectedLine:
    """One line of the last import that was not read."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class UnmatchedArticle:
    """One supplier article that no article of the shop, or more than one, fits."""

    supplier_article_no: str
    ean: str | None
    maker: str | None
    maker_no: str | None
    reason: str
    since: str
