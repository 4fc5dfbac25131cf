"""Typed settings: config/*.toml, the environment's overlay, and environment variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from domain.errors import ConfigurationInvalid
from infra.boot import (
    PREFIX,
    absolute_url,
    config_files,
    read_files,
    root_folder,
    unknown_variables,
)


class Section(BaseModel):
    """A section refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSection(Section):
    """Where the shop and the ledger live."""

    url: str


class StateSection(Section):
    """The folder for locks and defects."""

    directory: Path


class CronSection(Section):
    """The legacy switch ``cron-running``, and what a job's process may use (0: no limit)."""

    running: bool
    memory_limit_bytes: int = Field(ge=0)


class ImportSection(Section):
    """The folder with one folder per supplier."""

    directory: Path


class MetricsSection(Section):
    """Where the textfile collector reads; empty writes none."""

    textfile_directory: str


class SlotsSection(Section):
    """Defaults for firings without a declared schedule."""

    start_grace_seconds: float = Field(gt=0, allow_inf_nan=False)


class Settings(BaseSettings):
    """All settings; an unknown key refuses to load."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    root: Path
    env: str
    database: DatabaseSection
    state: StateSection
    cron: CronSection
    imports: ImportSection
    metrics: MetricsSection
    slots: SlotsSection

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: start-up arguments, environment, overlay, app.toml."""
        given = init_settings()
        app, overlay = config_files(given["root"], given["env"])
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, overlay),
            TomlConfigSettingsSource(settings_cls, app),
        )

    @property
    def import_root(self) -> Path:
        return self.root / self.imports.directory


def load(env: str, root: Path | None = None) -> Settings:
    """Load and check all settings. Raises ConfigurationInvalid that lists every fault."""
    root = root or root_folder()
    read_files(root, env)  # pydantic passes over a missing file and trips over a broken one
    given: dict[str, Any] = {"root": root, "env": env}
    if url := os.environ.get("DATABASE_URL"):
        given["database"] = {"url": url}
    strangers = unknown_variables()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigurationInvalid("; ".join(_faults(error) + strangers)) from error
    if strangers:
        raise ConfigurationInvalid("; ".join(strangers))
    url = absolute_url(settings.database.url, root)
    return settings.model_copy(update={"database": DatabaseSection(url=url)})


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        unknown = fault["type"] == "extra_forbidden"
        faults.append(f"config: unknown key {key}" if unknown else f"config: {key}: {fault['msg']}")
    return faults
