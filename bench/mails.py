"""CR-003: a thousand reminders over one connection, beside smtplib alone."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.queue.databases import KINDS, LIBRARIES, NAMES, databases
from bench.table import Table, against, megabytes
from bench.timing import CONSOLE, PYTHON, ROOT, Variant, WrongAnswer, measure, run

MAILS, BAR_SECONDS = 1_000, 30.0

_HOST = "127.0.0.1"
_REMIND = (CONSOLE, "cron:customers:notify-license-expiration", "--format=json")
_ROWS = (PYTHON, str(ROOT / "bench" / "shop_rows.py"))
_RAW = (PYTHON, str(ROOT / "bench" / "raw_mails.py"))
_PATIENCE_SECONDS = 10


def report(folder: Path, rounds: int) -> Table:
    """Give one row per database, and smtplib's."""
    columns = ("", "command s", "bar s", "ratio to smtplib", "mails/s", "peak MB")
    made = Table(f"CR-003: {MAILS:,} reminders to one server", columns)
    with databases(folder) as urls, _sink() as port:
        homes = {kind: _home(folder / f"home_{kind}", port) for kind in KINDS}
        for url in urls.values():
            run([*_ROWS, "licences", url, str(MAILS)], LIBRARIES)
        raw = Variant(name="smtplib", argv=[*_RAW, str(MAILS), _HOST, str(port)], expect="mails")
        ways = [_way(kind, homes[kind], urls[kind]) for kind in KINDS]
        found = {way.name: [measure(way)] for way in [raw, *ways]}
        for _ in range(rounds - 1):
            for way in [raw, *ways]:
                found[way.name].append(measure(way))
    bare = found.pop(raw.name)
    for name, samples in found.items():
        seconds = median(it.seconds for it in samples)
        ratio = median(a.seconds / b.seconds for a, b in zip(samples, bare, strict=True))
        peak = megabytes(median(it.rss_bytes for it in samples))
        made.add(
            NAMES[name],
            *(f"{seconds:.2f}", against(seconds, BAR_SECONDS), f"{ratio:.1f}"),
            *(f"{MAILS / seconds:.0f}", peak),
        )
    seconds = median(it.seconds for it in bare)
    made.add("smtplib alone", f"{seconds:.2f}", "", "1.0", f"{MAILS / seconds:.0f}", "")
    made.notes.append("each reminder is committed twice, once before and once after its mail")
    return made


def _way(kind: str, home: Path, url: str) -> Variant:
    env: Mapping[str, str] = {"CRONTRACT_HOME": str(home), "DATABASE_URL": url}
    return Variant(
        name=kind,
        argv=_REMIND,
        env=env,
        expect=f'"sent": {MAILS}',
        before=lambda: _forget(url),
    )


def _forget(url: str) -> None:
    run([*_ROWS, "forget", url], LIBRARIES)


def _home(home: Path, port: int) -> Path:
    """A home whose mails go to the server of this report."""
    shutil.copytree(ROOT / "config", home / "config")
    file = home / "config" / "jobs.toml"
    text = file.read_text("utf-8")
    for old, new in (
        ('kind = "directory"', 'kind = "smtp"'),
        ('host = ""', f'host = "{_HOST}"'),
        ("port = 587", f"port = {port}"),
        ('security = "starttls"', 'security = "none"'),
    ):
        text = text.replace(old, new, 1)
    file.write_text(text, "utf-8")
    return home


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server that takes everything and keeps nothing."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = int(free.getsockname()[1])
    words = ["-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"{_HOST}:{port}"]
    server = subprocess.Popen([PYTHON, *words])
    try:
        _wait(port)
        yield port
    finally:
        server.kill()
        server.wait()


def _wait(port: int) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        with socket.socket() as asked:
            if asked.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise WrongAnswer("no mail server")
