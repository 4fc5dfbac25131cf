"""[session-purge] in config/jobs.toml: where sessions are and how long they are kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from domain.jobs.session_purge.policy import (
    DEEPEST,
    Basis,
    RetentionPolicy,
    SessionFolder,
    Store,
    fault_of,
)
from infra.job_settings import job_section
from infra.settings import Section

_LONGEST_SECONDS = 10 * 366 * 86_400

_HOME = "{home}"
"""Stands for the project's folder at the start of a path."""


class SessionPathSection(Section):
    """One folder, as session.save_path names it."""

    path: str
    depth: int = Field(default=0, ge=0, le=DEEPEST)
    max_age_seconds: int | None = Field(default=None, le=_LONGEST_SECONDS)

    @field_validator("path")
    @classmethod
    def _is_a_place(cls, path: str) -> str:
        if fault := fault_of(path.replace(_HOME, "/home", 1)):
            raise ValueError(fault)
        return path


class SessionPurgeSection(Section):
    """The retention, and the folders that it holds for."""

    store: Store
    basis: Basis
    gc_maxlifetime_seconds: int = Field(ge=1, le=_LONGEST_SECONDS)
    max_age_seconds: int = Field(le=_LONGEST_SECONDS)
    paths: tuple[SessionPathSection, ...] = ()

    @model_validator(mode="after")
    def _outlives_php(self) -> SessionPurgeSection:
        ages = (self.max_age_seconds, *(path.max_age_seconds for path in self.paths))
        if any(age is not None and age < self.gc_maxlifetime_seconds for age in ages):
            raise ValueError("a max_age_seconds is less than gc_maxlifetime_seconds")
        names = [path.path.rstrip("/") for path in self.paths]
        if len(set(names)) < len(names):
            raise ValueError("a path is there twice")
        return self


def retention_policy(root: Path) -> RetentionPolicy:
    """Read the section. Raises ConfigurationInvalid that lists every fault in it."""
    section = job_section(root, SessionPurgeSection)
    return RetentionPolicy(
        store=section.store,
        basis=section.basis,
        longest_gc=timedelta(seconds=section.gc_maxlifetime_seconds),
        folders=[
            SessionFolder(
                path=path.path.replace(_HOME, str(root), 1),
                depth=path.depth,
                max_age=timedelta(seconds=path.max_age_seconds or section.max_age_seconds),
            )
            for path in section.paths
        ],
    )
