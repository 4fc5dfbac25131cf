"""Jobs as a supervisor meets them: good, stuck, wild and dying. Each runs in a child process."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from domain.errors import ConfigurationInvalid, LockLost, Refused, Retryable, StopRequested
from domain.operating.ports import ActiveRun, Busy
from domain.operating.run import Summary, Unit, UnitResult
from infra.process.active_run import RunInHand
from infra.secrets import resolve

FOREVER = 600.0
Job = Callable[[ActiveRun, Path], Summary]


class FeedAway(Retryable):
    """A transient failure."""


def _done(**items: int) -> Summary:
    return Summary(items=items)


def mark(folder: Path, name: str, text: str = "") -> None:
    """Leave a file for the test to find, whole from the first moment it is there."""
    (folder / f".{name}").write_text(text or str(os.getpid()))
    (folder / f".{name}").rename(folder / name)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


# --- good ------------------------------------------------------------------------------------


def works(run: ActiveRun, folder: Path) -> Summary:
    say("a printed line")
    run.log("unit.done", "one unit")
    run.progress("suppliers", 2, 2)
    for _ in range(2):
        with run.stage("read"):
            time.sleep(0.02)
    run.checkpoint("end")
    unit = Unit(
        name="23",
        result=UnitResult.FAILED,
        counts={"changed": 7},
        lineage=("FeedAway", "Retryable"),
    )
    return Summary(units=(unit,), items={"changed": 7}, notes=("as ever",))


def tells_its_limits(run: ActiveRun, folder: Path) -> Summary:
    say(f"{run.run_id} {run.attempt} {run.correlation_id} {run.actor} {run.dry_run}")
    return _done(left=int(run.remaining.total_seconds()), leases=len(run.leases))


def makes_garbage_in_cycles(run: ActiveRun, folder: Path) -> Summary:
    left = 0
    for _ in range(100_000):
        ring: list[object] = []
        ring.append(ring)
        left = max(left, gc.get_count()[0])
    return _done(left=left)


def lists_its_open_files(run: ActiveRun, folder: Path) -> Summary:
    for entry in sorted(Path("/proc/self/fd").iterdir(), key=lambda path: int(path.name)):
        if entry.is_symlink():
            say(f"{entry.name} {entry.readlink()}")
    return _done()


def shows_its_streams(run: ActiveRun, folder: Path) -> Summary:
    subprocess.run(["sh", "-c", "cat; echo out; echo err >&2"], check=True)
    return _done(sid=os.getsid(0), pid=os.getpid())


def leaves_a_thread(run: ActiveRun, folder: Path) -> Summary:
    threading.Thread(target=time.sleep, args=(FOREVER,)).start()
    return _done(ok=1)


# --- errors ----------------------------------------------------------------------------------


def raises(error: BaseException) -> Job:
    def job(run: ActiveRun, folder: Path) -> Summary:
        raise error

    return job


# --- stuck -----------------------------------------------------------------------------------


def sleeps(run: ActiveRun, folder: Path) -> Summary:
    mark(folder, "ready")
    time.sleep(FOREVER)
    return _done()


def swallows_every_exception(run: ActiveRun, folder: Path) -> Summary:
    mark(folder, "ready")
    while True:
        with suppress(Exception):
            time.sleep(0.05)


def swallows_everything(run: ActiveRun, folder: Path) -> Summary:
    mark(folder, "ready")
    while True:
        with suppress(BaseException):
            time.sleep(0.05)
            run.checkpoint("deaf")
            continue
        mark(folder, "heard")


def waits_in_c(run: ActiveRun, folder: Path) -> Summary:
    mark(folder, "ready")
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10**9)
    return _done()


def finishes_after_the_timeout(run: ActiveRun, folder: Path) -> Summary:
    try:
        time.sleep(FOREVER)
    except BaseException:  # noqa: BLE001 - a last unit is brought home
        return _done(late=1)
    return _done()


def cleans_up_at_the_timeout(run: ActiveRun, folder: Path) -> Summary:
    try:
        time.sleep(FOREVER)
    finally:
        mark(folder, "rolled-back")
    return _done()


def stops_at_checkpoints(run: ActiveRun, folder: Path) -> Summary:
    mark(folder, "ready")
    try:
        for unit in range(10**6):
            run.checkpoint(f"unit {unit}")
            time.sleep(0.01)
    except StopRequested:
        mark(folder, "rolled-back")
        raise
    return _done()


# --- families --------------------------------------------------------------------------------

_SLEEPER = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"
_DEAF = "import signal; signal.signal(15, signal.SIG_IGN); " + _SLEEPER


def _start(folder: Path, code: str, name: str) -> int:
    command = [sys.executable, "-S", "-c", code, str(folder / name)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        return subprocess.Popen(command).pid


def _start_daemon(folder: Path) -> None:
    """Fork twice, with a session of its own: the classical way to leave one's parent."""
    if os.fork() == 0:
        os.setsid()
        mark(folder, "pids-daemon", str(_start(folder, _DEAF, "daemon")))
        os._exit(0)
    os.wait()


