"""Whatever a job does in whatever order: who is told how often."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from domain.operating.contract import Contract, Owner, Priority
from domain.operating.incidents import (
    FAILURES,
    GOOD,
    OPENING,
    STORM_CAP,
    History,
    Kind,
    OpenIncident,
    judge,
)
from domain.operating.report import Report
from domain.operating.run import Outcome
from fakes.operating import CONTRACT, THREE

OWNERS = st.lists(st.sampled_from(list(Owner)), min_size=1, max_size=3).map(tuple)
CONTRACTS = st.builds(
    lambda accountable, responsible, priority: replace(
        CONTRACT, accountable=accountable, responsible=responsible, priority=priority
    ),
    OWNERS,
    st.sampled_from(list(Owner)),
    st.sampled_from(list(Priority)),
)
ENDS = st.tuples(st.sampled_from(list(Outcome)), st.sampled_from("abc"), st.booleans())


@dataclass
class World:
    """The incidents of one job, kept as simply as can be."""

    contract: Contract
    streak: int = 0
    open: dict[str, OpenIncident] = field(default_factory=dict)
    notices: list[tuple[str, Owner, Kind]] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)

    def run(self, number: int, outcome: Outcome, error: str, *, scheduled: bool) -> None:
        report = Report(
            command=self.contract.name,
            scope="all",
            run_id=f"run-{number}",
            outcome=outcome,
            at=THREE,
            error=error,
            scheduled=scheduled,
        )
        self.streak = self.streak + 1 if outcome in FAILURES else self.streak
        self.streak = 0 if outcome in GOOD else self.streak
        history = History(streak=self.streak, open=tuple(self.open.values()))
        judgement = judge(report, self.contract, history)
        for recovery in judgement.recovers:
            del self.open[recovery.incident_id]
            self.ended[recovery.incident_id] += 1
            self.notices += [(recovery.incident_id, o, Kind.RECOVERY) for o in recovery.owners]
        if judgement.opens:
            self._open(f"incident-{number}", judgement.opens.fingerprint, report.run_id)
            self.notices += [
                (f"incident-{number}", to.owner, to.kind) for to in judgement.opens.addressees
            ]
            self.open[f"incident-{number}"] = replace(
                self.open[f"incident-{number}"],
                told=frozenset(to.owner for to in judgement.opens.addressees),
            )

    def _open(self, name: str, fingerprint: str, run_id: str) -> None:
        self.open[name] = OpenIncident(
            incident_id=name, fingerprint=fingerprint, run_id=run_id, last_run_id=run_id
        )


def played(contract: Contract, ends: list[tuple[Outcome, str, bool]]) -> World:
    world = World(contract)
    for number, (outcome, error, scheduled) in enumerate(ends):
        world.run(number, outcome, error, scheduled=scheduled)
    return world


@given(CONTRACTS, st.lists(ENDS, max_size=25))
def test_nobody_hears_of_an_incident_twice_and_no_two_open_ones_are_alike(
    contract: Contract, ends: list[tuple[Outcome, str, bool]]
) -> None:
    world = played(contract, ends)

    opening = Counter((name, owner) for name, owner, kind in world.notices if kind in OPENING)
    marks = [incident.fingerprint for incident in world.open.values()]
    assert max(opening.values(), default=1) == 1
    assert len(marks) == len(set(marks))


@given(CONTRACTS, st.lists(ENDS, max_size=25))
def test_every_accountable_owner_hears_of_every_incident_and_a_page_has_one_responsible(
    contract: Contract, ends: list[tuple[Outcome, str, bool]]
) -> None:
    world = played(contract, ends)

    for name in {name for name, _, _ in world.notices}:
        heard = {o for n, o, kind in world.notices if n == name and kind in OPENING}
        pages = [o for n, o, kind in world.notices if n == name and kind is Kind.PAGE]
        assert heard >= set(contract.accountable)
        assert heard <= {*contract.accountable, contract.responsible}
        assert pages in ([], [contract.responsible])


@given(CONTRACTS, st.lists(ENDS, max_size=25))
def test_an_incident_ends_once_and_just_those_who_were_told_hear_so(
    contract: Contract, ends: list[tuple[Outcome, str, bool]]
) -> None:
    world = played(contract, [*ends, (Outcome.SUCCEEDED, "a", True)])

    assert world.open == {}
    assert set(world.ended.values()) <= {1}
    for name in world.ended:
        heard = sorted(o for n, o, kind in world.notices if n == name and kind in OPENING)
        recovered = sorted(o for n, o, k in world.notices if n == name and k is Kind.RECOVERY)
        assert recovered == heard


@given(CONTRACTS, st.dictionaries(st.sampled_from(list(Owner)), st.integers(0, 2 * STORM_CAP)))
def test_in_a_storm_an_owner_gets_the_notice_or_the_summary_but_never_nothing_at_first(
    contract: Contract, lately: dict[Owner, int]
) -> None:
    report = Report(
        command=contract.name, scope="all", run_id="run-1", outcome=Outcome.FAILED, at=THREE
    )

    opening = judge(report, contract, History(streak=9, lately=lately)).opens

    assert opening
    kinds = {to.owner: to.kind for to in opening.addressees}
    assert set(kinds) == {*contract.accountable, contract.responsible}
    for owner, kind in kinds.items():
        assert (kind is Kind.STORM) == (lately.get(owner, 0) >= STORM_CAP)
