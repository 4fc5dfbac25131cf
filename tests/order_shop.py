"""A private shop that sells on platforms."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from private_shop import Shop
from servers.access import Access

PULL = "cron:platform:pull-orders"
PROCESS = "cron:queue:process"


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def platform(name: str, adapter: str, url: str = "", **keys: object) -> str:
    """Describe a platform that is asked for one day at the first time."""
    said = {"adapter": adapter, **({"url": url} if url else {}), "first_days": 1, **keys}
    lines = [f"{key} = {json.dumps(value)}" for key, value in said.items()]
    return "\n".join([f"[platform.{name}]", *lines])


def magento_shop(address: str, **keys: object) -> str:
    login = {"user": "admin", "password": "env:PLATFORM_SECRET"}
    return platform("mage", "magento2", address, page_size=3, **login, **keys)


def tyre_market(address: str) -> str:
    return platform("t24", "tyre24", address, user="2000", password="env:PLATFORM_SECRET")  # noqa: S106 - a reference


DESK = platform("desk", "files", folder="desk", settle_seconds=0)


class OrderShop(Shop):
    """Platforms are described in TOML, and their secrets stand in the environment."""

    def __init__(self, root: Path, *, url: str = "") -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root, url=url)
        self.environment |= {"PLATFORM_SECRET": "correct horse", "PLATFORM_TOKEN": "shpat_correct"}
        self.files = root / "var" / "orders"
        self.files.mkdir()

    def connect(self, *tables: str) -> None:
        """Load platforms."""
        file = self.root / "platforms.toml"
        file.write_text("\n".join(tables), "utf-8")
        loaded = self.console("platforms:load", str(file))
        assert loaded.returncode == 0, loaded.stderr

    def folder(self) -> Path:
        """Make the folder in which order files arrive."""
        folder = self.files / "desk"
        folder.mkdir(exist_ok=True)
        return folder

    def pull(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Pull; gives the exit code and the result."""
        done = self.console(PULL, "--format=json", *words)
        assert done.stdout, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, told

    def execute(self, statement: str) -> None:
        with Access(self.url) as access:
            access.execute(statement)

    def inbox(self) -> list[tuple[Any, ...]]:
        return self.query(
            "SELECT platform, external_id, status, reason FROM platform_order_inbox"
            " ORDER BY 1, 2, id"
        )

    def orders(self) -> list[tuple[Any, ...]]:
        return self.query(
            "SELECT platform, external_id, state, total_cents FROM shop_order ORDER BY 1, 2"
        )

    def left(self) -> dict[str, Any]:
        """All that a pull leaves, but for times, run ids and the windows asked for."""
        folders = sorted(
            str(p.relative_to(self.files)) for p in self.files.rglob("*") if p.is_file()
        )
        return {
            "inbox": self.query(
                "SELECT platform, external_id, version_hash, status, raw"
                " FROM platform_order_inbox ORDER BY 1, 2, 3"
            ),
            "queue": self.query("SELECT type, dedupe_key, status FROM queue ORDER BY 2"),
            "counter": self.query("SELECT platform, counter FROM platform_cursor ORDER BY 1"),
            "asking": self.query("SELECT platform FROM platform_state WHERE is_asking ORDER BY 1"),
            "files": folders,
        }
