"""config/jobs.toml: one typed section per job."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError, field_validator

from domain.errors import ConfigurationInvalid
from infra.boot import read_toml
from infra.settings import Section

FILE = "jobs.toml"

_Model = TypeVar("_Model", bound=Section)


class ShopSection(Section):
    """What all jobs have in common."""

    zone: str

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("write a zone like Europe/Berlin")
        return zone


SECTIONS: dict[str, str] = {
    "platform-orders": "infra.platform_settings:PlatformOrdersSection",
    "simulator": "infra.simulator.settings:SimulatorSection",
    "shop": "infra.job_settings:ShopSection",
    "log-cleaning": "infra.cleaning_settings:LogCleaningSection",
    "system-cleaning": "infra.cleaning_settings:SystemCleaningSection",
    "session-purge": "infra.session_settings:SessionPurgeSection",
    "mail": "infra.mail.settings:MailSection",
    "vehicles": "infra.vehicles.settings:VehiclesSection",
    "license-reminders": "infra.license_settings:LicenseSection",
    "stock-export": "infra.export_section:StockExportSection",
    "page-counters": "infra.counter_settings:CounterSection",
}
"""Every section and the class that says what may stand in it, loaded when it is read."""


def shop_zone(root: Path) -> ZoneInfo:
    """Give the zone in which the shop counts its days."""
    return ZoneInfo(job_section(root, ShopSection).zone)


def job_section(root: Path, model: type[_Model]) -> _Model:
    """Read one job's section. Raises ConfigurationInvalid that lists every fault in it."""
    name = next(key for key, place in SECTIONS.items() if place.endswith(f":{model.__name__}"))
    return _read(read_toml(root / "config" / FILE), name, model)


def check_jobs(root: Path) -> None:
    """Check every section. Raises ConfigurationInvalid that lists every fault."""
    content = read_toml(root / "config" / FILE)
    faults = [f"{FILE}: unknown section [{name}]" for name in content if name not in SECTIONS]
    for name, place in SECTIONS.items():
        module, _, model = place.partition(":")
        try:
            _read(content, name, getattr(import_module(module), model))
        except ConfigurationInvalid as error:
            faults.append(str(error))
    if faults:
        raise ConfigurationInvalid("; ".join(faults))


def _read(content: dict[str, Any], name: str, model: type[_Model]) -> _Model:
    if name not in content:
        raise ConfigurationInvalid(f"{FILE}: [{name}] is missing")
    try:
        return model.model_validate(content[name])
    except ValidationError as error:
        raise ConfigurationInvalid("; ".join(_faults(name, error))) from error


def _faults(section: str, error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors(include_url=False):
        key = ".".join((section, *map(str, fault["loc"])))
        unknown = fault["type"] == "extra_forbidden"
        said = f"unknown key {key}" if unknown else f"{key}: {fault['msg']}"
        faults.append(f"{FILE}: {said}")
    return faults
