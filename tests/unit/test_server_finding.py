"""A server for tests is looked for in one order, and what is missing is told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from servers import provide
from servers.finding import Missing, find
from servers.report import table


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho server v1.12.3\n")
    path.chmod(0o755)
    return path


class Machine:
    """A file system and an environment of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.checkout = root, root / "checkout"
        self.environment = {"PATH": str(root / "path")}

    def has(self, *places: str) -> None:
        for place in places:
            program(self.root / place)

    def origin(self, name: str, *, private: bool = False) -> str:
        return find(
            name, self.environment, root=self.root, checkout=self.checkout, private=private
        ).origin


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


PLACES = [
    ("CRON_TEST_MARIADB_URL", ""),
    ("PATH", "path/mariadbd"),
    ("Debian", "usr/sbin/mariadbd"),
    ("Homebrew", "opt/homebrew/opt/mariadb@11.4/bin/mariadbd"),
    (".servers", "checkout/.servers/root/usr/sbin/mariadbd"),
]


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_the_first_place_that_has_it_wins(machine: Machine, number: int) -> None:
    machine.has(*(place for _, place in PLACES[number:] if place))
    if number == 0:
        machine.environment["CRON_TEST_MARIADB_URL"] = "mariadb://root@db/shop"

    assert machine.origin("mariadb") == PLACES[number][0]


def test_what_is_private_is_never_the_server_of_an_address(machine: Machine) -> None:
    machine.has("path/mariadbd")
    machine.environment["CRON_TEST_MARIADB_URL"] = "mariadb://root@db/shop"

    assert machine.origin("mariadb", private=True) == "PATH"


@pytest.mark.parametrize("name", ["postgresql", "redis"])
def test_a_wheel_serves_where_nothing_is_installed(machine: Machine, name: str) -> None:
    assert machine.origin(name) == "wheel"


def test_of_several_versions_the_newest_is_taken(machine: Machine) -> None:
    machine.has("usr/lib/postgresql/9/bin/postgres", "usr/lib/postgresql/15/bin/postgres")

    found = find("postgresql", machine.environment, root=machine.root, checkout=machine.checkout)

    assert found.program == machine.root / "usr/lib/postgresql/15/bin/postgres"
    assert found.version() == "1.12.3"


def test_the_other_programs_of_a_linked_one_are_found(machine: Machine) -> None:
    machine.has("opt/pg/bin/postgres", "opt/pg/bin/initdb")
    (machine.root / "path").mkdir()
    (machine.root / "path/postgres").symlink_to(machine.root / "opt/pg/bin/postgres")

    found = find("postgresql", machine.environment, root=machine.root, checkout=machine.checkout)

    assert found.tool("initdb") == machine.root / "opt/pg/bin/initdb"
    with pytest.raises(Missing, match="install the whole package"):
        found.tool("pg_upgrade")


def test_a_file_that_cannot_be_started_is_no_server(machine: Machine) -> None:
    machine.has("usr/sbin/mariadbd")
    (machine.root / "usr/sbin/mariadbd").chmod(0o644)

    with pytest.raises(Missing):
        machine.origin("mariadb")


def test_an_unpacked_server_finds_its_libraries(machine: Machine) -> None:
    machine.has("checkout/.servers/root/usr/bin/redis-server")

    found = find("redis", machine.environment, root=machine.root, checkout=machine.checkout)

    unpacked = machine.checkout / ".servers/root"
    assert f"{unpacked}/usr/lib/" in found.environment["LD_LIBRARY_PATH"]


def test_what_is_missing_is_told_with_its_remedy(machine: Machine) -> None:
    with pytest.raises(Missing, match="set CRON_TEST_MARIADB_URL or install mariadbd"):
        machine.origin("mariadb")


# --- what bin/test brings -----------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """What would have been installed or unpacked on a machine that has only MariaDB."""
    calls: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(provide, "_is_here", lambda name, *, wheels: name == "mariadb")
    monkeypatch.setattr(provide, "_missing_tools", lambda: ["fish"])
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    for way in ("install", "unpack"):
        monkeypatch.setattr(
            provide, way, lambda packages, way=way: calls.append((way, tuple(packages)))
        )
    return calls


@pytest.mark.parametrize(
    ("user", "apt", "way"), [(0, "", None), (0, "1", "install"), (1000, "", "unpack")]
)
def test_root_installs_only_when_told_and_a_user_unpacks(
    user: int,
    apt: str,
    way: str | None,
    asked: list[tuple[str, tuple[str, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("CRON_TEST_APT", apt)

    provide.main()

    assert [called for called, _ in asked] == ([way] if way else [])
    for called, packages in asked:
        assert "mariadb-server" not in packages
        assert {"redis-server", "prometheus-pushgateway"} <= set(packages)
        assert ("prometheus-alertmanager" in packages) == (called == "install")


# --- the table ----------------------------------------------------------------------------------


def test_the_table_counts_each_test_once_and_tells_where_servers_came_from(tmp_path: Path) -> None:
    server = program(tmp_path / "redis-server")
    use = f'"what": "used", "origin": "PATH", "program": "{server}", "environment": {{}}}}\n'
    lines = [
        '{"server": "redis", "test": "one", ' + use,
        '{"server": "redis", "test": "one", ' + use,
        '{"server": "redis", "test": "two", ' + use,
        '{"server": "mariadb", "test": "two", "what": "skipped"}\n',
    ]
    (tmp_path / "record").write_text("".join(lines))

    assert [line.split() for line in table(tmp_path / "record")] == [
        ["server", "version", "from", "tests", "skipped"],
        ["mariadb", "-", "-", "0", "1"],
        ["redis", "1.12.3", "PATH", "2", "0"],
    ]


def test_a_run_without_servers_has_no_table(tmp_path: Path) -> None:
    assert table(tmp_path / "record") == []
