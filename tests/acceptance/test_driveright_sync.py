"""CR-012 through bin/console: every stage once for a snapshot, whatever is killed in between."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from partner_site import listening
from partners.driveright import KEY, DriveRight, cut
from partners.driveright import car as partner_car
from private_shop import CHECKOUT
from servers import database, private
from vehicle_shop import SYNC, VehicleShop, car, wheel


def shop_with_changes(root: Path, *, url: str = "") -> VehicleShop:
    """Forty vehicles are live; since then one is new, one changed, one gone."""
    shop = VehicleShop(root, url=url)
    shop.delivers([car(n) for n in range(40)], [wheel(n) for n in range(40)])
    assert shop.sync()["outcome"] == "succeeded"
    rows = [car(n) for n in range(1, 41)]
    rows[0] = car(1, model="Another")
    shop.delivers([*rows, car(1, "Audi")], [wheel(n) for n in range(1, 41)])
    return shop


def test_a_sync_brings_what_changed_and_the_second_one_nothing(tmp_path: Path) -> None:
    shop = shop_with_changes(tmp_path / "shop")

    changed, again = shop.sync(), shop.sync()

    assert (changed["outcome"], changed["items"]) == (
        "succeeded",
        {"new": 3, "changed": 1, "gone": 2, "renumbered": 0},
    )
    assert (again["outcome"], again["code"]) == ("empty", 0)
    live = shop.live()
    assert len(live["vehicles"]) == 41
    assert [row[3] for row in live["vehicles"] if row[0] == "BMW-1"] == ["Another"]
    assert live["version"] == [("vehicles", 2)]
    assert len(shop.mails()) == 2


# --- kills ---------------------------------------------------------------------------------------


def copied(template: VehicleShop, root: Path) -> VehicleShop:
    """Give a shop that is where another one is, on SQLite."""
    shop = VehicleShop(root)
    for file in (template.root / "var").glob("crontract.db*"):
        shutil.copyfile(file, root / "var" / file.name)
    for file in template.folder.iterdir():
        shutil.copyfile(file, shop.folder / file.name)
    return shop


def left(shop: VehicleShop) -> dict[str, object]:
    """Give all that must be the same whatever was killed: the second snapshot is the one."""
    mails = [mail["Subject"] for mail in shop.mails() if "snapshot 2" in mail["Subject"]]
    return {**shop.live(), "mails": mails, "stages": shop.stages()}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> VehicleShop:
    return shop_with_changes(tmp_path_factory.mktemp("changed") / "shop")


def test_killed_at_any_checkpoint_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, changed: VehicleShop
) -> None:
    undisturbed, names = copied(changed, tmp_path / "undisturbed"), tmp_path / "checkpoints"
    undisturbed.start_faulty(f"record:{names}", SYNC).communicate(timeout=60)
    expected = left(undisturbed)
    assert len(undisturbed.mails()) == 1

    checkpoints = names.read_text("utf-8").split()
    assert {"begun", "staged", "kept", "compared", "written", "applied"} <= set(checkpoints)
    for name in dict.fromkeys(checkpoints):
        number = checkpoints.index(name) + 1
        shop = copied(changed, tmp_path / f"killed-{number}")
        killed = shop.start_faulty(f"kill:{number}", SYNC)
        killed.communicate(timeout=60)
        assert killed.returncode == 70, name
        assert shop.sync()["code"] == 0, name
        assert left(shop) == expected, name


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_killed_again_and_again_it_comes_to_its_end(tmp_path: Path, kind: str) -> None:
    with database(kind) as url:
        shop = shop_with_changes(tmp_path / "shop", url=url)
        for _ in range(20):
            run = shop.start_faulty("kill:4", SYNC)
            run.communicate(timeout=60)
            if run.returncode == 0 or (2, "update", "done") in shop.stages():
                break

        assert [row[2] for row in shop.stages()] == ["done"] * 8
        assert shop.sync()["outcome"] == "empty"
        assert len(shop.mails()) == 2
        assert len(shop.live()["vehicles"]) == 41
        assert shop.live()["version"] == [("vehicles", 2)]


def test_a_newcomer_syncs_the_sample_shop_s_vehicles(tmp_path: Path) -> None:
    shop = VehicleShop(tmp_path / "shop")
    shutil.rmtree(shop.folder)
    shutil.copytree(CHECKOUT / "ops" / "sample-shop", shop.root / "ops" / "sample-shop")

    loaded = shop.console("shop:load-sample")
    told = shop.sync()

    assert "2 vehicle files" in loaded.stdout
    assert told["units"][0]["counts"] == {
        "vehicles": 817,
        "fitments": 6,
        "rejected": 0,
        "repeated": 0,
    }
    assert told["items"]["new"] == 823
    (mail,) = shop.mails()
    assert mail["Subject"] == "Vehicle data, snapshot 1: 817 new vehicles, 6 new fitments"


@pytest.mark.parametrize(
    "words",
    [
        ["--force"],
        ["--from-stage=pull", "--only-stage=pull"],
        ["--no-resume", "--from-stage=email"],
        ["--no-resume", "--restart"],
        ["--restart", "--only-stage=sync"],
        ["--from-stage=mail"],
    ],
)
def test_options_that_make_no_sense_together_are_told(tmp_path: Path, words: list[str]) -> None:
    done = VehicleShop(tmp_path / "shop").console(SYNC, *words)

    assert done.returncode == 2, done.stderr


# --- a partner in place of files -----------------------------------------------------------------


def test_vehicles_come_from_a_partner_make_by_make(tmp_path: Path) -> None:
    bad = partner_car(3, year_from=2010, year_to=2001)
    site = DriveRight(
        {
            "BMW": [partner_car(n) for n in range(1, 80)] + [bad, partner_car(1)],
            "Škoda": [partner_car(7, "Škoda", centre_bore=None)],
        }
    )
    shop = VehicleShop(tmp_path / "shop")
    with listening(site) as running:
        shop.asks(running.address)

        told = shop.sync()

    assert told["outcome"] == "succeeded", told["log"]
    assert told["units"][0]["counts"] == {
        "vehicles": 80,
        "fitments": 80,
        "rejected": 1,
        "repeated": 1,
    }
    assert shop.query("SELECT vehicle_id, reason FROM driveright_quarantine") == [
        ("BMW-3", "years 2010 to 2001 are the wrong way round")
    ]
    assert KEY not in told["log"] + str(told) + str(shop.mails()[0])


def test_a_partner_that_fails_in_mid_paging_is_asked_again_from_that_make_on(
    tmp_path: Path,
) -> None:
    makes = {name: [partner_car(n, name) for n in range(3)] for name in ("Audi", "BMW", "Seat")}
    site = DriveRight(makes, {3: cut})
    shop = VehicleShop(tmp_path / "shop")
    with listening(site) as running:
        shop.asks(running.address)
        run = shop.start_faulty("hasty:", SYNC)
        _, log = run.communicate(timeout=60)
        assert run.returncode == 0, log
        asked = [it.query["make"][0] for it in running.asked if it.path == "/v2/vehicles"]

    assert asked == ["Audi", "BMW", "BMW", "Seat"]
    assert len(shop.mails()) == 1
    assert [row[2] for row in shop.stages()] == ["done"] * 4


def test_a_wrong_key_is_tried_once(tmp_path: Path) -> None:
    shop = VehicleShop(tmp_path / "shop")
    with listening(DriveRight({"BMW": []}, key="another")) as running:
        shop.asks(running.address)

        told = shop.sync()

        assert len(running.asked) == 1
    assert told["code"] == 70
    assert "refuses the key: correct vehicles.web.api_key" in told["log"]
    assert KEY not in told["log"]


def test_a_key_that_is_missing_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    shop = VehicleShop(tmp_path / "shop")
    shop.asks("http://127.0.0.1:1")
    del shop.environment["DRIVERIGHT_KEY"]

    told = shop.sync()

    assert told["code"] == 78
    assert "env:DRIVERIGHT_KEY is not set" in told["log"]


# --- the mail ------------------------------------------------------------------------------------


def test_nothing_is_live_before_the_mail_server_took_the_report(tmp_path: Path) -> None:
    shop = shop_with_changes(tmp_path / "shop")
    with private("smtp", tmp_path / "smtp") as server:
        shop.set(
            ('kind = "directory"', 'kind = "smtp"'),
            ('host = ""', f'host = "{server.host}"'),
            ("port = 587", f"port = {server.port}"),
            ('security = "starttls"', 'security = "none"'),
        )
        server.refuse("550 not today", at="RCPT")
        before = shop.live()

        refused = shop.sync()

        assert refused["code"] == 70, refused["log"]
        assert shop.live() == before
        server.accept()
        taken = shop.sync()
        assert [unit["unit"] for unit in taken["units"]] == ["email", "update"]
        (mail,) = server.mails()
        assert mail["Subject"].startswith("Vehicle data, snapshot 2: 2 new vehicles")
        html = mail.get_body(("html",))
        assert html is not None
        assert "<li>BMW-1: BMW Model 1" in html.get_content()
    assert len(shop.live()["vehicles"]) == 41


def test_a_stage_that_never_succeeded_is_not_skipped(tmp_path: Path) -> None:
    shop = VehicleShop(tmp_path / "shop")

    told = shop.sync("--fromStage=update")  # as the legacy side spells it

    assert told["code"] == 70
    assert "--from-stage" in told["log"]
    assert "there is no snapshot to update" in told["log"]


def test_an_empty_file_takes_nothing_away(tmp_path: Path) -> None:
    shop = shop_with_changes(tmp_path / "shop")
    before = shop.live()
    shop.delivers()

    told = shop.sync("--force", "--reason=really")

    assert told["code"] == 70
    assert "the source has no vehicle at all" in told["log"]
    assert shop.live() == before
