"""Runtime and domain ownership are both notified on failure, through bin/console and real servers.

Given a scheduled job fails, when alerting is emitted, then Shared Ops receive the runtime alert
and the domain's owner receives the notification of its impact.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acceptance.alert_shop import (
    MANAGER,
    ROUTES,
    SLOTS,
    AlertShop,
    Listener,
    heard,
    mail_channel,
    owners,
)
from infra.sql.migrate import upgrade
from private_shop import IMPORT, SETTING, events, kill
from servers import KINDS, database, private
from servers.mail import MailServer

EVERY_MINUTE = """
[[schedule]]
id = "one-supplier"
command = "cron:suppliers:import-stock"
arguments = ["--supplier=1"]
cron = "* * * * *"
start_grace_seconds = 600
"""

PAST = {"past": "2026-01-01T00:00:00.000000Z"}

BOTH = [("ops", "page"), ("stock", "impact")]
BOTH_WELL = [("ops", "recovered"), ("stock", "recovered")]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as server:
        yield server


def routes(ops: int, stock: int) -> str:
    return (
        mail_channel("ops", ops, "ops@shop.example")
        + mail_channel("stock", stock, "stock@shop.example")
        + owners(Shared_Ops=["ops"], Stock_Import=["stock"])
    )


@pytest.fixture
def shop(tmp_path: Path, mail: MailServer) -> AlertShop:
    root = tmp_path / "shop"
    root.mkdir()
    shop = AlertShop(root, routes(mail.port, mail.port))
    shop.break_feed()
    return shop


# --- the scenario -------------------------------------------------------------------------------


def test_a_failed_run_tells_ops_how_to_mend_it_and_the_domain_what_it_means(
    shop: AlertShop, mail: MailServer
) -> None:
    assert shop.fire(SLOTS[0]) == 70

    assert heard(mail.mails()) == BOTH
    ops, stock = (received.get_content() for received in mail.mails())
    run = shop.runs()[0]["run"]
    assert f"bin/console runs:show {run}" in ops
    assert "ops/runbooks/CR-010.md" in ops
    assert "out of date: customers may order what is not there" in stock
    assert "Shared Ops mends it" in stock
    assert "runs:show" not in stock


def test_it_is_told_once_and_its_end_once_to_the_same_people_in_the_same_thread(
    shop: AlertShop, mail: MailServer
) -> None:
    codes = [shop.fire(SLOTS[0]), shop.fire(SLOTS[1])]
    shop.mend_feed()
    codes += [shop.fire(SLOTS[2]), shop.fire(SLOTS[3])]

    assert codes == [70, 70, 0, 0]
    mails = mail.mails()
    assert heard(mails) == [*BOTH, *BOTH_WELL]
    assert [mails[2]["References"], mails[3]["References"]] == [
        mails[0]["Message-ID"],
        mails[1]["Message-ID"],
    ]
    (incident,) = shop.incidents("--all")
    assert (incident["state"], incident["failures"]) == ("recovered", 2)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_on_a_database_server_too_both_are_told_and_told_of_the_end(
    tmp_path: Path, mail: MailServer, kind: str
) -> None:
    (tmp_path / "shop").mkdir()
    with database(kind) as url:
        shop = AlertShop(tmp_path / "shop", routes(mail.port, mail.port), url=url)
        shop.break_feed()
        codes = [shop.fire(SLOTS[0]), shop.fire(SLOTS[1])]
        shop.mend_feed()
        codes.append(shop.fire(SLOTS[2]))

        assert codes == [70, 70, 0]
        assert heard(mail.mails()) == [*BOTH, *BOTH_WELL]
        assert [incident["state"] for incident in shop.incidents("--all")] == ["recovered"]


def test_firings_that_nobody_started_are_told_by_the_next_one(
    shop: AlertShop, mail: MailServer
) -> None:
    schedules = shop.root / "config" / "schedules.toml"
    schedules.write_text(EVERY_MINUTE, "utf-8")
    shop.mend_feed()
    now = datetime.now(UTC)

    codes = [shop.fire(f"{now - timedelta(minutes=ago):%FT%H:%MZ}") for ago in (5, 2, 1)]

    assert codes == [0, 0, 0]
    assert heard(mail.mails()) == BOTH_WELL
    assert "2 firings were not started" in mail.mails()[0].get_content()


def test_a_person_s_own_failed_run_wakes_nobody(shop: AlertShop, mail: MailServer) -> None:
    assert shop.console(IMPORT, "--supplier=1").returncode == 70

    assert mail.mails() == []
    assert shop.incidents() == []


def test_a_dry_run_tells_nobody(shop: AlertShop, mail: MailServer) -> None:
    shop.fire(SLOTS[0], IMPORT, "--supplier=1", "--dry-run")

    assert mail.mails() == []


# --- whatever is killed -------------------------------------------------------------------------


def test_a_job_that_is_killed_is_told_by_its_supervisor(shop: AlertShop, mail: MailServer) -> None:
    shop.mend_feed()
    shop.environment["CRON_TRIGGER"] = "schedule"

    killed = shop.start_faulty("kill:1", IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}")
    killed.communicate(timeout=60)

    assert killed.returncode == 70
    assert heard(mail.mails()) == BOTH
    assert "[page] cron:suppliers:import-stock supplier.1" in mail.mails()[0]["Subject"]
    assert "crashed" in mail.mails()[0]["Subject"]


def test_a_job_killed_with_its_supervisor_is_told_by_the_next_start_of_any_command(
    shop: AlertShop, mail: MailServer
) -> None:
    shop.mend_feed()
    shop.environment["CRON_TRIGGER"] = "schedule"
    dying = shop.start_faulty("hang:1", IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}")
    assert dying.stderr
    assert any("hangs at" in line for line in dying.stderr)
    kill([dying.pid])
    dying.communicate(timeout=60)
    nobody_yet = mail.mails()
    del shop.environment["CRON_TRIGGER"]

    listed = shop.console("runs:list")  # closes the dead run, and must not swallow it
    next_start = shop.console(IMPORT, "--all")

    assert (nobody_yet, listed.returncode, next_start.returncode) == ([], 0, 0)
    assert heard(mail.mails()) == BOTH
    assert "it was killed" in mail.mails()[0].get_content()


def test_a_supervisor_killed_while_it_sends_leaves_the_notice_to_the_next_run(
    shop: AlertShop, mail: MailServer
) -> None:
    mail.hang("CONNECT")
    dying = shop.start(
        IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}", CRON_TRIGGER="schedule"
    )
    assert dying.stderr
    assert any("incident.opened" in line for line in dying.stderr)
    kill([dying.pid])
    dying.communicate(timeout=60)
    mail.accept()
    _let_a_minute_pass(shop)
    shop.mend_feed()

    next_start = shop.console(IMPORT, "--all")

    assert (dying.returncode, next_start.returncode) == (-9, 0)
    assert heard(mail.mails()) == BOTH


# --- whatever is down ---------------------------------------------------------------------------


def test_where_the_first_channel_is_down_the_second_tells_and_the_receipt_says_so(
    shop: AlertShop, mail: MailServer, tmp_path: Path
) -> None:
    with private("smtp", tmp_path / "first") as first:
        first.refuse("451 try again later")
        shop.configure(
            mail_channel("first", first.port, "ops@first.example")
            + mail_channel("ops", mail.port, "ops@shop.example")
            + owners(Shared_Ops=["first", "ops"], Stock_Import=["first", "ops"])
        )

        shop.fire(SLOTS[0])

    assert heard(mail.mails()) == [("ops", "page"), ("ops", "impact")]
    (incident,) = shop.incidents()
    shown = shop.read("incidents:show", incident["incident"])
    receipts = [(r["channel"], r["state"]) for r in shown["receipts"]]
    assert receipts == [("first", "failed"), ("ops", "ok")] * 2
    assert "451 try again later" in shown["receipts"][0]["answer"]


def test_where_all_channels_are_down_the_next_run_of_any_command_delivers(
    shop: AlertShop, mail: MailServer
) -> None:
    mail.stop()
    down = shop.console(
        IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}", CRON_TRIGGER="schedule"
    )
    mail.start()
    shop.mend_feed()
    too_soon = shop.console(IMPORT, "--all")
    waiting = mail.mails()
    _let_a_minute_pass(shop)

    later = shop.console(IMPORT, "--all")

    assert (down.returncode, too_soon.returncode, later.returncode) == (70, 0, 0)
    assert len(events(down.stderr, "alert.unsent")) == 2
    assert waiting == []
    assert heard(mail.mails()) == BOTH


def test_a_flush_delivers_what_waits_at_once(shop: AlertShop, mail: MailServer) -> None:
    mail.stop()
    shop.fire(SLOTS[0])
    still_down = shop.console("alert:flush")
    mail.start()

    flushed = shop.console("alert:flush")

    assert (still_down.returncode, still_down.stdout) == (69, "0 of 2 notices sent\n")
    assert (flushed.returncode, flushed.stdout) == (0, "2 of 2 notices sent\n")
    assert heard(mail.mails()) == BOTH


def test_a_mail_server_that_hangs_holds_a_run_for_no_longer_than_its_limit(
    shop: AlertShop, mail: MailServer
) -> None:
    mail.hang("CONNECT")

    done = shop.console(
        IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}", CRON_TRIGGER="schedule"
    )

    assert done.returncode == 70
    answers = [line["message"] for line in events(done.stderr, "alert.unsent")]
    assert len(answers) == 2
    assert all("no answer within" in answer or "timed out" in answer for answer in answers)


def test_without_any_channel_a_failing_run_says_so_once(shop: AlertShop) -> None:
    shop.configure("")

    done = shop.console(
        IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}", CRON_TRIGGER="schedule"
    )

    assert done.returncode == 70
    (said,) = events(done.stderr, "alert.no_channel")
    assert said["message"].startswith("no channel for owner Shared Ops, Stock Import")


def test_a_broken_alerts_file_is_said_and_costs_neither_the_run_nor_the_notice(
    shop: AlertShop, mail: MailServer
) -> None:
    shop.configure("[broken")
    done = shop.console(
        IMPORT, "--supplier=1", f"--scheduled-at={SLOTS[0]}", CRON_TRIGGER="schedule"
    )
    checked = shop.console("config:check")
    shop.configure(routes(mail.port, mail.port))
    shop.console("alert:flush")

    assert (done.returncode, checked.returncode) == (70, 78)
    assert "alerts.toml" in events(done.stderr, "alerts.failed")[0]["message"]
    assert "alerts.toml" in checked.stdout
    assert heard(mail.mails()) == BOTH


# --- without a ledger ---------------------------------------------------------------------------


def test_a_database_that_is_away_is_told_once_and_so_is_its_return(
    shop: AlertShop, mail: MailServer
) -> None:
    database = shop.root / "var" / "crontract.db"
    database.rename(database.with_suffix(".away"))
    away = [shop.fire(SLOTS[0]), shop.fire(SLOTS[1])]
    told = heard(mail.mails())
    database.with_suffix(".away").rename(database)
    shop.mend_feed()

    back = shop.fire(SLOTS[2])

    assert (away, told, back) == ([78, 78], BOTH, 0)
    assert heard(mail.mails())[2:] == BOTH_WELL
    (incident,) = shop.incidents("--all")
    assert (incident["state"], incident["failures"]) == ("recovered", 2)
    assert shop.fire(SLOTS[3]) == 0
    assert len(mail.mails()) == 4


def test_a_database_server_that_is_down_is_told_and_its_return_too(
    tmp_path: Path, mail: MailServer
) -> None:
    (tmp_path / "shop").mkdir()
    with private("postgresql", tmp_path / "pg") as server:
        upgrade(server.url)
        shop = AlertShop(tmp_path / "shop", routes(mail.port, mail.port), url=server.url)
        shop.mend_feed()
        server.kill()
        down = [shop.fire(SLOTS[0]), shop.fire(SLOTS[1])]
        told = heard(mail.mails())
        server.start()
        back = [shop.fire(SLOTS[2]), shop.fire(SLOTS[3])]

    assert (down, told, back) == ([69, 69], BOTH, [0, 0])
    assert heard(mail.mails()) == [*BOTH, *BOTH_WELL]
    assert "unavailable" in mail.mails()[0]["Subject"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((IMPORT, "--supplier=1", "--al"), "--al"),
        ((IMPORT,), "give either --all or --supplier ID"),
        (("cron:supliers:import", "--all"), 'There is no command "cron:supliers:import"'),
    ],
    ids=["option", "request", "command"],
)
def test_a_schedule_whose_words_make_no_sense_is_told(
    shop: AlertShop, mail: MailServer, words: tuple[str, ...], said: str
) -> None:
    typed = shop.console(*words)
    nobody = mail.mails()

    fired = shop.console(*words, CRON_TRIGGER="schedule")

    assert (typed.returncode, nobody, fired.returncode) == (2, [], 2)
    assert mail.mails()[0]["To"] == "ops@shop.example"
    assert said in mail.mails()[0].get_content()


def test_broken_settings_are_told_too(shop: AlertShop, mail: MailServer) -> None:
    app = shop.root / "config" / "app.toml"
    app.write_text(app.read_text("utf-8").replace("[cron]", "[corn]"), "utf-8")

    codes = [shop.fire(SLOTS[0]), shop.fire(SLOTS[1])]

    assert codes == [78, 78]
    assert heard(mail.mails()) == BOTH
    assert "corn" in mail.mails()[0].get_content()


# --- Alertmanager -------------------------------------------------------------------------------


def test_alertmanager_brings_one_alert_to_both_receivers_and_resolves_it(
    shop: AlertShop, tmp_path: Path
) -> None:
    with Listener().listening() as runtime, Listener().listening() as domain:
        config = ROUTES.format(runtime=runtime.url, domain=domain.url)
        with private("alertmanager", tmp_path / "am", config=config) as manager:
            channels = MANAGER.format(url=manager.url)
            shop.configure(
                channels + owners(Shared_Ops=["alertmanager"], Stock_Import=["alertmanager"])
            )

            shop.fire(SLOTS[0])
            fired = runtime.states(1), domain.states(1)
            shop.mend_feed()
            shop.fire(SLOTS[1])
            ended = runtime.states(2), domain.states(2)

    assert fired == ([("firing", IMPORT)], [("firing", IMPORT)])
    assert ended[0][1:] == ended[1][1:] == [("resolved", IMPORT)]
    alert = runtime.posts[0]["alerts"][0]
    assert alert["labels"] | {"fault": ""} == {
        "alertname": "CronRunFailed",
        "cron_job": IMPORT,
        "command": IMPORT,
        "scope": "supplier.1",
        "severity": "page",
        "domain_owner": "stock-import",
        "runtime_owner": "shared-ops",
        "fault": "",
    }
    assert "runs:show" in alert["annotations"]["description"]
    assert "out of date" in alert["annotations"]["impact"]


# --- commands -----------------------------------------------------------------------------------


def test_a_test_alert_goes_to_every_owner_of_a_job(shop: AlertShop, mail: MailServer) -> None:
    tested = shop.console("alert:test", "CR-010")

    assert tested.returncode == 0, tested.stdout
    assert heard(mail.mails()) == [("ops", "test"), ("stock", "test")]


def test_a_test_alert_names_each_owner_who_hears_nothing(shop: AlertShop, mail: MailServer) -> None:
    tested = shop.console("alert:test", "CR-001", "--format=json")

    assert tested.returncode == 69
    rows = [(row["owner"], row["state"]) for row in json.loads(tested.stdout)]
    assert rows == [("Shared Ops", "ok"), ("Webshop Admin", "failed"), ("Stock Import", "ok")]


def test_an_incident_is_listed_shown_and_acknowledged(shop: AlertShop) -> None:
    shop.fire(SLOTS[0])
    (incident,) = shop.incidents()

    acked = shop.console("incidents:ack", incident["incident"], "--reason=the supplier mends it")

    assert acked.returncode == 0
    shown = shop.read("incidents:show", incident["incident"])
    assert shown["reason"] == "the supplier mends it"
    assert [notice["state"] for notice in shown["notices"]] == ["sent", "sent"]
    assert shop.incidents()[0]["state"] == "acknowledged"


def test_fifty_failing_suppliers_are_one_incident(shop: AlertShop, mail: MailServer) -> None:
    broken = (shop.root / "var" / "import" / "1" / "stock.csv").read_text("utf-8")
    many = shop.root / "many.toml"
    many.write_text("".join(SETTING.format(number=number) for number in range(1, 51)), "utf-8")
    assert shop.console("suppliers:load", str(many)).returncode == 0
    for number in range(2, 51):
        folder = shop.root / "var" / "import" / str(number)
        folder.mkdir()
        (folder / "stock.csv").write_text(broken, "utf-8")

    assert shop.fire(f"{datetime.now(UTC):%FT%H:%MZ}", IMPORT, "--all") == 70

    assert heard(mail.mails()) == BOTH
    assert len(shop.incidents()) == 1


def _let_a_minute_pass(shop: AlertShop) -> None:
    """Let every notice's next try come and every claim end, as the clock would do."""
    with sqlite3.connect(shop.root / "var" / "crontract.db") as connection:
        connection.execute("UPDATE cron_notice SET next_try = :past", PAST)
        connection.execute(
            "UPDATE cron_notice SET claimed_until = :past WHERE claimed_until IS NOT NULL", PAST
        )
