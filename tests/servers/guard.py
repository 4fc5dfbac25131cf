"""Starts one server and ends it when its owner is gone, however that went.

Started as a script, ``guard.py {"command": [...], "owner": pid, ...}``: standard library only. The
first line it prints is the server's process id. The server dies with the guard too (Linux).
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

GRACE_SECONDS = 10
_LOOK_SECONDS = 0.2
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run the server to its end; gives its exit code."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    ending = signal.Signals[order["ending"]]
    with Path(order["log"]).open("ab") as log:
        server = subprocess.Popen(
            order["command"],
            env=order["environment"],
            cwd=order["folder"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_dies_with_us(ending),  # noqa: PLW1509 - no other thread runs yet
            **order["account"],
        )
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(ending))
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    over = threading.Event()
    watch = threading.Thread(target=_outlive, args=(order["owner"], over, server, ending))
    watch.daemon = True
    watch.start()
    code = server.wait()
    if over.is_set() and order["sweep"]:
        shutil.rmtree(order["sweep"], ignore_errors=True)
    return code


def _dies_with_us(ending: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(ending)) and None


def _outlive(
    owner: int, over: threading.Event, server: subprocess.Popen[bytes], ending: signal.Signals
) -> None:
    """Wait for the owner's end, then end the server."""
    _wait_for_end(owner)
    over.set()
    server.send_signal(ending)
    time.sleep(GRACE_SECONDS)
    server.kill()


def _wait_for_end(pid: int) -> None:
    if not hasattr(os, "pidfd_open"):
        while _lives(pid):
            time.sleep(_LOOK_SECONDS)
        return
    with suppress(ProcessLookupError):
        # It tells of a process that ended but was not waited for yet, too.
        select.select([os.pidfd_open(pid)], [], [])


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main())
