"""What only files can do wrong: torn, deleted, linked, inherited, in a folder gone bad."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid, StoreUnavailable
from domain.operating.ports import Busy, Lease
from infra.locks import file
from infra.locks.file import FileLocks
from supervised.play import ROOT

KEY = "cron.stock.export"


def take(locks: FileLocks, run_id: str = "run-1") -> Lease:
    lease = locks.acquire(KEY, run_id)
    assert isinstance(lease, Lease)
    return lease


def take_and_release(locks: FileLocks, times: int) -> int:
    lease = Lease(key=KEY, fence=0, run_id="")
    for _ in range(times):
        lease = take(locks)
        locks.release(lease)
    return lease.fence


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.lock")
    return path


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_lock_file_is_named_after_its_key_and_private(tmp_path: Path) -> None:
    take(FileLocks(tmp_path / "var" / "locks"))
    path = only_file(tmp_path / "var" / "locks")

    assert path.name.startswith(KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_lock_file_can_be_read_by_people(tmp_path: Path) -> None:
    take(FileLocks(tmp_path))

    assert f'"key": "{KEY}", "fence": 1, "run_id": "run-1"' in only_file(tmp_path).read_text()


@pytest.mark.parametrize("torn", [0, 1], ids=["first record", "second record"])
@pytest.mark.parametrize("taken", [3, 4])
def test_a_write_torn_by_a_crash_costs_at_most_the_fence_it_would_have_set(
    tmp_path: Path, taken: int, torn: int
) -> None:
    fence = take_and_release(FileLocks(tmp_path), taken)
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[torn * 1024 + 30] ^= 0xFF
    path.write_bytes(content)
    was_newest = torn == (0 if taken == 3 else 1)

    assert take(FileLocks(tmp_path)).fence == (fence if was_newest else fence + 1)


@pytest.mark.parametrize("content", [b"", b"\0" * 2048, b"{", b"00000000 " + b" " * 3000])
def test_a_file_without_a_record_is_a_lock_that_nobody_had(tmp_path: Path, content: bytes) -> None:
    locks = FileLocks(tmp_path)
    take_and_release(locks, 1)
    only_file(tmp_path).write_bytes(content)

    assert take(locks).fence == 1


def test_a_deleted_file_is_a_lost_lock_for_its_holder(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    lease = take(locks)
    only_file(tmp_path).unlink()

    assert not locks.renew(lease)
    assert isinstance(FileLocks(tmp_path).acquire(KEY, "run-2"), Lease)


def test_a_link_in_the_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path / "locks")
    take_and_release(locks, 1)
    path = only_file(tmp_path / "locks")
    path.unlink()
    path.symlink_to(tmp_path / "passwd")

    with pytest.raises(StoreUnavailable, match=rf"lock file {path}: .*: delete it while no job"):
        locks.acquire(KEY, "run-1")
    assert not (tmp_path / "passwd").exists()


def test_a_key_that_fills_more_than_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="too long for a lock file"):
        FileLocks(tmp_path).acquire("x" * 2000, "run-1")
    assert FileLocks(tmp_path).held() == []


def test_a_folder_that_cannot_be_used_says_what_it_must_be(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("a file")

    with pytest.raises(StoreUnavailable, match=r"lock folder .*/locks: .* local folder in which"):
        FileLocks(tmp_path / "locks").acquire(KEY, "run-1")


_ON_A_FULL_DISK = """
import resource, sys
from domain.errors import StoreUnavailable
from infra.locks.file import FileLocks

locks = FileLocks(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    locks.acquire("full", "run-1")
except StoreUnavailable as error:
    print(error, locks.held())
"""


def test_a_disk_that_takes_no_more_gives_no_lease_and_leaves_nothing_locked(tmp_path: Path) -> None:
    said = run_python(_ON_A_FULL_DISK, str(tmp_path))

    assert "File too large" in said
    assert said.endswith("[]\n")


def test_a_process_frozen_in_the_door_makes_the_store_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_DOOR_SECONDS", 0.01)
    door = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(door, fcntl.LOCK_EX)

    with pytest.raises(StoreUnavailable, match="frozen"):
        FileLocks(tmp_path).acquire(KEY, "run-1")
    os.close(door)


def test_a_program_started_by_the_holder_does_not_inherit_the_lock(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    lease = take(locks)
    with subprocess.Popen(["sleep", "600"], close_fds=False) as program:
        locks.release(lease)
        after = FileLocks(tmp_path).acquire(KEY, "run-2")
        program.kill()

    assert isinstance(after, Lease)


def test_a_lock_lasts_as_long_as_anyone_keeps_its_file_open(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    lease = take(locks)
    (kept,) = map(os.dup, locks.descriptors())
    os.close(locks.descriptors()[0])
    while_kept = FileLocks(tmp_path).acquire(KEY, "run-2")
    os.close(kept)

    assert isinstance(while_kept, Busy)
    assert lease.fence == 1
    assert isinstance(FileLocks(tmp_path).acquire(KEY, "run-2"), Lease)


def test_a_released_lock_is_free_though_a_forked_process_has_it_open(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    lease = take(locks)
    (kept,) = map(os.dup, locks.descriptors())
    locks.release(lease)

    assert isinstance(FileLocks(tmp_path).acquire(KEY, "run-2"), Lease)
    assert locks.descriptors() == []
    os.close(kept)


def test_looking_at_the_locks_disturbs_nobody(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    take_and_release(locks, 1)

    assert [FileLocks(tmp_path).held() for _ in range(3)] == [[], [], []]
    assert take(locks).fence == 2


def test_the_way_to_a_refused_overlap_loads_no_database_and_no_logging() -> None:
    code = "import sys, infra.locks.file; print(*sys.modules)"
    said = run_python(code)
    loaded = set(said.split())

    assert "infra.locks.lock_file" in loaded
    assert loaded.isdisjoint({"sqlalchemy", "logging", "sqlite3", "hashlib", "ctypes", "socket"})
