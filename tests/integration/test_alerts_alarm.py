"""From a run's end to the owners' mailboxes, with a clock that can be moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from acceptance.alert_shop import heard, mail_channel, owners
from domain.operating.contract import Contract, Owner, Priority
from domain.operating.report import Report
from domain.operating.run import Outcome
from fakes.operating import CONTRACT, THREE, FakeClock, RecordedLog
from infra.alerts.alarm import Kept, OwnerAlerts
from infra.alerts.courier import ChannelCourier, courier
from infra.alerts.settings import routes
from infra.alerts.spool import Spool
from infra.alerts.spooled import FILE
from infra.clock import SystemEntropy
from infra.sql.connection import Database
from infra.sql.incident_book import SqlIncidents
from infra.sql.incident_list import SqlIncidentBook
from infra.sql.incident_outbox import SqlOutbox
from infra.sql.migrate import upgrade
from servers import KINDS, database, private
from servers.mail import MailServer
from servers.server import Server

OPS, STOCK, ADMIN = Owner.SHARED_OPS, Owner.STOCK_IMPORT, Owner.WEBSHOP_ADMIN
TWO = replace(CONTRACT, covers=("CR-001",), accountable=(ADMIN, STOCK))
SAME = replace(CONTRACT, accountable=(OPS,))
NAMES = {OPS: "ops", STOCK: "stock", ADMIN: "admin"}


class Post:
    """The alerts of one host, with all they need but a run."""

    def __init__(self, url: str, folder: Path, mail: MailServer) -> None:
        self.database, self.mail, self.state = Database(url), mail, folder / "var"
        self.contract, self.clock, self.log = CONTRACT, FakeClock(), RecordedLog()
        self._root = folder
        (folder / "config").mkdir()
        channels = [mail_channel(n, mail.port, f"{n}@shop.example") for n in NAMES.values()]
        listed = {owner.value.replace(" ", "_"): [name] for owner, name in NAMES.items()}
        text = "".join(channels) + owners(**listed)
        (folder / "config" / "alerts.toml").write_text(text, encoding="utf-8")

    def alerts(self) -> OwnerAlerts:
        entropy = SystemEntropy()
        return OwnerAlerts(
            kept=Kept(
                incidents=SqlIncidents(self.database, entropy),
                outbox=SqlOutbox(self.database, lambda _command: self.contract),
            ),
            spool=Spool(self.state),
            courier=self._courier,
            contract_of=lambda _command: self.contract,
            log=self.log,
            clock=self.clock,
            entropy=entropy,
        )

    def _courier(self) -> ChannelCourier:
        return courier(routes(self._root), self._root, self.clock)

    def report(self, outcome: Outcome = Outcome.FAILED, run_id: str = "run-1") -> None:
        self.alerts().report(self.said(outcome, run_id), self.contract)

    def said(self, outcome: Outcome, run_id: str, command: str = CONTRACT.name) -> Report:
        now = self.clock.now()
        return Report(command=command, scope="all", run_id=run_id, outcome=outcome, at=now)

    def heard(self) -> list[tuple[str, str]]:
        return sorted(heard(self.mail.mails()))

    def forget_channels(self) -> None:
        (self._root / "config" / "alerts.toml").write_text("[broken", encoding="utf-8")

    def serving(self, contract: Contract) -> Post:
        self.contract = contract
        return self


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as server:
        yield server


@pytest.fixture(params=KINDS)
def post(request: pytest.FixtureRequest, tmp_path: Path, mail: MailServer) -> Iterator[Post]:
    with database(request.param) as url:
        post = Post(url, tmp_path, mail)
        yield post
        post.database.close()


# --- who hears ----------------------------------------------------------------------------------


def test_both_accountable_owners_hear_of_a_failure_and_of_its_end(post: Post) -> None:
    post.serving(TWO).report()
    opened = post.heard()
    post.report(Outcome.SUCCEEDED, "run-2")

    assert opened == [("admin", "impact"), ("ops", "page"), ("stock", "impact")]
    assert post.heard() == sorted(
        [*opened, ("admin", "recovered"), ("ops", "recovered"), ("stock", "recovered")]
    )


def test_one_team_that_runs_what_it_owns_gets_one_message_with_both_texts(post: Post) -> None:
    post.serving(SAME).report()

    (mail,) = post.mail.mails()
    text = mail.get_content()
    assert mail["To"] == "ops@shop.example"
    assert "What this means:" in text
    assert "bin/console runs:show run-1" in text


def test_whoever_was_told_is_reminded_every_day_until_it_is_over(post: Post) -> None:
    post.report()
    counts = []
    for hours in (23, 24, 47, 48):
        post.clock.at = THREE + timedelta(hours=hours)
        post.report(Outcome.SKIPPED_PAUSED, f"paused-{hours}")
        counts.append(post.heard().count(("ops", "reminder")))
    post.report(Outcome.SUCCEEDED, "run-2")
    post.clock.advance(60 * 60 * 72)
    post.report(Outcome.SUCCEEDED, "run-3")

    assert counts == [0, 1, 1, 2]
    reminded = [who for who, kind in post.heard() if kind == "reminder"]
    assert reminded == ["ops", "ops", "stock", "stock"]
    assert [kind for _, kind in post.heard()].count("recovered") == 2


def test_a_page_that_arrives_after_the_recovery_says_that_it_is_over(post: Post) -> None:
    post.mail.refuse("451 later", at="CONNECT")
    post.report()
    post.mail.accept()
    post.clock.advance(61)
    post.report(Outcome.SUCCEEDED, "run-2")
    post.clock.advance(3600)
    post.report(Outcome.SUCCEEDED, "run-3")

    assert post.heard() == [("ops", "recovered"), ("stock", "recovered")]
    assert all("works again" in mail.get_content() for mail in post.mail.mails())


# --- without a ledger ---------------------------------------------------------------------------


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Server]:
    with private("postgresql", tmp_path / "pg") as server:
        yield server


def test_while_the_database_is_down_each_owner_hears_of_it_once_and_of_its_end(
    postgresql: Server, tmp_path: Path, mail: MailServer
) -> None:
    upgrade(postgresql.url)
    post = Post(postgresql.url, tmp_path, mail)
    postgresql.kill()
    for run in ("run-1", "run-2"):
        post.report(Outcome.UNAVAILABLE, run)
    other = post.said(Outcome.UNAVAILABLE, "run-3", command="cron:other:work")
    post.alerts().report(other, post.contract)
    down = post.heard()
    postgresql.start()

    post.report(Outcome.SUCCEEDED, "run-4")

    assert down == [("ops", "page"), ("stock", "impact")]
    assert post.heard() == sorted([*down, ("ops", "recovered"), ("stock", "recovered")])
    assert (post.state / FILE).stat().st_size == 0
    (incident,) = SqlIncidentBook(post.database).incidents(closed=True, limit=9)
    assert (incident.failures, incident.state) == (2, "recovered")
    post.database.close()


@pytest.fixture
def homeless(tmp_path: Path, mail: MailServer) -> Post:
    """One whose database is not there."""
    return Post(f"sqlite:///{tmp_path}/nowhere/none.db", tmp_path, mail)


def test_a_day_later_a_database_that_is_still_away_is_told_again(homeless: Post) -> None:
    homeless.report(Outcome.UNAVAILABLE)
    homeless.clock.advance(25 * 60 * 60)

    homeless.report(Outcome.UNAVAILABLE, "run-2")

    assert homeless.heard() == [("ops", "page")] * 2 + [("stock", "impact")] * 2


def test_whom_no_channel_reached_is_tried_again_at_the_next_failure(homeless: Post) -> None:
    homeless.mail.stop()
    homeless.report(Outcome.UNAVAILABLE)
    homeless.mail.start()

    homeless.report(Outcome.UNAVAILABLE, "run-2")

    assert homeless.heard() == [("ops", "page"), ("stock", "impact")]
    assert homeless.log.events().count("alert.unsent") == 2


def test_a_good_or_skipped_run_without_a_ledger_tells_nobody(homeless: Post) -> None:
    homeless.report(Outcome.SUCCEEDED)
    homeless.report(Outcome.SKIPPED_PAUSED)

    assert homeless.heard() == []
    assert not (homeless.state / FILE).exists()


@pytest.mark.parametrize("content", ["", "[", "{}", '[{"report": 3}]'])
def test_a_spool_that_a_full_disk_cut_off_costs_no_notice(homeless: Post, content: str) -> None:
    homeless.state.mkdir()
    (homeless.state / FILE).write_text(content, encoding="utf-8")

    homeless.report(Outcome.UNAVAILABLE)

    assert homeless.heard() == [("ops", "page"), ("stock", "impact")]


def test_where_nothing_can_be_remembered_it_is_told_each_time(homeless: Post) -> None:
    homeless.serving(replace(CONTRACT, priority=Priority.LOW))
    homeless.state.write_text("a file where the folder should be", encoding="utf-8")

    homeless.report(Outcome.UNAVAILABLE)
    homeless.report(Outcome.UNAVAILABLE, "run-2")

    assert homeless.heard() == [("ops", "page")] * 2 + [("stock", "impact")] * 2


def test_channels_that_cannot_be_read_are_said_in_one_line(homeless: Post) -> None:
    homeless.forget_channels()

    homeless.report(Outcome.UNAVAILABLE)

    assert homeless.log.events() == ["alerts.failed", "alerts.failed"]


def test_an_owner_is_being_told_by_one_of_two_runs_only(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    report = Report(
        command=CONTRACT.name, scope="all", run_id="run-1", outcome=Outcome.UNAVAILABLE, at=THREE
    )
    entry = spool.note(report, "incident-1")

    claims = [spool.claim(entry, OPS, THREE) for _ in range(2)]
    later = spool.claim(entry, OPS, THREE + timedelta(minutes=2))

    assert (claims, later) == ([True, False], True)
