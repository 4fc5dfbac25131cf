"""config/jobs.toml, [simulator]: where the set goes, and how each of its files looks."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from domain.jobs.simulator.ports import Layout
from infra.settings import Section
from infra.transfers.names import is_plain


def _plain(name: str) -> str:
    if not is_plain(name):
        raise ValueError("write a file's own name, without a folder")
    return name


def _codec(name: str) -> str:
    try:
        codecs.lookup(name)
        ("x" * 100).encode(name)  # "idna" takes words only
    except LookupError as error:
        raise ValueError(f"{name!r} is no encoding of texts") from error
    return name


def _separator(sign: str) -> str:
    if sign != "\t" and (sign.isalnum() or sign == '"' or not sign.isprintable()):
        raise ValueError("write a sign that parts values: ; , | or a tab")
    return sign


FileName = Annotated[str, AfterValidator(_plain)]
OneSign = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_separator)]


class FileSection(Section):
    """One file: ``columns`` give each header the column of ours that stands below it."""

    known: ClassVar[frozenset[str]]

    name: FileName
    columns: Mapping[str, str] = Field(min_length=1)
    least_lines: int = Field(ge=0)

    @model_validator(mode="after")
    def _columns_are_known(self) -> FileSection:
        unknown = [column for column in self.columns.values() if column not in self.known]
        if unknown:
            known = ", ".join(sorted(self.known))
            raise ValueError(f"columns: unknown are {', '.join(unknown)}, there are {known}")
        return self


class VehiclesFile(FileSection):
    """A line per vehicle."""

    known = frozenset(
        {"vehicle_id", "make", "model", "generation", "year_from", "year_to", "engine", "source"}
    )


class FitmentsFile(FileSection):
    """A line per size that fits a vehicle's axle."""

    known = frozenset(
        {
            *("fitment_id", "vehicle_id", "axle", "tyre_size", "rim_width", "rim_diameter"),
            *("bolt_count", "bolt_circle", "centre_bore", "offset_mm", "is_original", "source"),
        }
    )


class ArticlesFile(FileSection):
    """A line per article."""

    known = frozenset({"id", "ean", "maker", "maker_no", "name"})


class SimulatorSection(Section):
    """The whole set; its manifest names every other file with lines, bytes and SHA-256."""

    partner: str = Field(min_length=1)
    manifest: FileName
    encoding: Annotated[str, AfterValidator(_codec)]
    replace_missing: bool
    delimiter: OneSign
    decimal: Literal[".", ","]
    line_end: Literal["lf", "crlf"]
    most_silence_hours: float = Field(gt=0, le=8760)
    most_drop_percent: float = Field(ge=0, le=100)
    vehicles: VehiclesFile
    fitments: FitmentsFile
    articles: ArticlesFile

    @property
    def files(self) -> Mapping[str, FileSection]:
        """Each table's file, in the order in which they are sent."""
        return {
            "vehicle": self.vehicles,
            "vehicle_fitment": self.fitments,
            "article": self.articles,
        }

    @model_validator(mode="after")
    def _names_differ(self) -> SimulatorSection:
        names = [self.manifest, *(file.name for file in self.files.values())]
        if len(set(names)) < len(names):
            raise ValueError("manifest and files need different names")
        return self

    def layout(self) -> Layout:
        return Layout(
            partner=self.partner,
            most_silence=timedelta(hours=self.most_silence_hours),
            most_drop_percent=self.most_drop_percent,
            least_lines={file.name: file.least_lines for file in self.files.values()},
        )
