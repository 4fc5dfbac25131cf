"""What CR-007 and CR-011 keep, from config/jobs.toml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from domain.cleaning.allowance import Allowance
from domain.jobs.log_cleaning.service import LogRetention
from domain.jobs.system_cleaning.request import OPERATIONS
from domain.jobs.system_cleaning.service import CacheRetention
from infra.job_settings import job_section
from infra.settings import Section

_LONGEST_DAYS = 36_500


class LogCleaningSection(Section):
    """The update log's retention, and the folder of its archives; empty keeps none."""

    retention_days: int = Field(ge=1, le=_LONGEST_DAYS)
    archive_directory: str
    most_rows: int = Field(ge=1)
    most_percent: int = Field(ge=1, le=100)


def log_retention(root: Path) -> tuple[LogRetention, Path | None]:
    """Give the retention and the folder of the archives. Raises ConfigurationInvalid."""
    said = job_section(root, LogCleaningSection)
    allowance = Allowance(rows=said.most_rows, percent=said.most_percent, what="log rows")
    archives = root / said.archive_directory if said.archive_directory else None
    return LogRetention(days=said.retention_days, allowance=allowance), archives


class CacheSection(Section):
    """One operation of cron:system:clean-data."""

    keep_hours: float = Field(gt=0, le=_LONGEST_DAYS * 24, allow_inf_nan=False)
    most_rows: int = Field(ge=1)
    most_percent: int = Field(ge=1, le=100)


class SystemCleaningSection(Section):
    """The windows of the operations."""

    article_search_cache: CacheSection = Field(alias="article-search-cache")
    article_popular_cache: CacheSection = Field(alias="article-popular-cache")


def cache_retentions(root: Path) -> Mapping[str, CacheRetention]:
    """Give the retention of each operation. Raises ConfigurationInvalid."""
    said = job_section(root, SystemCleaningSection)
    caches = (said.article_search_cache, said.article_popular_cache)
    return {name: _retention(name, cache) for name, cache in zip(OPERATIONS, caches, strict=True)}


def _retention(name: str, said: CacheSection) -> CacheRetention:
    allowance = Allowance(rows=said.most_rows, percent=said.most_percent, what=f"rows of {name}")
    return CacheRetention(keep=timedelta(hours=said.keep_hours), allowance=allowance)