def has_five(then: Job) -> Job:
    """Start a tree of five processes, then go on."""

    def job(run: ActiveRun, folder: Path) -> Summary:
        pids = [
            _start(folder, _SLEEPER, "plain"),
            _start(folder, _DEAF, "deaf"),
            _start(folder, "import os; os.setsid(); " + _SLEEPER, "session"),
        ]
        _start_daemon(folder)
        if (pid := os.fork()) == 0:
            time.sleep(FOREVER)
            os._exit(0)
        while not all((folder / name).exists() for name in ("plain", "deaf", "session", "daemon")):
            time.sleep(0.01)
        daemon = (folder / "pids-daemon").read_text()
        mark(folder, "pids", " ".join(map(str, [os.getpid(), *pids, pid, daemon])))
        return then(run, folder)

    return job


# --- dying -----------------------------------------------------------------------------------


def is_killed(run: ActiveRun, folder: Path) -> Summary:
    say("the last line")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    return _done()


def segfaults(run: ActiveRun, folder: Path) -> Summary:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)
    return _done()


def leaves_by_the_window(status: int) -> Job:
    def job(run: ActiveRun, folder: Path) -> Summary:
        os._exit(status)

    return job


def eats_memory(run: ActiveRun, folder: Path) -> Summary:
    return _done(length=len(bytearray(8 * 1024**3)))


# --- wild ------------------------------------------------------------------------------------


def floods_its_output(run: ActiveRun, folder: Path) -> Summary:
    block = b"x" * 99 + b"\n"
    for _ in range(100):
        os.write(1, block * 2000)
    os.write(2, b"z" * 2_000_000)
    os.write(1, b"\nbad \xff byte\nno end")
    return _done(ok=1)


def floods_its_line(run: ActiveRun, folder: Path) -> Summary:
    message = b'{"kind": "Progress", "label": "x", "done": 1, "total": null}\n'
    line = _control_line()
    for _ in range(200):
        line.sendall(message * 500)
    return _done(ok=1)


def writes_garbage_on_its_line(run: ActiveRun, folder: Path) -> Summary:
    line = _control_line()
    line.sendall(b'\xff\xfe{"kind": "Finished"}\n[1]\nnull\n{"kind": "Progress"}\n{"kind": []}\n')
    for session in ("7", '{"number": 1e999, "mark": "x"}', '{"number": 7, "mark": ""}', "{}"):
        line.sendall(b'{"kind": "SessionOpened", "session": %b}\n' % session.encode())
    line.sendall(b'{"kind": "Finished", "summary": 17, "output": ""}\n' + b"[" * 100_000 + b"\n{")
    return _done(ok=1)


def dies_in_the_middle_of_its_result(run: ActiveRun, folder: Path) -> Summary:
    _control_line().sendall(b'\n{"kind": "Finished", "summary": {"units": [], "it')
    os._exit(0)


def closes_its_files(run: ActiveRun, folder: Path) -> Summary:
    os.closerange(0, 256)
    return _done()


def _control_line() -> socket.socket:
    for descriptor in range(3, 256):
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue
        if stat.S_ISSOCK(mode):
            return socket.socket(fileno=os.dup(descriptor))
    raise LookupError("no socket is open")


