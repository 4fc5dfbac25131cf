"""Typed settings: config/*.toml, the environment's overlay, and environment variables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from domain.errors import ConfigurationInvalid
from infra.boot import database_address, given, root_folder, unknown_variables
from infra.secrets import secrets_directory


class Section(BaseModel):
    """A section refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSection(Section):
    """Where the shop and the ledger live; may hold references to secrets."""

    url: str = Field(repr=False)


class StateSection(Section):
    """The folder for locks and defects."""

    directory: Path


class LocksSection(Section):
    """Which lock store, and where Redis is if it is that one."""

    store: Literal["auto", "file", "database", "redis"]
    redis_url: str


class CronSection(Section):
    """The legacy switch ``cron-running``, and what a job's process may use (0: no limit)."""

    running: bool
    memory_limit_bytes: int = Field(ge=0)


class ImportSection(Section):
    """The folder with one folder per supplier."""

    directory: Path


class ImagesSection(Section):
    """Where image lists arrive, where their images are, where the shop shows them from."""

    inbox: Path
    source: Path
    media: Path


class MetricsSection(Section):
    """Where the textfile collector reads, and the Pushgateway; empty publishes to neither."""

    textfile_directory: str
    pushgateway_url: str

    @field_validator("pushgateway_url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^/\s]+\S*", url):
            raise ValueError("write an address like http://gateway:9091")
        return url


class SlotsSection(Section):
    """Defaults for firings without a declared schedule."""

    start_grace_seconds: float = Field(gt=0, allow_inf_nan=False)


class SecretsSection(Section):
    """The folder of ``secret:`` references; empty: systemd's credentials, else /run/secrets."""

    directory: str


class Written(PydanticBaseSettingsSource):
    """What files, overlay, variables and mounted files say, merged as every start merges it."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base names them
        """Give nothing key by key: all sections come at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        start = self.current_state
        return given(start["root"], start["env"])


class Settings(BaseSettings):
    """All settings; an unknown key refuses to load."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    root: Path
    env: str
    database: DatabaseSection
    state: StateSection
    locks: LocksSection
    cron: CronSection
    imports: ImportSection
    images: ImagesSection
    metrics: MetricsSection
    slots: SlotsSection
    secrets: SecretsSection

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base names it
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the variables as ``infra.boot`` does, so that both mean the same by them."""
        return init_settings, Written(settings_cls)

    @property
    def import_root(self) -> Path:
        return self.root / self.imports.directory

    @property
    def image_inbox(self) -> Path:
        return self.root / self.images.inbox

    @property
    def image_source(self) -> Path:
        return self.root / self.images.source

    @property
    def image_media(self) -> Path:
        return self.root / self.images.media


def load(env: str, root: Path | None = None) -> Settings:
    """Load and check all settings. Raises ConfigurationInvalid that lists every fault."""
    root = root or root_folder()
    settings = checked(env, root)
    directory = secrets_directory(settings.secrets.directory, root)
    url = database_address(settings.database.url, root, directory)
    return settings.model_copy(update={"database": DatabaseSection(url=url)})


def checked(env: str, root: Path) -> Settings:
    """Check all settings as they are written; references are not followed. Raises as ``load``."""
    strangers = unknown_variables()
    start: dict[str, Any] = {"root": root, "env": env}
    try:
        settings = Settings(**start)
    except ValidationError as error:
        raise ConfigurationInvalid("; ".join(_faults(error) + strangers)) from error
    if strangers:
        raise ConfigurationInvalid("; ".join(strangers))
    return settings


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        unknown = fault["type"] == "extra_forbidden"
        faults.append(f"config: unknown key {key}" if unknown else f"config: {key}: {fault['msg']}")
    return faults
