"""What a run of CR-014 asks of the folders, and what it tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.errors import ConfigurationInvalid, Refused, StopRequested
from domain.jobs.session_purge.policy import (
    Basis,
    RetentionPolicy,
    SessionFolder,
    Store,
    is_branch,
    is_session,
)
from domain.jobs.session_purge.ports import FolderRefused, Tally
from domain.jobs.session_purge.request import PurgeRequest
from domain.jobs.session_purge.service import SessionPurge
from domain.operating.run import Outcome, Summary, UnitResult
from fakes.session_files import NOON, FakeSessionFiles, FixedClock
from fakes.supplier_import import FakeRun

GC = timedelta(minutes=24)
A, B = "/srv/a", "/srv/b"
SOME = Tally(seen=9, removed=4, young=3, in_use=1, refused=1, bytes=400)
NONE = Tally(seen=3, young=3)


def purge(
    files: FakeSessionFiles,
    request: PurgeRequest | None = None,
    run: FakeRun | None = None,
    *,
    store: Store = Store.FILES,
    paths: Sequence[str] = (A, B),
) -> Summary:
    folders = [SessionFolder(path=path, depth=0, max_age=2 * GC) for path in paths]
    policy = RetentionPolicy(store=store, basis=Basis.CTIME, longest_gc=GC, folders=folders)
    service = SessionPurge(files, policy, FixedClock())
    return service(request or PurgeRequest(), run or FakeRun())


def test_every_folder_is_told_with_its_counts_and_has_a_line_in_the_log() -> None:
    run, files = FakeRun(), FakeSessionFiles({A: [SOME], B: [NONE]})

    summary = purge(files, run=run)

    assert [(unit.name, unit.result) for unit in summary.units] == [
        (A, UnitResult.DONE),
        (B, UnitResult.UNCHANGED),
    ]
    assert summary.units[0].counts == SOME.counts()
    assert summary.items == {"removed": 4}
    assert files.orders == [(path, NOON - 2 * GC, Basis.CTIME, False) for path in (A, B)]
    assert [(event, path, told["removed"]) for event, path, told in run.logged] == [
        ("sessions.purged", A, 4),
        ("sessions.purged", B, 0),
    ]


def test_nothing_expired_is_an_empty_run() -> None:
    assert purge(FakeSessionFiles({A: [NONE], B: []})).outcome is Outcome.EMPTY


def test_a_folder_that_cannot_be_read_stops_no_other() -> None:
    summary = purge(FakeSessionFiles({A: FolderRefused("there is no /srv/a"), B: [SOME]}))

    assert summary.outcome is Outcome.PARTIAL
    assert summary.failures == "/srv/a: FolderRefused: there is no /srv/a"
    assert summary.items == {"removed": 4}


def test_files_that_this_user_may_not_remove_are_a_failure() -> None:
    tally = Tally(seen=2, removed=1, denied=1)

    summary = purge(FakeSessionFiles({A: [tally], B: []}))

    assert summary.outcome is Outcome.PARTIAL
    assert "1 files or folders are closed to this user" in summary.failures


def test_a_longer_age_and_single_folders_may_be_asked_for() -> None:
    files = FakeSessionFiles({A: [SOME], B: [SOME]})
    request = PurgeRequest(max_age=timedelta(hours=9), paths=(B, B))

    purge(files, request)

    assert files.orders == [(B, NOON - timedelta(hours=9), Basis.CTIME, False)]
    assert (request.scope, PurgeRequest().scope) == (f"{B} {B}", "all")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (PurgeRequest(paths=("/etc",)), "--path /etc: .* no such folder, only /srv/a, /srv/b"),
        (PurgeRequest(max_age=GC - timedelta(seconds=1)), "1439 s is less than .* 1440 s"),
    ],
)
def test_what_no_setting_allows_is_refused_before_anything_is_touched(
    request_: PurgeRequest, said: str
) -> None:
    files = FakeSessionFiles({A: [SOME], B: [SOME]})

    with pytest.raises(Refused, match=said):
        purge(files, request_)
    assert files.orders == []


def test_sessions_in_redis_are_left_to_it() -> None:
    files = FakeSessionFiles({})

    summary = purge(files, store=Store.REDIS)

    assert (summary.outcome, files.orders) == (Outcome.EMPTY, [])
    assert "Redis, which ends them by itself" in summary.notes[0]


def test_without_a_folder_it_says_what_to_set() -> None:
    summary = purge(FakeSessionFiles({}), paths=())

    assert summary.outcome is Outcome.EMPTY
    assert "[[session-purge.paths]]" in summary.notes[0]


def test_a_dry_run_is_passed_on_and_told() -> None:
    files = FakeSessionFiles({A: [SOME], B: []})

    summary = purge(files, run=FakeRun(dry_run=True))

    assert [order[3] for order in files.orders] == [True, True]
    assert summary.notes == ("dry run: nothing was removed",)


def test_out_of_time_it_leaves_the_rest_to_the_next_run() -> None:
    steps = [Tally(seen=1_000 * n, removed=1_000 * n) for n in (1, 2, 3)]
    run = FakeRun()

    def time_is_over(_name: str) -> None:
        if len(run.checkpoints) == 2:
            run.remaining = timedelta(seconds=9)

    run.at_checkpoint = time_is_over
    summary = purge(FakeSessionFiles({A: steps}), run=run, paths=(A,))

    assert summary.items == {"removed": 2_000}
    assert summary.units[0].message == "its time was over: the next run goes on"


def test_it_may_be_stopped_between_two_steps() -> None:
    with pytest.raises(StopRequested):
        purge(FakeSessionFiles({A: [SOME]}), run=FakeRun(stop_at="files"))


# --- the policy ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("var/sessions", "relative"),
        ("/", "root"),
        ("//", "root"),
        ("/srv/../etc", "detours: /etc"),
        ("/srv//a", "detours: /srv/a"),
    ],
)
def test_a_place_where_no_sessions_can_be_is_refused(path: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said):
        SessionFolder(path=path, depth=0, max_age=GC)


def test_no_folder_may_keep_sessions_shorter_than_php_does() -> None:
    folder = SessionFolder(path=A, depth=0, max_age=timedelta(minutes=23))

    with pytest.raises(ConfigurationInvalid, match=r"less than session\.gc_maxlifetime"):
        RetentionPolicy(longest_gc=GC, folders=[folder])


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (f"sess_{'a' * 22}", True),
        (f"sess_{'aZ09,-' * 42}", True),
        (f"sess_{'a' * 21}", False),
        (f"sess_{'a' * 257}", False),
        (f"sess_{'a' * 22}\n", False),
        (f"sess_{'a' * 22}.bak", False),
        (f"SESS_{'a' * 22}", False),
        (f"sess_{'ä' * 22}", False),
        ("sess_", False),
    ],
)
def test_a_session_is_known_by_its_whole_name(name: str, known: bool) -> None:
    assert bool(is_session(name)) is known


@pytest.mark.parametrize(("name", "known"), [("a", True), (",", True), ("ab", False), (".", False)])
def test_a_branch_is_one_sign_of_an_id(name: str, known: bool) -> None:
    assert bool(is_branch(name)) is known
