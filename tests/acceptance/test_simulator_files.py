"""CR-013 through bin/console: the whole set or nothing of it, once, whatever is killed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from partner_sftp import sftp_host
from servers import KINDS, database
from simulator_shop import ARTICLES, FITMENTS, SEND, VEHICLES, SimulatorShop

FILES = {
    "vehicles.csv": VEHICLES.encode(),
    "fitments.csv": FITMENTS.encode(),
    "articles.csv": ARTICLES.encode(),
}
LINES = "".join(
    f"{name};1;{len(content)};{hashlib.sha256(content).hexdigest()}\r\n"
    for name, content in FILES.items()
)
SET = {**FILES, "manifest.csv": f"file;lines;bytes;sha256\r\n{LINES}".encode()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_database_makes_the_same_set_which_is_sent_once(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = SimulatorShop(tmp_path / "shop", url=url)

        code, told = shop.send()

        assert (code, told["outcome"]) == (0, "succeeded")
        assert told["items"] == {"files": 4, "lines": 6}
        assert shop.arrived() == SET
        assert shop.send()[1]["outcome"] == "empty"
        assert shop.query("SELECT subject, partner FROM transfer_run") == [("simulator", "mak")]
        assert shop.query("SELECT name, line_count FROM transfer_file ORDER BY name") == [
            ("articles.csv", 1),
            ("fitments.csv", 1),
            ("manifest.csv", 3),
            ("vehicles.csv", 1),
        ]
        assert not list((shop.root / "var").rglob("simulator/*"))


def test_what_changed_is_sent_and_what_is_due_again_as_well(tmp_path: Path) -> None:
    shop = SimulatorShop(tmp_path / "shop")
    shop.send()

    shop.another_vehicle()
    assert shop.send()[1]["outcome"] == "succeeded"
    assert "Škoda" in shop.arrived()["vehicles.csv"].decode()

    assert shop.send("--force", "--reason", "they lost it")[1]["outcome"] == "succeeded"
    shop.setting("most_silence_hours = 168", "most_silence_hours = 0.00001")
    assert shop.send()[1]["outcome"] == "succeeded"


def test_killed_anywhere_the_next_run_completes_the_set_and_no_file_was_ever_half(
    tmp_path: Path,
) -> None:
    names = tmp_path / "checkpoints"
    SimulatorShop(tmp_path / "shop").start_faulty(f"record:{names}", SEND).communicate(timeout=60)

    for number, name in _kinds(names.read_text("utf-8").split()):
        shop = SimulatorShop(tmp_path / f"killed-{number}")
        killed = shop.start_faulty(f"kill:{number}", SEND)
        killed.communicate(timeout=60)
        assert killed.returncode == 70, name
        seen = {name: it for name, it in shop.arrived().items() if not name.endswith(".part")}
        assert seen in ({}, SET), name

        code, told = shop.send()

        assert code == 0, told
        assert shop.arrived() == SET, name
        assert shop.query("SELECT COUNT(*) FROM transfer_run") == [(1,)], name


def _kinds(names: Sequence[str]) -> list[tuple[int, str]]:
    """Give the last checkpoint of each name by its number."""
    last = {name: number for number, name in enumerate(names, 1)}
    assert set(last) == {"verified", "block", "built", "sent", "renaming", "arrived", "noted"}
    return [(number, name) for name, number in last.items() if name not in ("verified", "built")]


def test_a_dry_run_builds_and_tells_and_sends_nothing(tmp_path: Path) -> None:
    shop = SimulatorShop(tmp_path / "shop")

    code, told = shop.send("--dry-run")

    assert (code, told["items"]) == (0, {"files": 4, "lines": 6})
    assert shop.arrived() == {}
    assert shop.query("SELECT COUNT(*) FROM transfer_run") == [(0,)]


def test_a_set_that_lost_its_lines_is_not_sent_until_somebody_says_why(tmp_path: Path) -> None:
    shop = SimulatorShop(tmp_path / "shop")
    shop.setting('name = "vehicles.csv"\nleast_lines = 1', 'name = "vehicles.csv"\nleast_lines = 2')

    done = shop.console(SEND)

    assert done.returncode == 70
    assert "vehicles.csv has 1 lines, expected are at least 2" in done.stderr
    assert shop.arrived() == {}
    assert shop.send("--force", "--reason", "one is right")[0] == 0
    assert shop.arrived() == SET


def test_force_without_a_reason_is_refused(tmp_path: Path) -> None:
    done = SimulatorShop(tmp_path / "shop").console(SEND, "--force")

    assert (done.returncode, "--force needs a --reason" in done.stderr) == (2, True)


def test_a_secret_that_is_missing_fails_before_anything_is_built(tmp_path: Path) -> None:
    shop = SimulatorShop(tmp_path / "shop")
    with sftp_host(tmp_path / "files") as host:
        host.written(shop.root)
        done = shop.console(SEND)

    assert done.returncode == 78
    assert "mak/password cannot be read" in done.stderr
    assert not (shop.root / "var" / "state" / "simulator").exists()
    assert host.logins == []


def test_a_wrong_password_is_tried_once_in_all_attempts_of_a_run(tmp_path: Path) -> None:
    shop = SimulatorShop(tmp_path / "shop")
    with sftp_host(tmp_path / "files") as host:
        host.secrets = {"mak/password": "mistyped"}
        host.written(shop.root)
        secrets = {"CRONTRACT_SECRETS__DIRECTORY": str(shop.root / "secrets")}
        done = shop.console(SEND, **secrets)

        assert done.returncode == 70
        assert "refuses shop" in done.stderr
        assert "mistyped" not in done.stderr + done.stdout
        assert host.logins == ["refused"]


def test_killed_among_its_files_the_partners_server_shows_none_of_them_until_all_are_there(
    tmp_path: Path,
) -> None:
    shop = SimulatorShop(tmp_path / "shop")
    shop.environment["CRONTRACT_SECRETS__DIRECTORY"] = str(shop.root / "secrets")
    with sftp_host(tmp_path / "files") as host:
        host.written(shop.root)
        shop.start_faulty("kill:7", SEND).communicate(timeout=60)
        left = {path.name for path in host.folder.iterdir()}
        assert left == {"vehicles.csv.part", "fitments.csv.part"}

        done = shop.console(SEND)

        assert done.returncode == 0, done.stderr
        assert {path.name: path.read_bytes() for path in host.folder.iterdir()} == SET
