"""The operating model's acceptance scenarios, typed at bin/console and fired by a real cron."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from pytest_bdd import given, scenarios, then, when

from acceptance.alert_shop import configure_alerts, mail_channel, owners
from partner_site import Reply, Request, listening
from private_shop import CONSOLE, IMPORT, SETTING, Shop, kill
from queue_shop import PROCESS, QueueShop
from servers import private
from servers.mail import MailServer
from session_files import aged, names, session, session_id

scenarios("features/operating_model.feature")

EVERY_MINUTE = """
[[schedule]]
id = "every-minute"
command = "cron:images:enqueue-batches"
cron = "* * * * *"
start_grace_seconds = 120
"""

CRONTAB = """SHELL=/bin/sh
PATH=/usr/bin:/bin
MAILTO=""
CRON_TRIGGER=schedule
CRONTRACT_HOME={home}
* * * * * {console} cron:images:enqueue-batches
"""
"""As docs/how-to/run-from-cron.md says."""

LONGEST_TO_A_FULL_MINUTE = 90

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    root = tmp_path / "shop"
    root.mkdir()
    return Shop(root)


@pytest.fixture
def queue_shop(tmp_path: Path) -> QueueShop:
    return QueueShop(tmp_path / "shop")


@pytest.fixture
def until_the_end() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


# --- scheduled jobs run only through command entrypoints ------------------------------------------


@given("target scheduler manifests are applied")
def _(shop: Shop, tmp_path: Path, until_the_end: ExitStack) -> None:
    (shop.root / "config" / "schedules.toml").write_text(EVERY_MINUTE, "utf-8")
    (shop.root / "var" / "images" / "inbox").mkdir(parents=True)
    crontab = CRONTAB.format(home=shop.root, console=CONSOLE)
    until_the_end.enter_context(private("cron", tmp_path / "cron", crontab=crontab))


@when("a cron task is triggered", target_fixture="fired")
def _(shop: Shop) -> tuple[str, str]:
    give_up = time.monotonic() + LONGEST_TO_A_FULL_MINUTE
    ended = "SELECT command, trigger_kind FROM cron_run WHERE outcome IS NOT NULL"
    while not (rows := shop.query(ended)):
        assert time.monotonic() < give_up, "cron fired nothing"
        time.sleep(0.2)
    return rows[0]


@then("execution should call a console command and not an HTTP wrapper endpoint")
def _(shop: Shop, fired: tuple[str, str]) -> None:
    by_web = shop.console("cron:images:enqueue-batches", REQUEST_METHOD="GET")

    assert fired == ("cron:images:enqueue-batches", "schedule")
    assert by_web.returncode == 78
    assert "a web request started this" in by_web.stderr
    assert shop.query("SELECT DISTINCT trigger_kind FROM cron_run") == [("schedule",)]


# --- the queue processor prevents overlap ---------------------------------------------------------


@given("a queue processing run is already active", target_fixture="active")
def _(queue_shop: QueueShop, until_the_end: ExitStack) -> subprocess.Popen[str]:
    queue_shop.enqueue_marks("probe.send", 1, seconds=60)
    active = queue_shop.begin("--workers=1")
    until_the_end.callback(active.communicate, timeout=60)
    until_the_end.callback(kill, [active.pid])
    queue_shop.until("SELECT COUNT(*) FROM queue WHERE status = 'PROCESSING'", "it works")
    queue_shop.enqueue_marks("probe.count", 5)
    return active


@when("the scheduler triggers the same queue command", target_fixture="second")
def _(queue_shop: QueueShop, active: subprocess.Popen[str]) -> Done:
    slot = f"--scheduled-at={datetime.now(UTC):%FT%H:%MZ}"
    return queue_shop.console(
        PROCESS, "--queue=general", slot, "--format=json", CRON_TRIGGER="schedule"
    )


@then("the second run should not start processing jobs")
def _(queue_shop: QueueShop, active: subprocess.Popen[str], second: Done) -> None:
    assert (second.returncode, json.loads(second.stdout)["outcome"]) == (0, "skipped_locked")
    assert queue_shop.marks() == []
    assert queue_shop.query("SELECT COUNT(*) FROM queue WHERE claim_no > 0") == [(1,)]
    assert active.poll() is None


# --- runtime and domain ownership are both notified on failure ------------------------------------

PULL = "cron:platform:pull-orders"

PLATFORM = """
[platform.shop-de]
adapter = "magento2"
name = "Our German shop"
url = "{url}"
token = "env:SHOP_KEY"
"""


class Refusing:
    """A platform that has taken our right away."""

    def answer(self, request: Request) -> Reply:
        return Reply.of({"message": "The consumer is not authorized"}, status=403)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as server:
        yield server


@given("a scheduled platform order pull fails", target_fixture="failed")
def _(shop: Shop, mail: MailServer, until_the_end: ExitStack) -> Done:
    channels = mail_channel("ops", mail.port, "ops@shop.example")
    channels += mail_channel("export", mail.port, "platform-export@shop.example")
    configure_alerts(shop, channels + owners(Shared_Ops=["ops"], Platform_Export=["export"]))
    site = until_the_end.enter_context(listening(Refusing()))
    file = shop.root / "platform.toml"
    file.write_text(PLATFORM.format(url=site.address), "utf-8")
    loaded = shop.console("platforms:load", str(file))
    assert loaded.returncode == 0, loaded.stderr
    slot = f"--scheduled-at={datetime.now(UTC):%FT%H:%MZ}"
    return shop.console(PULL, slot, CRON_TRIGGER="schedule", SHOP_KEY="a-shop-key")


@when("alerting is emitted", target_fixture="told")
def _(mail: MailServer, failed: Done) -> dict[str, EmailMessage]:
    assert failed.returncode == 70, failed.stderr
    return {str(one["To"]): one for one in mail.mails()}


@then("Shared Ops should receive the runtime alert")
def _(told: dict[str, EmailMessage]) -> None:
    page = told["ops@shop.example"]

    assert page["Subject"].startswith(f"[page] {PULL}")
    assert "ops/runbooks/CR-008.md" in page.get_content()
    assert "bin/console runs:show" in page.get_content()


@then("Platform Export owner should receive domain-impact notification")
def _(told: dict[str, EmailMessage]) -> None:
    notice = told["platform-export@shop.example"]

    assert notice["Subject"].startswith("[impact]")
    assert "Orders placed on the platforms do not arrive in the shop" in notice.get_content()
    assert "runs:show" not in notice.get_content()


# --- the supplier stock import, all suppliers and one ---------------------------------------------

SUPPLIERS = (7, 23)
IDLE = 31


@given("supplier import command supports scope options")
def _(shop: Shop) -> None:
    off = SETTING.replace('name = "', 'active = false\nname = "')
    for number, setting in ((7, SETTING), (23, SETTING), (IDLE, off)):
        shop.add_supplier(number, setting=setting)
        shop.deliver(number, [("A-1", 4, "10,00")])


@when("it runs with --all", target_fixture="imported")
def _(shop: Shop) -> Done:
    return shop.console(IMPORT, "--all", "--format=json")


@then("all active supplier import settings should be processed")
def _(shop: Shop, imported: Done) -> None:
    assert units(imported) == {f"supplier {number} (Supplier {number})" for number in SUPPLIERS}
    assert shop.query("SELECT DISTINCT supplier_id FROM supplier_stock ORDER BY 1") == [(7,), (23,)]


@when("it runs with --supplier=23", target_fixture="imported")
def _(shop: Shop) -> Done:
    for number in SUPPLIERS:
        shop.deliver(number, [("A-1", 9, "10,00")], name="newer.csv")
    return shop.console(IMPORT, "--supplier=23", "--format=json")


@then("only supplier 23 should be processed")
def _(shop: Shop, imported: Done) -> None:
    assert units(imported) == {"supplier 23 (Supplier 23)"}
    assert shop.query("SELECT supplier_id, qty FROM supplier_stock ORDER BY 1") == [(7, 4), (23, 9)]


def units(done: Done) -> set[str]:
    assert done.returncode == 0, done.stderr
    return {unit["unit"] for unit in json.loads(done.stdout)["units"]}


# --- session cleanup uses retention policy --------------------------------------------------------


@given("session purge configuration defines max session age")
def _(shop: Shop) -> None:
    file = shop.root / "config" / "jobs.toml"
    text = file.read_text("utf-8")
    assert "\nmax_age_seconds = 1440 " in text
    file.write_text(text.replace("\nmax_age_seconds = 1440 ", "\nmax_age_seconds = 7200 "), "utf-8")
    sessions = shop.root / "var" / "sessions"
    for minutes in (0, 30, 119, 121, 600):
        session(sessions, minutes, timedelta(minutes=minutes))
    aged(sessions / "README", timedelta(days=9))


@when("the session purge command runs", target_fixture="purged")
def _(shop: Shop) -> Done:
    return shop.console("cron:sessions:purge", "--format=json")


@then("only sessions older than retention should be removed")
def _(shop: Shop, purged: Done) -> None:
    left = (f"sess_{session_id(minutes)}" for minutes in (0, 30, 119))

    assert purged.returncode == 0, purged.stderr
    assert json.loads(purged.stdout)["items"] == {"removed": 2}
    assert names(shop.root / "var" / "sessions") == ["README", *left]
