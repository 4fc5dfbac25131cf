"""What a day and a storm do to notices, by bin/console and a real mail server.

Only the clock is helped on: what is on record is made older, as it would be by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from acceptance.alert_shop import SLOTS, AlertShop, heard, mail_channel, owners
from domain.operating.incidents import REMIND_EVERY, STORM_CAP, STORM_WINDOW
from infra.sql.connection import Database
from infra.sql.instants import from_text, to_text
from queue_rows import insert
from servers import private
from servers.mail import MailServer

TOLD, REMINDED = ("ops", "impact"), ("ops", "reminder")

INSTANTS = (
    ("cron_incident", "incident_id", ("opened_at", "last_at", "remind_at")),
    ("cron_notice", "notice_id", ("created_at", "next_try")),
)


class QueueAlerts(AlertShop):
    """A shop whose queue has a message that nobody can handle, as often as wanted."""

    def __init__(self, root: Path, port: int) -> None:
        root.mkdir()
        super().__init__(root, mail_channel("ops", port, "ops@shop.example"))
        self.configure(mail_channel("ops", port, "ops@shop.example") + owners(Shared_Ops=["ops"]))

    def crash(self, queue: str = "general") -> int:
        """Send such a message, and let the schedule start the processor."""
        with closing(Database(self.url)) as database:
            insert(database, [{"queue": queue, "type": "nobody.knows"}])
        return self.process(queue)

    def process(self, queue: str = "general") -> int:
        """Process as a schedule does whose words nobody declared, so that it has no slot."""
        words = ("cron:queue:process", f"--queue={queue}", "--stop-when-empty")
        return self.console(*words, CRON_TRIGGER="schedule").returncode

    def declare(self, queue: str) -> None:
        file = self.root / "config" / "queues.toml"
        file.write_text(f"{file.read_text('utf-8')}\n[queue.{queue}]\nworkers = 1\n", "utf-8")

    def let_pass(self, span: timedelta) -> None:
        with closing(Database(self.url)) as database:
            for table, key, columns in INSTANTS:
                for row in database.rows(f"SELECT * FROM {table}"):  # noqa: S608 - our own
                    for column in (name for name in columns if row[name]):
                        older = to_text(from_text(row[column]) - span)
                        change = f"UPDATE {table} SET {column} = :older WHERE {key} = :key"  # noqa: S608 - our own
                        database.execute(change, older=older, key=row[key])

    def fill_the_hour(self, notices: int) -> None:
        """Let the newest notice have been one of so many within the storm's window."""
        with closing(Database(self.url)) as database:
            (notice,) = map(dict, database.rows("SELECT * FROM cron_notice"))
            for _ in range(notices - 1):
                other = {"notice_id": str(uuid4()), "incident_id": str(uuid4())}
                with database.transaction() as transaction:
                    transaction.insert("cron_notice", {**notice, **other})


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, mail: MailServer) -> QueueAlerts:
    return QueueAlerts(tmp_path / "shop", mail.port)


def test_a_queue_that_goes_on_crashing_is_told_once_and_reminded_of_once_a_day(
    shop: QueueAlerts, mail: MailServer
) -> None:
    codes = [shop.crash(), shop.crash()]
    first_day = heard(mail.mails())
    shop.let_pass(REMIND_EVERY)
    codes += [shop.crash(), shop.crash()]
    second_day = heard(mail.mails())
    shop.let_pass(REMIND_EVERY)
    codes.append(shop.crash())

    assert codes == [4] * 5
    assert (first_day, second_day) == ([TOLD], [TOLD, REMINDED])
    assert heard(mail.mails()) == [TOLD, REMINDED, REMINDED]
    (incident,) = shop.incidents()
    assert incident["failures"] == 5


def test_a_reminder_is_sent_by_whichever_run_comes_next_though_its_own_is_well(
    shop: QueueAlerts, mail: MailServer
) -> None:
    shop.mend_feed()
    shop.crash()
    shop.let_pass(REMIND_EVERY)

    assert shop.fire(SLOTS[0]) == 0

    assert heard(mail.mails()) == [TOLD, REMINDED]


@pytest.mark.parametrize("ending", ["acknowledged", "recovered"])
def test_what_somebody_took_on_or_what_is_over_is_not_reminded_of(
    shop: QueueAlerts, mail: MailServer, ending: str
) -> None:
    shop.mend_feed()
    shop.crash()
    if ending == "acknowledged":
        (incident,) = shop.incidents()
        shop.console("incidents:ack", incident["incident"], "--reason=asked the partner")
    else:
        shop.process()
    shop.let_pass(REMIND_EVERY)

    assert shop.fire(SLOTS[0]) == 0

    assert REMINDED not in heard(mail.mails())


def test_what_comes_above_the_cap_is_one_summary_until_the_hour_is_over(
    shop: QueueAlerts, mail: MailServer
) -> None:
    for queue in ("images", "mail", "orders"):
        shop.declare(queue)
    shop.crash()
    shop.fill_the_hour(STORM_CAP)

    shop.crash("images")
    shop.crash("mail")
    stormy = heard(mail.mails())
    shop.let_pass(STORM_WINDOW + timedelta(minutes=1))
    shop.crash("orders")

    assert stormy == [TOLD, ("ops", "storm")]
    assert heard(mail.mails()) == [*stormy, TOLD]
    assert len(shop.incidents()) == 4
