"""Which process this is, so that another one can tell later whether it still lives."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PROC = Path("/proc")
_STATE, _START_TICKS = 0, 19


def host() -> str:
    """Name this host as the ledger writes it."""
    return os.uname().nodename


def token(pid: int | None = None) -> str:
    """Tell one process from every later one with its pid: boot, pid namespace, start time."""
    pid = pid or os.getpid()
    started = _started(pid)
    if started is None:
        raise ProcessLookupError(f"no process {pid}")
    return f"{_boot()}/{_namespace()}/{started}"


def alive(its_host: str, pid: int, its_token: str) -> bool | None:
    """Tell whether that process still runs; None where that cannot be known from here.

    That is so for another host, and for another container that goes by the same host name.
    """
    if its_host != host():
        return None
    boot, namespace, started = _parts(its_token)
    if boot != _boot():
        return False
    if namespace != _namespace():
        return None
    return started == _started(pid)


def _parts(its_token: str) -> tuple[str, str, str]:
    boot, _, rest = its_token.partition("/")
    namespace, _, started = rest.partition("/")
    return boot, namespace, started


if sys.platform == "linux":

    def _boot() -> str:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()

    def _namespace() -> str:
        return str((_PROC / "self/ns/pid").readlink())

    def _started(pid: int) -> str | None:
        """Clock ticks from boot to the start of the process; None for a dead or missing one."""
        try:
            stat = (_PROC / str(pid) / "stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The name before the last bracket may hold blanks and brackets of its own.
        fields = stat.rpartition(b")")[2].split()
        return None if fields[_STATE] in (b"Z", b"X") else fields[_START_TICKS].decode()

else:

    def _boot() -> str:
        return ""  # the start time below is a date: it already tells boots apart

    def _namespace() -> str:
        return ""

    def _started(pid: int) -> str | None:
        import subprocess

        command = ("/bin/ps", "-o", "stat=,lstart=", "-p", str(pid))
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words and a number
        state, _, started = answer.stdout.strip().partition(" ")
        return None if not state or state.startswith("Z") else started.strip()