# --- locks -----------------------------------------------------------------------------------


def takes_further_locks(run: ActiveRun, folder: Path) -> Summary:
    with run.lock("supplier.23") as lease, run.lock("supplier.24") as busy:
        assert not isinstance(lease, Busy)
        assert isinstance(busy, Busy)
        held = len(run.leases)
        say(f"24 is held by {busy.run_id} since {busy.since}")
    with run.lock("supplier.23") as again:
        assert not isinstance(again, Busy)
        return _done(held=held, after=len(run.leases) - 1, grown=again.fence - lease.fence)


def dies_with_a_further_lock(run: ActiveRun, folder: Path) -> Summary:
    with run.lock("supplier.23"):
        os.kill(os.getpid(), signal.SIGKILL)
    return _done()


# --- sessions on a server --------------------------------------------------------------------

_SLEEP = {"postgresql": "SELECT pg_sleep(600)", "mariadb": "SELECT SLEEP(600)"}


def sleeps_on_the_server(run: ActiveRun, folder: Path) -> Summary:
    """Wait for a statement of ten minutes; a comment in it names the run."""
    from infra.sql.engine import make_engine
    from infra.sql.session_limits import LimitedSessions

    assert isinstance(run, RunInHand)
    engine = make_engine((folder / "url").read_text())
    LimitedSessions(run).attach(engine)
    with run.lock("supplier.23"), engine.connect() as connection:
        mark(folder, "job")
        connection.exec_driver_sql(f"{_SLEEP[engine.dialect.name]} /* {run.run_id} */")
    return _done()


def tells_its_secret(run: ActiveRun, folder: Path) -> Summary:
    """Print it past every stream of Python's, as a driver in C would, and die of it."""
    secret = resolve(f"file:{folder}/secret", folder).reveal()
    os.write(1, f"told {secret}\n".encode())
    subprocess.run(["echo", f"told {secret}"], check=True)
    if (folder / "refused").exists():
        raise Refused(f"no login with {secret}")
    return Summary(notes=(secret,))


JOBS: dict[str, Job] = {
    "works": works,
    "tells_its_secret": tells_its_secret,
    "tells_its_limits": tells_its_limits,
    "makes_garbage_in_cycles": makes_garbage_in_cycles,
    "lists_its_open_files": lists_its_open_files,
    "shows_its_streams": shows_its_streams,
    "leaves_a_thread": leaves_a_thread,
    "feed_away": raises(FeedAway("the feed is away", retry_after=timedelta(seconds=90))),
    "refused": raises(Refused("unknown supplier 99")),
    "misconfigured": raises(ConfigurationInvalid("no such key")),
    "lock_lost": raises(LockLost("fence 4 is gone")),
    "defect": raises(KeyError("colour")),
    "sys_exit": raises(SystemExit(0)),
    "sleeps": sleeps,
    "swallows_every_exception": swallows_every_exception,
    "swallows_everything": swallows_everything,
    "waits_in_c": waits_in_c,
    "finishes_after_the_timeout": finishes_after_the_timeout,
    "cleans_up_at_the_timeout": cleans_up_at_the_timeout,
    "stops_at_checkpoints": stops_at_checkpoints,
    "five_and_sleeps": has_five(sleeps),
    "five_and_works": has_five(works),
    "five_and_is_killed": has_five(is_killed),
    "is_killed": is_killed,
    "segfaults": segfaults,
    "exits_0": leaves_by_the_window(0),
    "exits_3": leaves_by_the_window(3),
    "eats_memory": eats_memory,
    "floods_its_output": floods_its_output,
    "floods_its_line": floods_its_line,
    "writes_garbage_on_its_line": writes_garbage_on_its_line,
    "dies_in_the_middle_of_its_result": dies_in_the_middle_of_its_result,
    "closes_its_files": closes_its_files,
    "sleeps_on_the_server": sleeps_on_the_server,
    "takes_further_locks": takes_further_locks,
    "dies_with_a_further_lock": dies_with_a_further_lock,
}
