"""config/jobs.toml [platform-orders] (CR-008)."""

from __future__ import annotations

from pathlib import Path

from infra.settings import Section


class PlatformOrdersSection(Section):
    """Where order files arrive; each platform has a folder of its own in it."""

    folder: Path
