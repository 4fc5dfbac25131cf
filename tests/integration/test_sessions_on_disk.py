"""Session files on a real disk: what goes, what stays, and who may be at work beside it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.jobs.session_purge.policy import Basis, SessionFolder
from domain.jobs.session_purge.ports import FolderRefused, Tally
from infra.sessions.files import STEP, DiskSessions
from infra.sessions.in_use import OpenSessions
from session_files import ALIVE, EXPIRED, aged, names, session, session_id

MAX_AGE = timedelta(hours=1)
NOBODY = 65534


def steps(
    folder: Path, *, depth: int = 0, basis: Basis = Basis.MTIME, dry_run: bool = False
) -> Iterator[Tally]:
    place = SessionFolder(path=str(folder), depth=depth, max_age=MAX_AGE)
    return DiskSessions().purge(place, datetime.now(UTC) - MAX_AGE, basis, dry_run=dry_run)


def purge(folder: Path, *, depth: int = 0, basis: Basis = Basis.MTIME) -> dict[str, int]:
    """Give what the tally is not zero for, without the bytes."""
    counts = list(steps(folder, depth=depth, basis=basis))[-1].counts()
    return {name: count for name, count in counts.items() if count and name != "bytes"}


# --- what goes and what stays ------------------------------------------------------------------


def test_only_expired_sessions_go(tmp_path: Path) -> None:
    for number, age in enumerate((EXPIRED, EXPIRED, ALIVE, -timedelta(days=400))):
        session(tmp_path, number, age)
    aged(tmp_path / "index.html", EXPIRED)

    assert purge(tmp_path) == {"seen": 4, "removed": 2, "young": 2}
    assert purge(tmp_path) == {"seen": 2, "young": 2}
    assert names(tmp_path) == ["index.html", *(f"sess_{session_id(n)}" for n in (2, 3))]


def test_equal_age_stays(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0) - MAX_AGE
    place = SessionFolder(path=str(tmp_path), depth=0, max_age=MAX_AGE)
    equal, older = session(tmp_path, 1), session(tmp_path, 2)
    whole = int(before.timestamp()) * 10**9
    os.utime(equal, ns=(whole, whole))
    os.utime(older, ns=(whole - 1, whole - 1))

    [tally] = DiskSessions().purge(place, before, Basis.MTIME, dry_run=False)

    assert (tally.young, tally.removed) == (1, 1)
    assert names(tmp_path) == [equal.name]


def test_the_last_use_may_be_read_as_debian_does(tmp_path: Path) -> None:
    session(tmp_path, 1, EXPIRED)  # its times were set just now

    assert purge(tmp_path, basis=Basis.CTIME) == {"seen": 1, "young": 1}
    assert purge(tmp_path, basis=Basis.MTIME) == {"seen": 1, "removed": 1}


def test_what_is_only_called_like_a_session_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = aged(tmp_path / "victim" / "precious", EXPIRED)
    folder = tmp_path / "sessions"
    session(folder, 1)
    (folder / f"sess_{session_id(2)}").symlink_to(victim)
    (folder / f"sess_{session_id(3)}").mkdir()
    os.mkfifo(folder / f"sess_{session_id(4)}")
    for name in ("sess_short", f"sess_{session_id(5)}\nrm", f"sess_{session_id(6)}.lock"):
        aged(folder / name, EXPIRED)
    monkeypatch.chdir(folder)  # a socket's path has room for 107 characters
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"sess_{session_id(7)}")

    assert purge(folder) == {"seen": 8, "removed": 1, "refused": 7}
    assert len(names(folder)) == 7
    assert victim.exists()


def test_of_a_hard_link_only_the_session_s_name_goes(tmp_path: Path) -> None:
    kept = aged(tmp_path / "kept", EXPIRED)
    folder = tmp_path / "sessions"
    folder.mkdir()
    (folder / f"sess_{session_id(1)}").hardlink_to(kept)

    assert purge(folder) == {"seen": 1, "removed": 1}
    assert kept.read_text("utf-8").startswith("cart")


def test_with_a_depth_only_files_at_that_depth_go_and_folders_stay(tmp_path: Path) -> None:
    session(tmp_path / "a" / "b", 1)
    session(tmp_path / "a" / ",", 2, ALIVE)
    (tmp_path / "c" / "d").mkdir(parents=True)
    elsewhere = [session(tmp_path / place, 3) for place in ("a", "a/b/c", "long/b", ".")]
    (tmp_path / "e").symlink_to(tmp_path / "a")

    assert purge(tmp_path, depth=2) == {"seen": 2, "removed": 1, "young": 1}
    assert all(path.exists() for path in elsewhere)
    assert (tmp_path / "c" / "d").is_dir()


def test_a_dry_run_counts_and_removes_nothing(tmp_path: Path) -> None:
    file = session(tmp_path, 1)
    size = file.stat().st_size

    [tally] = steps(tmp_path, dry_run=True)

    assert (tally.removed, tally.bytes) == (1, size)
    assert file.exists()


# --- folders that cannot be meant ----------------------------------------------------------------


def test_an_empty_folder_is_fine(tmp_path: Path) -> None:
    assert purge(tmp_path) == {}


def test_a_folder_that_cannot_be_meant_is_refused_untouched(tmp_path: Path) -> None:
    aged(tmp_path / "other" / "letter.txt", EXPIRED)
    (tmp_path / "link").symlink_to(tmp_path / "other")
    aged(tmp_path / "branch" / "a" / "letter.txt", EXPIRED)
    aged(tmp_path / "file", EXPIRED)
    faults = {
        (tmp_path / "other", 0): "1 other files and no session at depth 0: is it the right folder",
        (tmp_path / "other", 1): "1 other files and no session at depth 1",
        (tmp_path / "branch", 1): "1 other files and no session at depth 1",
        (tmp_path / "link", 0): "is a link",
        (tmp_path / "none", 0): "there is no",
        (tmp_path / "file", 0): "Not a directory",
        (Path("/proc"), 0): "is the root of a file system",
    }
    before = names(tmp_path)

    for (folder, depth), said in faults.items():
        with pytest.raises(FolderRefused, match=said):
            purge(folder, depth=depth)
    assert names(tmp_path) == before


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that others can reach; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may read and remove everything."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(mine)


def test_what_this_user_may_not_touch_is_counted(shared_folder: Path) -> None:
    session(shared_folder, 1).chmod(0o000)
    session(shared_folder, 2).chmod(0o644)
    shared_folder.chmod(0o555)

    with unprivileged():
        assert purge(shared_folder) == {"seen": 2, "denied": 2}


@pytest.mark.parametrize("mode", [0o333, 0o444, 0o000])
def test_a_folder_that_this_user_may_not_read_is_refused(shared_folder: Path, mode: int) -> None:
    session(shared_folder, 1)
    shared_folder.chmod(mode)

    with unprivileged(), pytest.raises(FolderRefused, match="Permission denied; may this user"):
        purge(shared_folder)


def test_a_folder_within_a_closed_one_is_refused(shared_folder: Path) -> None:
    session(shared_folder / "sessions", 1)
    shared_folder.chmod(0o700)

    with unprivileged(), pytest.raises(FolderRefused, match="Permission denied; may this user"):
        purge(shared_folder / "sessions")


def test_a_branch_that_this_user_may_not_read_stops_no_other(shared_folder: Path) -> None:
    for name in "abc":
        session(shared_folder / name, 1).parent.chmod(0o777)
    (shared_folder / "b").chmod(0o700)

    with unprivileged():
        assert purge(shared_folder, depth=1) == {"seen": 2, "removed": 2, "denied": 1}
    assert names(shared_folder / "b") == [f"sess_{session_id(1)}"]


def refuse(error: int) -> Callable[..., None]:
    def refused(*_words: object, **_more: object) -> None:
        raise OSError(error, os.strerror(error))

    return refused


def test_where_the_system_takes_no_change_files_are_counted_not_met_as_a_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session(tmp_path, 1)

    for error in (errno.EROFS, errno.EBUSY):
        monkeypatch.setattr(os, "unlink", refuse(error))
        assert purge(tmp_path) == {"seen": 1, "denied": 1}


def test_where_nothing_can_be_locked_the_folder_is_refused_not_taken_for_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = session(tmp_path, 1)
    monkeypatch.setattr(fcntl, "flock", refuse(errno.EBADF))

    with pytest.raises(FolderRefused, match="cannot be locked here"):
        purge(tmp_path)
    assert file.exists()


# --- others at work ------------------------------------------------------------------------------

HOLDER = """
import fcntl, sys
files = [open(name, "rb") for name in sys.argv[2:]]
if sys.argv[1] == "lock":
    for file in files:
        fcntl.flock(file, fcntl.LOCK_EX)
