"""config/jobs.toml [page-counters] (CR-004)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from domain.jobs.page_counters.rules import Rules
from infra.settings import Section

Word = Annotated[str, Field(min_length=1, max_length=100)]
Status = Annotated[int, Field(ge=100, le=599, strict=True)]


class CounterSection(Section):
    """Which page hits are counted, as what, and when."""

    safety_lag_seconds: int = Field(ge=0, le=86_400)
    future_seconds: int = Field(ge=0, le=86_400)
    closed_after_days: int = Field(ge=1, le=36_500)
    statuses: tuple[Status, ...] = Field(min_length=1)
    bots: tuple[Word, ...]
    static: tuple[Word, ...]

    @property
    def rules(self) -> Rules:
        return Rules(
            lag=timedelta(seconds=self.safety_lag_seconds),
            ahead=timedelta(seconds=self.future_seconds),
            closed_after=timedelta(days=self.closed_after_days),
            statuses=self.statuses,
            bots=tuple(word.lower() for word in self.bots),
            static=tuple(ending.lower() for ending in self.static),
        )
