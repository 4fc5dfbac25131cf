"""How a platform is described: ``[platform.shop-de]`` in TOML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domain.platforms.setting import PlatformSetting, faults
from infra.files.binding import Binder
from infra.files.setting_form import NAME, SettingForm, read_tables, refuse

PLATFORMS = SettingForm("platform", PlatformSetting, faults, NAME)


def load_platforms(source: str | Path) -> Sequence[PlatformSetting]:
    """Read TOML; ConfigurationInvalid tells every fault at once."""
    name, document = read_tables(source, "platforms")
    binder = Binder()
    binder.refuse_unknown(document, (PLATFORMS.table,), "")
    settings = PLATFORMS.bind(binder, document)
    refuse(name, binder.faults)
    return settings
