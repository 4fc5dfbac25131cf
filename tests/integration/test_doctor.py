"""What doctor says of real servers, folders and files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.errors import SchemaOutdated
from domain.operating.checkup import Seen, State
from domain.operating.lock_store import LockStore
from infra.boot import ENVIRONMENTS
from infra.doctor import database, host, mounted, network
from infra.doctor.database import FAIL_SECONDS, WARN_SECONDS, newest, skew
from infra.locks.database import DatabaseLocks
from infra.locks.file import FileLocks
from infra.sql import migrate
from infra.sql.connection import Database
from servers import KINDS, private, redis_url
from servers import database as server_database
from servers.access import Access

SERVERS = KINDS[1:]
NOWHERE = "127.0.0.1:9"
NOBODY = 65534


def facts(seen: Seen) -> tuple[str, int]:
    return seen.state.value, int(seen.exit_code)


# --- the database -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_migrated_database_is_fit(kind: str) -> None:
    with server_database(kind) as url:
        looked = [database.reachable(url), database.migrated(url)]

    assert [facts(seen) for seen in looked] == [("ok", 0), ("ok", 0)]
    assert looked[1].found == f"at {migrate.needed()}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_without_tables_says_what_to_type(kind: str) -> None:
    with server_database(kind, migrated=False) as url, pytest.raises(SchemaOutdated) as fault:
        database.migrated(url)

    assert fault.value.remedy == "Run bin/console db:migrate"


@pytest.mark.parametrize(
    "missing", ["DELETE ON cron_report", "USAGE ON SEQUENCE cron_report_report_id_seq"]
)
def test_a_right_that_a_run_needs_is_missed_before_the_run_misses_it(missing: str) -> None:
    with server_database("postgresql") as url, Access(url) as admin:
        role = f"jobs_{url.rpartition('/')[2]}"
        admin.execute(f"CREATE ROLE {role} LOGIN")
        try:
            for every in ("SELECT, INSERT, UPDATE, DELETE ON ALL TABLES", "USAGE ON ALL SEQUENCES"):
                admin.execute(f"GRANT {every} IN SCHEMA public TO {role}")
            own = url.replace("//postgres@", f"//{role}@")
            before = database.migrated(own)
            admin.execute(f"REVOKE {missing} FROM {role}")

            after = database.migrated(own)
            left = admin.rows("SELECT * FROM cron_report")
        finally:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")

    assert (before.state, after.state, left) == ("ok", "fail", [])
    assert "permission denied" in after.found


@pytest.mark.parametrize(("version", "state"), [("0001", "fail"), ("9999", "fail"), (None, "fail")])
def test_another_version_of_the_tables_is_a_fault(version: str | None, state: str) -> None:
    with server_database("sqlite") as url:
        with Database(url).transaction() as transaction:
            transaction.execute("UPDATE alembic_version SET version_num = :v", {"v": version or ""})
        seen = database.migrated(url)

    assert facts(seen) == (state, 78)
    assert seen.advice
    assert newest() in seen.found


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_s_clock_is_compared_with_ours(kind: str) -> None:
    with server_database(kind) as url:
        seen = database.clock(url)

    assert facts(seen) == ("ok", 0)
    assert float(seen.found.split()[3]) < WARN_SECONDS


def test_sqlite_has_no_clock_of_its_own(tmp_path: Path) -> None:
    assert database.clock(f"sqlite:///{tmp_path}/a.db").state is State.SKIPPED


@pytest.mark.parametrize(
    ("seconds", "unsure", "state"),
    [
        (0.9, 0.0, "ok"),
        (1.5, 0.0, "warn"),
        (-1.5, 0.0, "warn"),
        (1.5, 0.6, "ok"),  # a slow line is no wrong clock
        (FAIL_SECONDS + 0.1, 0.0, "fail"),
        (-3600.0, 0.5, "fail"),
    ],
)
def test_a_clock_is_judged_by_what_is_certain(seconds: float, unsure: float, state: str) -> None:
    assert skew(seconds, unsure).state == state


# --- locks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_lock_store_is_tried_and_left_as_it_was(kind: str) -> None:
    with server_database(kind) as url:
        connection = Database(url)
        store = DatabaseLocks(connection)
        first = database.locks(LockStore.DATABASE, store, on_server=True)
        again = database.locks(LockStore.DATABASE, store, on_server=True)
        held = store.held()
        connection.close()

    assert [facts(first), facts(again), list(held)] == [("ok", 0), ("ok", 0), []]


def test_two_doctors_at_once_do_not_frighten_each_other(tmp_path: Path) -> None:
    store = FileLocks(tmp_path)
    store.acquire(database.PROBE, "another")

    assert database.locks(LockStore.FILE, FileLocks(tmp_path), on_server=False).state == "ok"


def test_files_as_locks_beside_a_server_are_a_warning(tmp_path: Path) -> None:
    seen = database.locks(LockStore.FILE, FileLocks(tmp_path), on_server=True)

    assert facts(seen) == ("warn", 0)


# --- other servers ------------------------------------------------------------------------------


ALERTMANAGER = {"config": "route: {receiver: nobody}\nreceivers: [{name: nobody}]"}


@pytest.mark.parametrize(("name", "options"), [("pushgateway", {}), ("alertmanager", ALERTMANAGER)])
def test_a_server_that_is_ready_is_seen_and_one_that_is_gone_too(
    name: str, options: dict[str, str], tmp_path: Path
) -> None:
    with private(name, tmp_path, **options) as server:
        there = network.ready(server.url, tmp_path)
        server.kill()
        gone = network.ready(server.url, tmp_path)

    assert [facts(there), facts(gone)] == [("ok", 0), ("fail", 69)]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ("skipped", 0)),
        (f"http://{NOWHERE}", ("fail", 69)),
        ("ftp://gate", ("fail", 78)),
        ("gate:9091", ("fail", 78)),
    ],
)
def test_an_address_is_reached_or_not(
    address: str, expected: tuple[str, int], tmp_path: Path
) -> None:
    assert facts(network.ready(address, tmp_path)) == expected


LOGIN = ("crontract", "hunter22")


@pytest.mark.parametrize(
    ("line", "password", "trusted", "expected"),
    [
        (("", "none"), "", True, ("ok", 0)),
        (("starttls", "starttls"), "hunter22", True, ("ok", 0)),
        (("implicit", "tls"), "hunter22", True, ("ok", 0)),
        (("starttls", "starttls"), "wrong-word", True, ("fail", 78)),
        (("starttls", "starttls"), "hunter22", False, ("fail", 69)),
        (("starttls", "starttls"), "häuser22", True, ("fail", 78)),
        (("", "starttls"), "", True, ("fail", 69)),
    ],
)
def test_a_mail_server_is_greeted_and_logged_in_to_and_gets_no_mail(
    line: tuple[str, str],
    password: str,
    trusted: bool,
    expected: tuple[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls, security = line
    monkeypatch.setenv("MAIL_WORD", password)
    login = {"user": LOGIN[0], "password": "env:MAIL_WORD"} if password else {}
    with private("smtp", tmp_path, tls=tls, login=LOGIN if password else None) as server:
        values = {"host": server.host, "port": server.port, "security": security, **login}
        if trusted and tls:
            values["ca_file"] = str(server.certificate)
        seen = network.mail(values, tmp_path)

        assert facts(seen) == expected, seen.found
        assert server.mails() == []
        assert "hunter22" not in seen.found


def test_redis_is_pinged() -> None:
    assert facts(network.redis(redis_url(), Path())) == ("ok", 0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [("", ("skipped", 0)), (f"redis://{NOWHERE}/0", ("fail", 69)), ("http://a", ("fail", 78))],
)
def test_a_redis_that_is_not_there_is_said(url: str, expected: tuple[str, int]) -> None:
    assert facts(network.redis(url, Path())) == expected


# --- folders and files --------------------------------------------------------------------------


def test_folders_that_can_be_made_are_fine(tmp_path: Path) -> None:
    seen = host.folders([("state", tmp_path), ("metrics", tmp_path / "a" / "b")])

    assert facts(seen) == ("ok", 0)
    assert not (tmp_path / "a").exists()


def test_a_file_in_the_place_of_a_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")

    assert facts(host.folders([("state", tmp_path / "var" / "locks")])) == ("fail", 78)


def test_a_folder_of_another_user_is_a_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with unprivileged():
        seen = host.folders([("state", tmp_path / "var")])

    assert facts(seen) == ("fail", 78)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write everywhere; access is asked for the real user, who changes for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.setreuid(NOBODY, -1)
    try:
        yield
    finally:
        os.setreuid(0, -1)


@pytest.mark.parametrize(("free", "state"), [(10**6, "fail"), (10**8, "warn"), (10**9, "ok")])
def test_room_is_needed(
    free: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Free(free))

    assert host.folders([("state", tmp_path)]).state == state


class _Free:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.parametrize(
    ("zones", "state"),
    [([], "ok"), (["Europe/Berlin"], "ok"), (["Mars/Olympus"], "fail"), (["../etc"], "fail")],
)
def test_every_declared_zone_has_data(zones: list[str], state: str) -> None:
    assert host.zones(zones).state == state


def test_modules_are_compiled_or_can_be(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")

    assert host.bytecode(tmp_path).found == "1 of 1 modules not compiled; the next start does it"


def test_this_host_can_supervise() -> None:
    assert host.supervision(None).state in (State.OK, State.WARN)
    assert host.python().state is State.OK


# --- secrets ------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [n for n in os.environ if n.startswith(("CRONTRACT_", "DATABASE_URL"))]:
        monkeypatch.delenv(name)
    (tmp_path / "config" / "env").mkdir(parents=True)
    (tmp_path / "config" / "app.toml").write_text('[locks]\nredis_url = "redis://:{secret:word}@c"')
    (tmp_path / "config" / "alerts.toml").write_text('[channel.a]\npassword = "env:MAIL_WORD"')
    for env in ENVIRONMENTS:
        (tmp_path / "config" / "env" / f"{env}.toml").write_text("")
    (tmp_path / "word").write_text("hunter22")
    (tmp_path / "word").chmod(0o600)
    monkeypatch.setenv("MAIL_WORD", "hunter23")
    return tmp_path


Spoil = Callable[[Path, pytest.MonkeyPatch], Any]
SPOILED: list[tuple[Spoil, tuple[str, int], str]] = [
    (lambda *_: None, ("ok", 0), "2 present"),
    (lambda root, _: (root / "word").unlink(), ("fail", 78), "No such file"),
    (lambda _, env: env.delenv("MAIL_WORD"), ("fail", 78), "env:MAIL_WORD is not set"),
    (lambda root, _: (root / "word").chmod(0o644), ("warn", 0), "any user may read"),
    (
        lambda root, _: [p.write_text("") for p in (root / "config").glob("a*.toml")],
        ("skipped", 0),
        "no file of config/ refers to one",
    ),
]


@pytest.mark.parametrize(("spoil", "expected", "found"), SPOILED)
def test_every_secret_referred_to_must_be_there_and_private(
    root: Path, spoil: Spoil, expected: tuple[str, int], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(root, monkeypatch)

    seen = mounted.mounted(root, "test", root)

    assert facts(seen) == expected
    assert found in seen.found
    assert "hunter" not in seen.found
