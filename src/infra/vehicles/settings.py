"""config/jobs.toml [vehicles] (CR-012): the source, the guards, who reads the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from domain.errors import Refused
from domain.mail.address import mail_address
from infra.secrets import HOW, is_reference
from infra.settings import Section

Names = tuple[str, ...]

Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
NEEDED = ("vehicle_id", "make", "model")
VEHICLE_NAMES = frozenset(
    {"vehicle_id", "make", "model", "generation", "year_from", "year_to", "engine"}
)
FITMENT_NAMES = frozenset(
    {
        *("fitment_id", "axle", "tyre_size", "rim", "rim_width", "rim_diameter", "bolt_pattern"),
        *("bolt_count", "bolt_circle", "centre_bore", "offset_mm", "is_original"),
        *("rear_tyre_size", "rear_rim", "rear_rim_width", "rear_rim_diameter", "rear_offset_mm"),
    }
)


class WebSection(Section):
    """A web address that answers in JSON, make by make and page by page."""

    url: str
    api_key_header: str
    api_key: str = Field(repr=False)
    ca_file: str
    page_size: int = Field(ge=1, le=5_000)
    requests_per_minute: float = Field(gt=0, le=60_000, allow_inf_nan=False)
    timeout_seconds: float = Field(ge=0.1, le=600, allow_inf_nan=False)
    most_cached_hours: float = Field(gt=0, le=24 * 31, allow_inf_nan=False)

    @field_validator("api_key")
    @classmethod
    def _is_reference(cls, key: str) -> str:
        if key and not is_reference(key):
            raise ValueError(f"a secret stands where its reference belongs: {HOW}")
        return key


class TableSection(Section):
    """A file: which columns hold what, by their names in its header.

    Several columns make one value, joined by a blank; an id by a stroke.
    """

    path: Path
    encoding: str
    delimiter: str = Field(max_length=1)
    columns: dict[str, Names]

    @model_validator(mode="after")
    def _are_known(self) -> TableSection:
        known = VEHICLE_NAMES | FITMENT_NAMES
        if strangers := sorted(set(self.columns) - known):
            raise ValueError(f"columns: {strangers[0]} is none of {', '.join(sorted(known))}")
        return self


class FileSection(TableSection):
    """The vehicles' own file; a second one may hold the fitments, found by ``vehicle_id``."""

    fitments: TableSection | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> FileSection:
        if missing := [name for name in NEEDED if name not in self.columns]:
            raise ValueError(f"columns: name those of {missing[0]}")
        if self.fitments and "vehicle_id" not in self.fitments.columns:
            raise ValueError("fitments.columns: name those of vehicle_id")
        return self


class ReportSection(Section):
    """Who reads what changes before it does, and how much of it."""

    to: str
    templates: Path
    first: int = Field(ge=0, le=500)
    most_attached: int = Field(ge=0, le=200_000)

    @field_validator("to")
    @classmethod
    def _is_address(cls, to: str) -> str:
        try:
            return mail_address(to)
        except Refused as error:
            raise ValueError(str(error)) from error


class VehiclesSection(Section):
    """The vehicle data: where it comes from and what stops it."""

    source: Literal["web", "file"]
    resume_max_age_hours: float = Field(gt=0, le=24 * 31, allow_inf_nan=False)
    most_gone_percent: Percent
    most_fitments_gone_percent: Percent
    most_rejected_percent: Percent
    report: ReportSection
    web: WebSection
    file: FileSection

    @model_validator(mode="after")
    def _names_its_source(self) -> VehiclesSection:
        if self.source == "web" and not self.web.url:
            raise ValueError('web.url is empty: write the source\'s address, or source = "file"')
        return self
