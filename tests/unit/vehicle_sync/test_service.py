"""Four stages that stop at the first failure, one mail for a snapshot, guards before the update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import JobError, Refused
from domain.jobs.vehicle_sync.ports import Hand, How, Kind
from domain.jobs.vehicle_sync.pulling import TooManyRejects
from domain.jobs.vehicle_sync.service import Limits, TooManyGone, VehicleSync
from domain.jobs.vehicle_sync.stages import ALL, Stage, SyncRequest
from domain.jobs.vehicle_sync.telling import Telling
from domain.mail.failures import DeliveryUnknown, MailDeferred, RecipientRefused
from domain.operating.run import Outcome, Summary
from domain.vehicles.reading import Record
from fakes.supplier_import import FakeRun
from fakes.vehicle_sync import (
    AWAY,
    Fate,
    Killed,
    ListSource,
    MemoryBook,
    MemoryMailer,
    PlainWords,
    car,
    source_of,
)

FORTY = [car(n) for n in range(30)] + [car(n, "Audi") for n in range(10)]


@dataclass
class Sync:
    """The job on its fakes; each run has an id of its own."""

    source: ListSource
    fate: Fate = field(default_factory=Fate)
    limits: Limits = field(default_factory=Limits)
    runs: int = 0

    def __post_init__(self) -> None:
        self.book, self.words = MemoryBook(), PlainWords()
        self.mailer = MemoryMailer(self.fate)
        self.run_with(Fate())

    def run_with(self, fate: Fate) -> None:
        self.fate = self.book.fate = self.mailer.fate = self.source.fate = fate

    def __call__(self, *, run: FakeRun | None = None, **request: object) -> Summary:
        self.runs += 1
        telling = Telling(
            mailer=self.mailer, words=self.words, to="v@shop.example", first=2, most=3
        )
        sync = VehicleSync(self.source, self.book, telling, self.limits)
        run = run or FakeRun(run_id=f"run-{self.runs}")
        run.at_checkpoint = lambda _: self.fate.step()
        return sync(SyncRequest(**request), run)  # type: ignore[arg-type]  # a request's own words

    def reads(self, *records: Record) -> None:
        self.source.made = source_of(*records).made

    @property
    def cars(self) -> list[str]:
        return sorted(self.book.live[Kind.VEHICLE])

    @property
    def done(self) -> frozenset[Stage]:
        return self.book.kept[-1].snapshot.done


@pytest.fixture
def sync() -> Sync:
    made = Sync(source_of(*FORTY))
    made()
    return made


def test_the_second_run_finds_nothing_to_do_and_mails_nothing(sync: Sync) -> None:
    summary = sync()

    assert summary.outcome is Outcome.EMPTY
    assert [unit.name for unit in summary.units] == list(ALL)
    assert (len(sync.mailer.mails), sync.book.version) == (1, 1)


def test_what_changes_is_mailed_before_it_is_live(sync: Sync) -> None:
    sync.reads(*FORTY[1:], car(99), car(1, "Audi", model="Another"))
    sync.source.made["Audi"].pop(1)
    sync.mailer.failures = [MailDeferred("451 later")]
    before = sync.cars

    with pytest.raises(MailDeferred):
        sync()

    assert (sync.cars, sync.done) == (before, frozenset({Stage.PULL, Stage.SYNC}))
    summary = sync()
    assert "BMW99" in sync.cars
    assert "BMW0" not in sync.cars
    assert summary.items == {"new": 2, "changed": 1, "gone": 2, "renumbered": 0}
    assert [unit.name for unit in summary.units] == ["email", "update"]
    assert sync.mailer.mails[-1].text == (
        "New vehicles 1\nChanged vehicles 1\nVehicles that are gone 1\n"
        "New fitments 1\nFitments that are gone 1"
    )


def test_a_stage_that_fails_says_why_and_ends_the_run(sync: Sync) -> None:
    sync.source.fate = Fate(at=2, error=AWAY)

    with pytest.raises(type(AWAY)):
        sync()

    assert sync.book.kept[-1].told == [(Stage.PULL, "started"), (Stage.PULL, str(AWAY))]
    assert sync.done == frozenset()


def test_a_pull_goes_on_behind_the_last_make_that_was_kept(sync: Sync) -> None:
    sync.source.fate, sync.source.asked = Fate(at=3, error=AWAY), []
    with pytest.raises(type(AWAY)):
        sync()

    sync.source.fate = Fate()
    sync()

    assert sync.source.asked == ["Audi", "BMW"]


def test_a_restart_pulls_every_make_again(sync: Sync) -> None:
    sync.source.fate, sync.source.asked = Fate(at=3, error=AWAY), []
    with pytest.raises(type(AWAY)):
        sync()

    sync.source.fate = Fate()
    sync(restart=True)

    assert sync.source.asked == ["Audi", "Audi", "BMW"]
    assert len(sync.book.kept) == 2


def test_two_halves_of_different_sources_are_no_snapshot(sync: Sync) -> None:
    sync.source.fate = Fate(at=3, error=AWAY)
    with pytest.raises(type(AWAY)):
        sync()

    sync.source.fate, sync.source.identity = Fate(), "another file"
    summary = sync()

    assert sync.book.kept[1].snapshot.abandoned
    assert sync.book.kept[2].snapshot.done == set(ALL)
    assert "the source is another than that of snapshot 2: abandoned" in summary.notes


def test_only_the_pull_of_another_source_is_only_a_pull(sync: Sync) -> None:
    sync.source.fate = Fate(at=3, error=AWAY)
    with pytest.raises(type(AWAY)):
        sync()

    sync.source.fate, sync.source.identity = Fate(), "another file"
    sync(only_stage=Stage.PULL)

    assert sync.book.kept[2].snapshot.done == {Stage.PULL}
    assert len(sync.mailer.mails) == 1


# --- guards --------------------------------------------------------------------------------------


def test_more_than_five_percent_gone_stops_before_the_update_but_is_mailed(sync: Sync) -> None:
    sync.reads(*FORTY[3:])

    with pytest.raises(TooManyGone, match=r"3 of 40 vehicles would be gone, 7\.5 %, more than 5 %"):
        sync()

    assert len(sync.cars) == 40
    assert sync.words.reports[-1].warnings
    with pytest.raises(TooManyGone):
        sync()
    assert len(sync.mailer.mails) == 2
    sync(force=True, reason="old models")
    assert len(sync.cars) == 37


def test_exactly_five_percent_may_go(sync: Sync) -> None:
    sync.reads(*FORTY[2:])

    sync()

    assert len(sync.cars) == 38


def test_many_fitments_that_go_stop_the_update_as_well(sync: Sync) -> None:
    sync.reads(*({**record, "fitments": []} for record in FORTY))

    with pytest.raises(TooManyGone, match="40 of 40 fitments would be gone"):
        sync()


@pytest.mark.parametrize("made", [{}, {"BMW": []}])
def test_an_empty_source_changes_nothing_even_by_force(
    sync: Sync, made: dict[str, list[Record]]
) -> None:
    sync.source.made = made

    with pytest.raises(Refused, match="no vehicle at all"):
        sync(force=True, reason="really")

    assert len(sync.cars) == 40


def test_single_bad_records_are_put_aside_and_many_fail_the_pull(sync: Sync) -> None:
    bad = [car(n, "BMW", year_from=2010, year_to=2001) for n in range(100, 104)]

    sync.reads(*FORTY, bad[0])
    assert sync().units[0].counts["rejected"] == 1

    sync.reads(*FORTY, *bad)
    with pytest.raises(TooManyRejects, match=r"4 of 84 records are bad.*wrong way round"):
        sync()


# --- one mail ------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [MailDeferred("451"), RecipientRefused("550")])
def test_a_mail_that_was_not_taken_goes_out_with_the_next_run(
    sync: Sync, failure: JobError
) -> None:
    sync.reads(*FORTY, car(99))
    sync.mailer.failures = [failure]
    with pytest.raises(type(failure)):
        sync()

    sync()

    assert len(sync.mailer.mails) == 2


def test_a_mail_of_which_nobody_knows_is_not_sent_twice_and_that_is_said(sync: Sync) -> None:
    sync.reads(*FORTY, car(99))
    sync.mailer.failures = [DeliveryUnknown("connection lost")]
    with pytest.raises(DeliveryUnknown):
        sync()

    run = FakeRun(run_id="next")
    summary = sync(run=run)

    assert len(sync.mailer.mails) == 1
    assert "nobody knows whether it arrived" in summary.units[0].message
    assert any(event == "report.uncertain" for event, _, _ in run.logged)
    assert "BMW99" in sync.cars


def test_a_long_list_is_attached_as_a_table_without_formulas(sync: Sync) -> None:
    sync.reads(*FORTY, *(car(n, model="=1+1") for n in range(100, 105)))

    sync()

    (table,) = sync.mailer.mails[-1].attachments
    lines = table.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 3
    assert lines[1].startswith("vehicle;new;BMW100;;;")
    assert len(sync.words.reports[-1].sections[0][2]) == 2


# --- dry runs and other words --------------------------------------------------------------------


def test_a_dry_run_tells_what_would_change_and_writes_and_mails_nothing(sync: Sync) -> None:
    sync.reads(*FORTY[5:])

    summary = sync(run=FakeRun(dry_run=True))

    assert summary.items["gone"] == 10
    assert any("the update would stop: 5 of 40 vehicles" in note for note in summary.notes)
    assert (len(sync.cars), len(sync.book.kept), len(sync.mailer.mails)) == (40, 1, 1)


def test_an_old_snapshot_is_abandoned(sync: Sync) -> None:
    sync.source.fate = Fate(at=2, error=AWAY)
    with pytest.raises(type(AWAY)):
        sync()
    kept = sync.book.kept[-1]
    kept.snapshot = replace(kept.snapshot, age=timedelta(hours=25))

    sync.source.fate = Fate()
    sync()

    assert [it.snapshot.abandoned for it in sync.book.kept] == [False, True, False]


# --- whatever happens whenever -------------------------------------------------------------------

_FATES = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([Killed(), AWAY])), min_size=1, max_size=4
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(_FATES)
def test_whatever_ends_the_runs_the_last_one_leaves_what_an_undisturbed_one_would(
    fates: Sequence[tuple[int, BaseException]],
) -> None:
    sync = Sync(source_of(*FORTY))
    sync()
    sync.reads(*FORTY[1:], car(99), car(100, "Volvo"))
    for at, error in fates:
        sync.run_with(Fate(at=at, error=error))
        try:
            sync()
        except (Killed, type(AWAY)):
            continue
        break

    sync.run_with(Fate())
    sync()

    assert sync.cars == sorted(
        str(record["vehicle_id"]) for m in sync.source.made.values() for record in m
    )
    assert sync.book.version == 2
    assert all(times == 1 for times in sync.book.finishes.values()), sync.book.finishes
    told = [kept for kept in sync.book.kept[1:] if kept.differences]
    assert len(told) == 1
    left_open = told[0].hand is Hand.SENDING
    assert len(sync.mailer.mails) - 1 == 1 or (left_open and len(sync.mailer.mails) == 1)
    assert How.NEW in told[0].differences.values()