print("holds", flush=True)
sys.stdin.read()
"""


@contextmanager
def beside(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process until the block ends; it says a line when it is ready."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        try:
            assert process.stdout.readline()
            yield process
        finally:
            process.communicate(timeout=30)


@pytest.mark.parametrize("how", ["lock", "open"])
def test_a_session_that_a_process_holds_stays_until_it_lets_go(tmp_path: Path, how: str) -> None:
    held, free = session(tmp_path, 1), session(tmp_path, 2)

    with beside(sys.executable, "-c", HOLDER, how, str(held)):
        assert purge(tmp_path) == {"seen": 2, "removed": 1, "in_use": 1}
        assert (held.exists(), free.exists()) == (True, False)
    assert purge(tmp_path) == {"seen": 1, "removed": 1}


PHP_SESSION = """
session_save_path($argv[1]); session_start(); $_SESSION["cart"] = [42];
echo session_id(), "\n"; fgets(STDIN);
"""


def test_a_session_of_php_is_known_and_stays_while_its_request_lasts(tmp_path: Path) -> None:
    if not (php := shutil.which("php")):
        pytest.skip("NOT TESTED: PHP's own sessions need php-cli")
    with beside(php, "-d", "session.gc_probability=0", "-r", PHP_SESSION, str(tmp_path)):
        [file] = tmp_path.iterdir()
        aged(file, EXPIRED)
        assert purge(tmp_path) == {"seen": 1, "in_use": 1}

    assert purge(tmp_path) == {"seen": 1, "young": 1}  # PHP wrote it at the request's end
    aged(file, EXPIRED)
    assert purge(tmp_path) == {"seen": 1, "removed": 1}


def test_a_session_used_again_after_it_was_listed_stays(tmp_path: Path) -> None:
    files = [session(tmp_path, number) for number in range(STEP + 500)]
    work = steps(tmp_path)
    next(work)
    left = [file for file in files if file.exists()]
    assert len(left) == 500
    for file in left:
        aged(file, ALIVE)

    [*_, tally] = work

    assert (tally.removed, tally.young) == (STEP, 500)
    assert sorted(tmp_path.iterdir()) == sorted(left)


def test_a_new_session_of_the_same_name_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = session(tmp_path, 1)

    def swapped(_known: OpenSessions, _file: object) -> bool:
        file.replace(tmp_path / "old")  # its number stays taken
        session(tmp_path, 1, ALIVE)
        return False

    monkeypatch.setattr(OpenSessions, "__contains__", swapped)

    assert purge(tmp_path) == {"seen": 1, "vanished": 1}
    assert file.exists()


def test_after_the_clock_was_set_back_sessions_in_use_are_not_taken_for_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = steps(tmp_path)
    back = MAX_AGE.total_seconds() + 600
    used = session(tmp_path, 1, timedelta(seconds=back))
    seconds = time.time_ns() - int(back) * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: seconds)

    assert [tally.young for tally in work] == [1]
    assert used.exists()


def test_a_folder_swapped_for_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    folder, moved, victim = tmp_path / "sessions", tmp_path / "moved", tmp_path / "victim"
    for number in range(STEP + 500):
        session(folder, number)
        if number % 10 == 0:
            session(victim, number)
    work = steps(folder)
    next(work)
    folder.rename(moved)
    folder.symlink_to(victim)

    [*_, tally] = work

    assert tally.removed == STEP + 500
    assert (names(moved), len(names(victim))) == ([], (STEP + 500) // 10)


SWAPPER = """
import os, sys
folder, victim, name = sys.argv[1:]
os.chdir(folder)
print("swaps", flush=True)
while True:
    os.rename(name, "aside")
    os.symlink(victim, name)
    os.rename("aside", name + ".new")
    os.remove(name)
    os.rename(name + ".new", name)
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_is_swapped_for_a_link_again_and_again_never_leads_out(
    tmp_path: Path, what: str
) -> None:
    branch, victim = tmp_path / "sessions" / "a", tmp_path / "victim"
    stays = session(victim, 1)
    lasting = session(tmp_path / "sessions" / "b", 2, ALIVE)
    swapped = branch if what == "folder" else session(branch, 3, ALIVE)
    branch.mkdir(parents=True, exist_ok=True)
    target = victim if what == "folder" else stays
    swap = (sys.executable, "-c", SWAPPER, str(swapped.parent), str(target), swapped.name)

    with beside(*swap) as swapper:
        rounds = [purge(branch.parent, depth=1) for _ in range(300)]
        assert swapper.poll() is None
        swapper.kill()

    assert (stays.exists(), lasting.exists()) == (True, True)
    assert not any("removed" in counts for counts in rounds)


def test_two_at_once_remove_every_file_once(tmp_path: Path) -> None:
    for number in range(2 * STEP):
        session(tmp_path, number)
    one, other = steps(tmp_path), steps(tmp_path)
    next(one)

    ends = [list(other)[-1], list(one)[-1]]

    assert sum(tally.removed for tally in ends) == 2 * STEP
    assert names(tmp_path) == []


def test_its_own_lock_is_gone_with_the_file(tmp_path: Path) -> None:
    file = session(tmp_path, 1, EXPIRED)
    with file.open("rb") as mine:
        fcntl.flock(mine, fcntl.LOCK_SH)
        assert purge(tmp_path) == {"seen": 1, "in_use": 1}
    list(steps(tmp_path, dry_run=True))

    with file.open("rb") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
