"""What CR-007 and CR-011 keep, from config/jobs.toml."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from domain.cleaning.allowance import Allowance
from domain.jobs.log_cleaning.service import LogRetention
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
