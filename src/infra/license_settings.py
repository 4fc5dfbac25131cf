"""config/jobs.toml [license-reminders] (CR-003)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from domain.jobs.license_reminders.offsets import LONGEST_OFFSET
from infra.settings import Section

_LANGUAGE = re.compile(r"[a-z]{2,3}")

Offset = Annotated[int, Field(ge=0, le=LONGEST_OFFSET, strict=True)]


class LicenseSection(Section):
    """When customers are reminded, and in which words."""

    offsets: tuple[Offset, ...] = Field(min_length=1)
    statuses: tuple[str, ...] = Field(min_length=1)
    templates: Path
    languages: tuple[str, ...] = Field(min_length=1)
    fallback: str
    try_again_minutes: int = Field(ge=1, le=1440)

    @field_validator("offsets")
    @classmethod
    def _are_different(cls, offsets: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(offsets)) < len(offsets):
            raise ValueError("write each offset once")
        return offsets

    @field_validator("languages")
    @classmethod
    def _are_languages(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        for language in languages:
            if not _LANGUAGE.fullmatch(language):
                raise ValueError(f"{language!r}: write a language like de or en")
        return languages

    @model_validator(mode="after")
    def _falls_back(self) -> LicenseSection:
        if self.fallback not in self.languages:
            raise ValueError(f"fallback {self.fallback!r} is none of languages")
        return self
