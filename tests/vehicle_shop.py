"""A shop whose vehicle data comes from files or from a partner of this host."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from private_shop import Shop

SYNC = "cron:driveright:sync"
VEHICLE_HEADER = "id,make,model,year,displ,cyl,fuel,trans"
FITMENT_HEADER = (
    "fitment_id,vehicle_id,tyre_size,rim,bolt_pattern,centre_bore,offset_mm,is_original,"
    "rear_tyre_size,rear_rim,rear_offset_mm"
)


def car(number: int, make: str = "BMW", model: str = "", year: int = 2001) -> str:
    return f"{make}-{number},{make},{model or f'Model {number}'},{year},2.0,4,Regular,Manual"


def wheel(number: int, make: str = "BMW", size: str = "205/55R16") -> str:
    return f"f-{make}-{number},{make}-{number},{size},7x16,5x120,72.6,34,yes,,,"


class VehicleShop(Shop):
    """Reads var/vehicles/vehicles.csv and fitments.csv, with the columns as they are shipped."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        super().__init__(root, url=url)
        self.folder = root / "var" / "vehicles"
        self.folder.mkdir()
        self.delivers()

    def delivers(self, vehicles: Sequence[str] = (), fitments: Sequence[str] = ()) -> None:
        """Replace both files."""
        for name, header, rows in (
            ("vehicles.csv", VEHICLE_HEADER, vehicles),
            ("fitments.csv", FITMENT_HEADER, fitments),
        ):
            text = "".join(f"{row}\n" for row in (header, *rows))
            (self.folder / name).write_text(text, "utf-8")

    def set(self, *replacements: tuple[str, str]) -> None:
        """Change what config/jobs.toml says."""
        file = self.root / "config" / "jobs.toml"
        text = file.read_text("utf-8")
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        file.write_text(text, "utf-8")

    def asks(self, address: str) -> None:
        """Read from a partner instead of the files."""
        self.set(
            ('source = "file"', 'source = "web"'),
            ('url = "" # https', f'url = "{address}/v2/" # https'),
            ('api_key = ""', 'api_key = "env:DRIVERIGHT_KEY"'),
            ("requests_per_minute = 120", "requests_per_minute = 60000"),
        )
        self.environment["DRIVERIGHT_KEY"] = "letmein-42"

    def sync(self, *words: str) -> dict[str, Any]:
        """Run the job; gives what it says, with the exit code and the reason for it."""
        done = self.console(SYNC, "--format=json", *words)
        told: dict[str, Any] = json.loads(done.stdout)
        return {**told, "code": done.returncode, "log": done.stderr}

    # --- what came of it ------------------------------------------------------------------------

    def live(self) -> dict[str, Any]:
        """Give all that a sync leaves for the shop, but for times."""
        return {
            "vehicles": self.query(
                "SELECT vehicle_id, source, make, model, generation, year_from, year_to, engine,"
                " content_hash FROM vehicle ORDER BY 1"
            ),
            "fitments": self.query(
                "SELECT fitment_id, vehicle_id, axle, tyre_size, content_hash"
                " FROM vehicle_fitment ORDER BY 1"
            ),
            "version": self.query("SELECT name, version FROM data_version"),
        }

    def stages(self) -> list[tuple[Any, ...]]:
        return self.query(
            "SELECT snapshot_id, stage, status FROM driveright_run ORDER BY snapshot_id, stage"
        )

    def mails(self) -> list[EmailMessage]:
        files = sorted((self.root / "var" / "mail").glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
