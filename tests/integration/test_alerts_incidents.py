"""Incidents on every database: opened, grown, reminded, recovered, each exactly once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.operating.contract import Contract, Owner, Priority
from domain.operating.incidents import GIVE_UP_AFTER, REMIND_EVERY, STORM_CAP, Kind
from domain.operating.notices import Delivery, Notice, Receipt, State
from domain.operating.report import Report
from domain.operating.run import Outcome, Summary, Trigger, Unit, UnitResult
from fakes.operating import CONTRACT, THREE
from infra.clock import SystemEntropy
from infra.sql.connection import Database
from infra.sql.incident_book import SqlIncidents
from infra.sql.incident_list import SqlIncidentBook
from infra.sql.incident_outbox import SqlOutbox
from infra.sql.incident_reports import is_quiet
from infra.sql.ledger import SqlLedger
from integration.ledger_rows import DEAD, Processes, record, start
from servers import KINDS, database

OPS, STOCK = Owner.SHARED_OPS, Owner.STOCK_IMPORT
HOUR = timedelta(hours=1)


class Desk:
    """One ledger with everything that alerts are made of."""

    def __init__(self, url: str, contract: Contract = CONTRACT) -> None:
        self.database, self.contract = Database(url), contract
        self.processes = Processes()
        self.ledger = SqlLedger(self.database, self.processes.alive)
        self.incidents = SqlIncidents(self.database, SystemEntropy())
        self.outbox = SqlOutbox(self.database, lambda _command: self.contract)
        self.book = SqlIncidentBook(self.database)

    def run(self, run_id: str, outcome: Outcome, at: datetime = THREE, **changes: Any) -> None:
        """Put a run on record and judge what the ledger left of it."""
        record(self.ledger, run_id, outcome, at=at, **changes)
        self.judge_waiting(at)
        report = Report(command=CONTRACT.name, scope="all", run_id=run_id, outcome=outcome, at=at)
        if outcome.is_good:
            self.incidents.judge(report, self.contract, at)

    def judge_waiting(self, at: datetime = THREE) -> None:
        for number, report in self.incidents.waiting().items():
            self.incidents.judge(report, self.contract, at, number=number)

    def send(self, now: datetime = THREE, state: State = State.SENT) -> list[tuple[Owner, Kind]]:
        """Send what is due; every channel answers the same."""
        sent = []
        for notice in self.outbox.due(now):
            if self.outbox.claim(notice, now):
                self.outbox.settle(notice, delivery(now, state), now)
                sent.append((notice.owner, notice.kind))
        return sorted(sent)

    def states(self) -> list[str]:
        return [incident.state for incident in self.book.incidents(closed=True, limit=200)]

    def notices(self) -> Mapping[str, Notice]:
        every = self.book.incidents(closed=True, limit=200)
        found = [notice for i in every for notice in self.book.notices(i.incident_id)]
        return {notice.notice_id: notice for notice in found}


def delivery(at: datetime, state: State) -> Delivery:
    accepted = state is State.SENT
    receipt = Receipt(channel="mail", at=at, accepted=accepted, answer="250" if accepted else "")
    return Delivery(state=state, receipts=() if state is State.NO_CHANNEL else (receipt,))


def failed(run_id: str, error: str = "", scope: str = "all") -> Report:
    return Report(
        command=CONTRACT.name,
        scope=scope,
        run_id=run_id,
        outcome=Outcome.FAILED,
        error=error,
        at=THREE,
    )


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with database(request.param) as url:
        desk = Desk(url)
        yield desk
        desk.database.close()


# --- a failure, its notices, its end ------------------------------------------------------------


def test_a_failure_is_told_to_both_owners_and_its_end_too(desk: Desk) -> None:
    desk.run("run-1", Outcome.FAILED)
    opened = desk.send()
    desk.run("run-2", Outcome.FAILED, THREE + HOUR)
    again = desk.send(THREE + HOUR)
    desk.run("run-3", Outcome.SUCCEEDED, THREE + 2 * HOUR)
    ended = desk.send(THREE + 2 * HOUR)

    assert opened == [(OPS, Kind.PAGE), (STOCK, Kind.IMPACT)]
    assert again == []
    assert ended == [(OPS, Kind.RECOVERY), (STOCK, Kind.RECOVERY)]
    (incident,) = desk.book.incidents(closed=True, limit=9)
    assert (incident.failures, incident.last_run_id, incident.state) == (2, "run-2", "recovered")
    assert desk.book.incidents(closed=False, limit=9) == []


def test_a_good_run_on_a_quiet_desk_is_known_by_one_query(desk: Desk) -> None:
    quiet = is_quiet(desk.database, CONTRACT.name, "all", THREE)
    desk.run("run-1", Outcome.FAILED)
    busy = is_quiet(desk.database, CONTRACT.name, "all", THREE)
    desk.send()
    open_elsewhere = is_quiet(desk.database, CONTRACT.name, "supplier.7", THREE)
    reminder_due = is_quiet(desk.database, "cron:other:job", "all", THREE + REMIND_EVERY)

    assert (quiet, busy, open_elsewhere, reminder_due) == (True, False, True, False)


def test_another_scope_s_good_run_ends_nothing_but_what_was_the_whole_command_s(
    desk: Desk,
) -> None:
    desk.run("run-1", Outcome.FAILED)
    typed = Report.unstarted(CONTRACT.name, "", "no such option --al", usage=True, at=THREE)
    desk.incidents.judge(typed, desk.contract, THREE)

    good = Report(
        command=CONTRACT.name, scope="supplier.7", run_id="run-7", outcome=Outcome.SUCCEEDED,
        at=THREE,
    )  # fmt: skip
    desk.incidents.judge(good, desk.contract, THREE)

    open_incidents = desk.book.incidents(closed=False, limit=9)
    assert [(i.scope, i.outcome) for i in open_incidents] == [("all", "failed")]


def test_a_medium_job_pages_at_its_second_failed_firing_in_a_row(desk: Desk) -> None:
    desk.contract = replace(CONTRACT, priority=Priority.MEDIUM)

    desk.run("run-1", Outcome.FAILED, slot=THREE)
    desk.run("run-2", Outcome.FAILED, THREE + timedelta(minutes=1), slot=THREE)
    same_firing = desk.states()
    desk.run("run-3", Outcome.SUCCEEDED, THREE + HOUR)
    desk.run("run-4", Outcome.TIMED_OUT, THREE + 2 * HOUR, slot=THREE + 2 * HOUR)
    after_a_good_one = desk.states()
    desk.run("run-5", Outcome.FAILED, THREE + 3 * HOUR, slot=THREE + 3 * HOUR)

    assert (same_firing, after_a_good_one) == ([], [])
    assert desk.states() == ["open"]


def test_firings_nobody_started_page_and_count_as_failed_ones(desk: Desk) -> None:
    desk.contract = replace(CONTRACT, priority=Priority.LOW)

    desk.ledger.note_missed(CONTRACT.name, "all", [THREE])
    desk.judge_waiting()
    one = desk.states()
    desk.ledger.note_missed(CONTRACT.name, "all", [THREE + HOUR, THREE + 2 * HOUR])
    desk.judge_waiting()

    (incident,) = desk.book.incidents(closed=False, limit=9)
    assert one == []
    assert (
        incident.title
        == "missed: 2 firings were not started: 2026-11-21 04:00 to 2026-11-21" + (" 05:00 UTC")
    )


def test_a_run_that_was_killed_with_its_supervisor_is_told_by_whoever_finds_it(desk: Desk) -> None:
    desk.ledger.open(start("run-1"))
    desk.processes.states["run-1"] = DEAD

    desk.ledger.reap(THREE + HOUR)
    desk.judge_waiting()

    (incident,) = desk.book.incidents(closed=False, limit=9)
    assert (incident.outcome, incident.run_id) == ("crashed", "run-1")


def test_fifty_failing_suppliers_are_one_incident_whoever_they_are_next_time(desk: Desk) -> None:
    def summary(first: int) -> Summary:
        units = tuple(
            Unit(name=f"supplier {n}", result=UnitResult.FAILED, message=f"NoColumn: {n} has none")
            for n in range(first, first + 50)
        )
        return Summary(units=units)

    desk.run("run-1", Outcome.PARTIAL, summary=summary(1))
    desk.run("run-2", Outcome.PARTIAL, THREE + HOUR, summary=summary(30))

    assert desk.states() == ["open"]
    assert desk.send() == [(STOCK, Kind.IMPACT)]


def test_a_person_s_failure_joins_an_incident_and_opens_one_only_when_repeated(desk: Desk) -> None:
    by_hand: dict[str, Any] = {"trigger": Trigger.MANUAL}

    desk.run("run-1", Outcome.FAILED, **by_hand)
    once = desk.states()
    desk.run("run-2", Outcome.FAILED, THREE + HOUR, **by_hand)
    desk.run("run-3", Outcome.FAILED, THREE + 2 * HOUR, **by_hand)

    (incident,) = desk.book.incidents(closed=False, limit=9)
    assert (once, incident.failures) == ([], 2)


def test_a_hundred_faults_in_an_hour_are_twenty_notices_and_one_summary(desk: Desk) -> None:
    for number in range(100):
        error = f"Fault{chr(65 + number // 26)}{chr(65 + number % 26)}"
        report = failed(f"run-{number}", error)
        desk.incidents.judge(report, desk.contract, THREE + timedelta(seconds=number))

    kinds = Counter((n.owner, n.kind) for n in desk.notices().values())
    assert len(desk.book.incidents(closed=False, limit=200)) == 100
    assert kinds == {
        (OPS, Kind.PAGE): STORM_CAP,
        (STOCK, Kind.IMPACT): STORM_CAP,
        (OPS, Kind.STORM): 1,
        (STOCK, Kind.STORM): 1,
    }
    storm = next(n for n in desk.notices().values() if n.kind is Kind.STORM)
    letter = desk.outbox.claim(storm, THREE + HOUR)
    assert letter
    assert letter.others == 100


# --- reminders ----------------------------------------------------------------------------------


def test_an_open_incident_is_remembered_once_a_day_by_those_it_reached(desk: Desk) -> None:
    desk.run("run-1", Outcome.FAILED)
    desk.send()

    sent = []
    for hours in (23, 24, 25, 47, 48, 120):
        desk.incidents.remind(THREE + hours * HOUR)
        sent.append(len(desk.send(THREE + hours * HOUR)))

    assert sent == [0, 2, 0, 0, 2, 2]


def test_an_acknowledged_incident_is_not_remembered_and_leaves_an_audit_row(desk: Desk) -> None:
    desk.run("run-1", Outcome.FAILED)
    desk.send()
    (incident,) = desk.book.incidents(closed=False, limit=9)

    acked = desk.book.acknowledge(incident, actor="mia", reason="supplier called", now=THREE)
    desk.incidents.remind(THREE + 48 * HOUR)

    assert acked
    assert desk.send(THREE + 48 * HOUR) == []
    assert desk.states() == ["acknowledged"]
    audit = desk.database.rows("SELECT actor, verb, object, reason FROM cron_audit")
    assert [tuple(dict(row).values()) for row in audit] == [
        ("mia", "incidents:ack", incident.incident_id, "supplier called")
    ]
    desk.run("run-2", Outcome.SUCCEEDED, THREE + 49 * HOUR)
    assert not desk.book.acknowledge(incident, actor="mia", reason="late", now=THREE)


# --- the outbox ---------------------------------------------------------------------------------


def test_what_nobody_took_is_tried_again_later_and_given_up_after_a_week(desk: Desk) -> None:
    desk.run("run-1", Outcome.PARTIAL)

    desk.send(state=State.DUE)
    at_once = desk.outbox.due(THREE)
    (waiting,) = desk.outbox.due(THREE + timedelta(minutes=1))
    late = THREE + GIVE_UP_AFTER + HOUR
    desk.send(late, state=State.DUE)

    assert at_once == []
    assert waiting.tries == 1
    assert [notice.state for notice in desk.notices().values()] == [State.GIVEN_UP]
    (incident,) = desk.book.incidents(closed=False, limit=9)
    (receipts,) = desk.book.receipts(incident.incident_id).values()
    assert [receipt.accepted for receipt in receipts] == [False, False]


def test_a_notice_whose_time_was_up_is_due_at_once_and_lost_no_try(desk: Desk) -> None:
    desk.run("run-1", Outcome.PARTIAL)
    (notice,) = desk.outbox.due(THREE)
    assert desk.outbox.claim(notice, THREE)

    desk.outbox.settle(notice, Delivery(state=State.DUE, receipts=()), THREE)

    assert desk.outbox.due(THREE) == [notice]


def test_a_flush_takes_up_what_had_no_channel(desk: Desk) -> None:
    desk.run("run-1", Outcome.PARTIAL)
    desk.send(state=State.NO_CHANNEL)

    assert desk.send() == []
    assert desk.outbox.hurry(THREE) == 1
    assert desk.send() == [(STOCK, Kind.IMPACT)]


def test_a_page_that_was_still_waiting_is_not_followed_by_a_recovery(desk: Desk) -> None:
    desk.run("run-1", Outcome.FAILED)
    desk.send(state=State.DUE)
    desk.run("run-2", Outcome.SUCCEEDED, THREE + HOUR)

    assert desk.send(THREE + HOUR) == [(OPS, Kind.PAGE), (STOCK, Kind.IMPACT)]


def test_a_claim_is_held_by_one_and_falls_to_the_next_when_its_sender_was_killed(
    desk: Desk,
) -> None:
    desk.run("run-1", Outcome.PARTIAL)
    (notice,) = desk.outbox.due(THREE)

    first, second = desk.outbox.claim(notice, THREE), desk.outbox.claim(notice, THREE)
    later = desk.outbox.claim(notice, THREE + timedelta(minutes=2))

    assert first
    assert second is None
    assert later


def test_a_sender_that_froze_past_its_claim_does_not_undo_what_another_has_sent(
    desk: Desk,
) -> None:
    desk.run("run-1", Outcome.PARTIAL)
    (notice,), later = desk.outbox.due(THREE), THREE + timedelta(minutes=2)
    assert desk.outbox.claim(notice, THREE)
    assert desk.outbox.claim(notice, later)
    desk.outbox.settle(notice, delivery(later, State.SENT), later)

    desk.outbox.settle(notice, delivery(later, State.DUE), later)

    assert [kept.state for kept in desk.notices().values()] == [State.SENT]


# --- several runs at once -----------------------------------------------------------------------


def at_once(step: Callable[[int], None]) -> None:
    """Do the step in eight threads at the same moment; what one raises is raised here."""
    together = threading.Barrier(8)

    def one(number: int) -> None:
        together.wait(timeout=60)
        step(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(8)))


@pytest.mark.parametrize("kind", KINDS)
def test_eight_runs_that_fail_of_the_same_at_once_open_one_incident(kind: str) -> None:
    with database(kind) as url:

        def fail(number: int) -> None:
            desk = Desk(url)
            desk.incidents.judge(failed(f"run-{number}"), CONTRACT, THREE)
            desk.database.close()

        at_once(fail)

        desk = Desk(url)
        (incident,) = desk.book.incidents(closed=False, limit=9)
        assert incident.failures == 8
        assert desk.send() == [(OPS, Kind.PAGE), (STOCK, Kind.IMPACT)]
        desk.database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_eight_runs_that_flush_the_outbox_at_once_send_each_notice_once(kind: str) -> None:
    with database(kind) as url:
        first, sent = Desk(url), list[tuple[Owner, Kind]]()
        first.run("run-1", Outcome.FAILED)
        first.database.close()

        def flush(_number: int) -> None:
            desk = Desk(url)
            sent.extend(desk.send())
            desk.database.close()

        at_once(flush)

        assert sorted(sent) == [(OPS, Kind.PAGE), (STOCK, Kind.IMPACT)]
