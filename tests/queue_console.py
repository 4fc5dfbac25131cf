"""The console with the message types of tests, and perhaps with faults.

``queue_console.py FAULTS COMMAND …``; FAULTS as ``faulty_console`` has them, or empty; also
``grace:SECONDS``, which shortens the time that the processor has to leave, and ``lock:NAME``,
which gives it a lock of its own, as on a host of its own.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from kernel import inventory
from kernel.inventory import Message

TYPES = (
    Message(
        "probe.batch",
        "queue_probes:LeaveBatch",
        "Add several rows",
        ("UpdatingImagesController::updateImages",),
    ),
    Message("probe.count", "queue_probes:Count", "Add a row, in groups"),
    Message("probe.send", "queue_probes:Send", "Add a row, one by one"),
    Message("probe.misbehave", "queue_probes:Misbehave", "Do what its payload says"),
    Message("probe.broken", "queue_probes_of_nobody:Broken", "Cannot be loaded"),
    Message("probe.dawdle", "queue_probes:Dawdle", "Do it with time enough"),
)


def shorten_grace(seconds: str) -> None:
    from commands.cron.queue_process import QueueProcess

    span = timedelta(seconds=float(seconds))
    QueueProcess.contract = replace(QueueProcess.contract, grace=span)


def lock_apart(name: str) -> None:
    from commands.cron.queue_process import QueueProcess

    contract = QueueProcess.contract
    QueueProcess.contract = replace(contract, lock=f"{contract.lock}.{name}")


if __name__ == "__main__":
    inventory.MESSAGES = TYPES
    from kernel.console import main

    if sys.argv[1]:
        from faulty_console import SUPERVISORS, prepare

        SUPERVISORS.update(grace=shorten_grace, lock=lock_apart)
        prepare(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
