"""What the stock export is told in config/jobs.toml."""

from __future__ import annotations

from pathlib import Path

from infra.settings import Section


class StockExportSection(Section):
    """Where generated files are kept; a relative path starts at the project's folder."""

    directory: Path
