"""A shop with a few vehicles, and the partner's folder that their files go to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from private_shop import Shop
from servers.access import Access

SEND = "cron:simulator:send-mak-files"

_FITMENT = (
    "INSERT INTO vehicle_fitment (fitment_id, vehicle_id, axle, tyre_size, rim_width, rim_diameter,"
    " bolt_count, bolt_circle, centre_bore, offset_mm, is_original, content_hash)"
    " VALUES (?, ?, 'both', '205/55R16', 6.5, 16, 5, 114.3, NULL, 45, 1, 'h')"
)
_VEHICLE = (
    "INSERT INTO vehicle (vehicle_id, source, make, model, generation, year_from, year_to, engine,"
    " content_hash) VALUES (?, 'driveright', ?, 'Zoë', 'II', 2019, NULL, 'R135', 'h')"
)
_ARTICLE = "INSERT INTO article (id, ean, maker, maker_no, name) VALUES (?, ?, 'MAK', ?, ?)"

VEHICLES = (
    "vehicle_id;make;model;generation;year_from;year_to;engine\r\nV1;Citroën;Zoë;II;2019;;R135\r\n"
)
FITMENTS = (
    "vehicle_id;axle;tyre_size;rim_width;rim_diameter;bolt_count;bolt_circle;centre_bore;"
    "offset_mm;is_original\r\nV1;both;205/55R16;6.5;16;5;114.3;;45;1\r\n"
)
ARTICLES = (
    'article_id;ean;maker;maker_no;name\r\n1;4019238003062;MAK;F6560;"Wheel 6.5""; silver"\r\n'
)


class SimulatorShop(Shop):
    """``partner`` is the folder of the shipped partner, where its files arrive."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        super().__init__(root, url=url)
        self.partner = root / "var" / "partners" / "mak"
        with Access(self.url) as access:
            access.execute(_VEHICLE, "V1", "Citroën")
            access.execute(_FITMENT, "F1", "V1")
            access.execute(_ARTICLE, 1, "4019238003062", "F6560", 'Wheel 6.5"; silver')

    def another_vehicle(self) -> None:
        with Access(self.url) as access:
            access.execute(_VEHICLE, "V2", "Škoda")

    def setting(self, before: str, after: str) -> None:
        """Change the one line of config/jobs.toml that begins so, below [simulator]."""
        file = self.root / "config" / "jobs.toml"
        head, _, own = file.read_text("utf-8").partition("[simulator]")
        assert own.count(before) == 1, before
        file.write_text(f"{head}[simulator]{own.replace(before, after)}", "utf-8")

    def send(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = self.console(SEND, *words, "--format=json")
        return done.returncode, json.loads(done.stdout)

    def arrived(self) -> dict[str, bytes]:
        """Give what the partner sees."""
        if not self.partner.exists():
            return {}
        return {path.name: path.read_bytes() for path in sorted(self.partner.iterdir())}
