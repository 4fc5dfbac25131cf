"""The console with a fault at a checkpoint: ``faulty_console.py FAULT COMMAND …``.

FAULT is ``record:FILE`` (write each checkpoint's name), ``kill:N`` (the job kills its own process
at the Nth), or ``hang:N`` (it says so in its log and sleeps there).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from kernel.console import main
from kernel.supervision import Supervision


def fault_of(text: str) -> Callable[[str], None]:
    """Turn the first argument into what happens at a checkpoint."""
    kind, _, value = text.partition(":")
    if kind == "record":
        return lambda name: _record(Path(value), name)
    left = [int(value)]

    def at_the_nth(name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            if kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            sys.stdout.write(f"hangs at {name}\n")
            sys.stdout.flush()
            time.sleep(600)

    return at_the_nth


def _record(file: Path, name: str) -> None:
    with file.open("a", encoding="utf-8") as names:
        names.write(f"{name}\n")


Supervision.on_checkpoint = staticmethod(fault_of(sys.argv[1]))
sys.exit(main(sys.argv[2:]))
