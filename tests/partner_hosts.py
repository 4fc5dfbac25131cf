"""A partner's server for one test, and the program's way to it by config/partners.toml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from domain.transfers.ports import Folder
from infra.clock import SystemClock
from infra.transfers.partners import ConfiguredPartners

PASSWORD = "correct horse"  # noqa: S105 - opens what a test made
SECONDS = timedelta(seconds=20)


@dataclass
class PartnerHost:
    """What its setting says, the folder that it shows, and who tried to log in."""

    setting: Mapping[str, object]
    folder: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    def written(self, root: Path, **changed: object) -> None:
        """Make it the partner ``mak`` of an installation, and mount its secrets there."""
        values = {**self.setting, "timeout_seconds": 20, **changed}
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        file = root / "config" / "partners.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(["[partner.mak]", *lines, ""]), "utf-8")
        for secret, value in self.secrets.items():
            mounted = root / "secrets" / secret
            mounted.parent.mkdir(parents=True, exist_ok=True)
            mounted.write_text(value, "utf-8")

    def partners(self, root: Path, **changed: object) -> ConfiguredPartners:
        self.written(root, **changed)
        return ConfiguredPartners(root, root / "secrets", SystemClock())

    @contextmanager
    def reached(self, root: Path, **changed: object) -> Iterator[Folder]:
        """Connect as the program does."""
        with self.partners(root, **changed).folder("mak", SECONDS) as folder:
            yield folder
