"""20 MB to and from each kind of partner, against the system's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.table import Table
from bench.timing import PYTHON, ROOT, WrongAnswer, run

SIZE = 20_000_000
NAME = "set.bin"
_LIBRARIES = {"PYTHONPATH": str(ROOT / "src")}
_OURS = str(ROOT / "bench" / "partner_transfer.py")

Command = Callable[[Path], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Way:
    """A partner as its setting says it, and the raw client's two commands."""

    setting: Mapping[str, object]
    up: Command
    down: Command
    client: str


def report(folder: Path, rounds: int) -> Table:
    """Give the table; a way whose server is missing here is left out."""
    sys.path.append(str(ROOT / "tests"))
    made = Table(
        f"Transfers: {SIZE // 1_000_000} MB, connecting included",
        ("", "up s", "client up s", "ratio", "down s", "client down s", "ratio"),
    )
    source = folder / NAME
    source.write_bytes(os.urandom(SIZE))
    for name, opened in _WAYS.items():
        work = folder / name
        work.mkdir()
        with opened(work) as way:
            made.add(name, *_measured(work, source, way, rounds))
            made.notes.append(f"{name}: against {way.client}")
    made.notes.append("ours without Python's start, the clients whole; up and down in turn")
    return made


def _measured(work: Path, source: Path, way: Way, rounds: int) -> Sequence[str]:
    _configure(work, way.setting)
    got = work / "got"
    got.mkdir()
    found: dict[str, list[float]] = {"up": [], "raw up": [], "down": [], "raw down": []}
    for _ in range(rounds):
        found["up"].append(_ours(work, "up", source))
        found["raw up"].append(_raw(way.up(source)))
        found["down"].append(_ours(work, "down", got / NAME))
        _check(source, got / NAME)
        found["raw down"].append(_raw(way.down(got / NAME)))
    cells = []
    for direction in ("up", "down"):
        ours, raw = median(found[direction]), median(found[f"raw {direction}"])
        cells += [f"{ours:.2f}", f"{raw:.2f}", f"{ours / raw:.1f}"]
    return cells


def _configure(work: Path, setting: Mapping[str, object]) -> None:
    (work / "config").mkdir()
    lines = [f"{key} = {json.dumps(value)}" for key, value in setting.items()]
    text = "\n".join(["[partner.other]", *lines, ""])
    (work / "config" / "partners.toml").write_text(text, "utf-8")


def _ours(work: Path, direction: str, file: Path) -> float:
    return float(run([PYTHON, _OURS, str(work), "other", direction, str(file)], _LIBRARIES))


def _raw(command: Sequence[str]) -> float:
    started = time.perf_counter()
    run(command)
    return time.perf_counter() - started


def _check(source: Path, got: Path) -> None:
    if got.read_bytes() != source.read_bytes():
        raise WrongAnswer(f"{got} is not what was sent")


def _secret(work: Path, name: str, value: str) -> str:
    folder = work / "secrets"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(value, "utf-8")
    (folder / name).chmod(0o600)
    return f"secret:{name}"


# --- the ways -------------------------------------------------------------------------------------


@contextmanager
def _directory(work: Path) -> Iterator[Way]:
    place = work / "there"
    yield Way(
        setting={"kind": "directory", "folder": "there"},
        up=lambda file: ("cp", str(file), str(place / "raw.bin")),
        down=lambda file: ("cp", str(place / NAME), str(file)),
        client="cp, which does not wait for the disk",
    )


@contextmanager
def _sftp(work: Path) -> Iterator[Way]:
    from servers.partners import account
    from servers.private import private

    key = work / "key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    public = key.with_suffix(".pub").read_text("utf-8")
    with _found("sshd"), private("sshd", work / "sshd", key=public, kinds=("ed25519",)) as server:
        shown = run(["ssh-keygen", "-lf", str(server.data / "keys" / "ed25519.pub")]).split()[1]
        login = f"{account(server)}@{server.host}"
        known = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
        options = ("-q", "-P", str(server.port), "-i", str(key), *known)
        batch = work / "batch"

        def told(order: str) -> Sequence[str]:
            batch.write_text(f"{order}\n", "utf-8")
            return ("sftp", *options, "-b", str(batch), login)

        yield Way(
            setting={
                "kind": "sftp",
                "host": server.host,
                "port": server.port,
                "user": account(server),
                "key_file": _secret(work, "key", key.read_text("utf-8")),
                "host_key": shown,
            },
            up=lambda file: told(f"put {file} raw.bin"),
            down=lambda file: told(f"get {NAME} {file}"),
            client="sftp of OpenSSH",
        )


@contextmanager
def _ftps(work: Path) -> Iterator[Way]:
    from servers.private import private

    with _found("vsftpd"), private("vsftpd", work / "vsftpd") as server:
        authority = str(server.data / "certificate.pem")
        address = f"ftp://{server.host}:{server.port}/in"
        yield Way(
            setting={
                "kind": "ftps",
                "host": server.host,
                "port": server.port,
                "user": "anonymous",
                "password": _secret(work, "mail", "shop@example.com"),
                "ca_file": authority,
                "folder": "in",
            },
            **_curl(address, "--ssl-reqd", "--cacert", authority),
        )


@contextmanager
def _ftp(work: Path) -> Iterator[Way]:
    from servers.server import free_port

    port, place = free_port(), work / "there"
    place.mkdir()
    words = ("-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(port), "-w", "-d", str(place))
    quiet = subprocess.DEVNULL
    server = subprocess.Popen([PYTHON, "-W", "ignore", *words], stdout=quiet, stderr=quiet)
    try:
        run(["curl", "-s", "--retry", "50", "--retry-connrefused", f"ftp://127.0.0.1:{port}/"])
        yield Way(
            setting={
                "kind": "ftp",
                "host": "127.0.0.1",
                "port": port,
                "user": "anonymous",
                "password": _secret(work, "mail", "shop@example.com"),
            },
            **_curl(f"ftp://127.0.0.1:{port}"),
        )
    finally:
        server.terminate()
        server.wait()


def _curl(address: str, *options: str) -> Mapping[str, Command | str]:
    curl = ("curl", "-sS", *options)
    return {
        "up": lambda file: (*curl, "-T", str(file), f"{address}/raw.bin"),
        "down": lambda file: (*curl, "-o", str(file), f"{address}/{NAME}"),
        "client": "curl",
    }


@contextmanager
def _found(name: str) -> Iterator[None]:
    """Raise WrongAnswer where this machine has no such server."""
    from servers.finding import Missing, find

    try:
        find(name, private=True)
    except Missing as missing:
        raise WrongAnswer(str(missing)) from missing
    yield


_WAYS = {"directory": _directory, "SFTP": _sftp, "FTP": _ftp, "FTPS": _ftps}
