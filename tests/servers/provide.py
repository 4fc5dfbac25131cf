"""Bring the servers that the tests need, where that is allowed: bin/test runs this first.

As root only with CRON_TEST_APT=1: one apt line. As a plain user on Debian or Ubuntu: packages
unpacked into .servers/, nothing outside the checkout. Else nothing. A failure costs no run: the
tests that need what is missing are skipped, or fail with --require=all.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from servers.finding import CHECKOUT, PROGRAMS, UNPACKED, Missing, find

PACKAGES = {
    "postgresql": "postgresql",
    "mariadb": "mariadb-server",
    "redis": "redis-server",
    "pushgateway": "prometheus-pushgateway",
    "prometheus": "prometheus",
    "cron": "cron",
    "alertmanager": "prometheus-alertmanager",
    "sshd": "openssh-server",
    "vsftpd": "vsftpd",
}

ONLY_INSTALLED = {"prometheus-alertmanager", "cron"}
"""They look for their files where the package puts them, and nowhere else."""

TOOLS = ("zsh", "fish", "openssl")
"""Programs that some tests call; their packages have the same names."""

POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> None:
    """Install or unpack what is missing."""
    if shutil.which("apt-get") is None:
        return
    if os.geteuid() == 0:
        if os.environ.get("CRON_TEST_APT") == "1":
            _tell_failure(install, [*_missing(wheels=False), *_missing_tools()])
        return
    _tell_failure(unpack, [name for name in _missing() if name not in ONLY_INSTALLED])


def install(packages: Sequence[str]) -> None:
    """One apt line; the packages' services stay off."""
    with _no_services(POLICY):
        _run("apt-get", "update", "-qq")
        line = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
        _run(*line, environment={"DEBIAN_FRONTEND": "noninteractive"})


def unpack(packages: Sequence[str], checkout: Path = CHECKOUT) -> None:
    """Fetch the packages and what they depend on, with apt's own lists kept in .servers/."""
    folder = checkout / UNPACKED
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, done = " ".join(packages), folder / "unpacked"
        if done.exists() and done.read_text("utf-8") == wanted:
            return  # another run was faster, or it is no use to try again
        debs = _download(folder / "apt", packages)
        for deb in debs:
            _run("dpkg", "-x", str(deb), str(folder / "root"))
            deb.unlink()
        done.write_text(wanted, encoding="utf-8")


def _download(apt: Path, packages: Sequence[str]) -> list[Path]:
    """Fetch the packages and those of their dependencies that the system has not."""
    for name in ("lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    # As on an empty system: the real one may be in a state in which apt refuses to plan.
    nothing = apt / "status"
    nothing.touch()
    apt_get = (
        *("apt-get", "-q", "-o", f"Dir::State::Lists={apt / 'lists'}"),
        *("-o", f"Dir::Cache={apt / 'cache'}", "-o", f"Dir::State::Status={nothing}"),
        *("-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="),
    )
    _run(*apt_get, "update")
    plan = _run(*apt_get, "install", "--simulate", "--no-install-recommends", *packages)
    planned = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")}
    _run(*apt_get, "download", *sorted(planned - _installed()), folder=apt)
    return sorted(apt.glob("*.deb"))


def _installed() -> set[str]:
    listed = _run("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package}\n")
    rows = (line.partition(" ") for line in listed.splitlines())
    return {name for state, _, name in rows if state == "installed"}


def _missing(*, wheels: bool = True) -> list[str]:
    """Name the packages of the servers that are neither here nor given by address."""
    return [PACKAGES[name] for name in PROGRAMS if not _is_here(name, wheels=wheels)]


def _is_here(name: str, *, wheels: bool) -> bool:
    try:
        return find(name).origin != "wheel" or wheels
    except Missing:
        return False


def _missing_tools() -> list[str]:
    return [tool for tool in TOOLS if shutil.which(tool) is None]


@contextmanager
def _no_services(policy: Path) -> Iterator[None]:
    """Packages ask this file before they start a service; 101 forbids it."""
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        policy.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            policy.unlink()


def _tell_failure(bring: Callable[[Sequence[str]], None], packages: Sequence[str]) -> None:
    if not packages:
        return
    sys.stderr.write(f"bin/test: fetching {' '.join(packages)}\n")
    try:
        bring(packages)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()[-1:]
        sys.stderr.write(f"bin/test: that failed: {' '.join(said)}\n")


def _run(
    *command: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    main()
