"""config/jobs.toml, section by section."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from architecture.tree import ROOT
from domain.errors import ConfigurationInvalid
from infra.job_settings import check_jobs, shop_zone


def written(folder: Path, text: str) -> Path:
    (folder / "config").mkdir()
    (folder / "config" / "jobs.toml").write_text(text, "utf-8")
    return folder


def test_what_is_shipped_is_sound() -> None:
    check_jobs(ROOT)


def test_the_shop_counts_its_days_in_its_own_zone(tmp_path: Path) -> None:
    root = written(tmp_path, '[shop]\nzone = "Europe/Vienna"\n')

    assert shop_zone(root) == ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"jobs.toml: \[shop\] is missing"),
        ('[shop]\nzone = "Utopia"\n', "jobs.toml: shop.zone: .*Europe/Berlin"),
        ('[shop]\nzone = "UTC"\nzoom = 1\n', "jobs.toml: unknown key shop.zoom"),
        ('[shop]\nzone = "UTC"\n[shoe]\n', r"jobs.toml: unknown section \[shoe\]"),
    ],
)
def test_every_fault_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=complaint):
        check_jobs(written(tmp_path, text))
