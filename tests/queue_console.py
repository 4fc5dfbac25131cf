"""The console with message types for tests: ``queue_console.py SETTING COMMAND …``.

SETTING is JSON: ``limits`` by their names in seconds, ``faults`` as ``faulty_console`` has them.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS.parent / "src"), str(TESTS)]

from domain.queue.stale import Limits
from kernel import inventory, message_types, queue_process
from kernel.console import main
from kernel.inventory import Message

TYPES = (
    Message("probe.count", "queue_probes:Count", "Add a row"),
    Message("probe.send", "queue_probes:Send", "Add a row, one by one"),
    Message("probe.misbehave", "queue_probes:Misbehave", "Do what its payload says"),
)


def _set(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)


def prepare(setting: dict[str, Any]) -> None:
    _set(inventory, "MESSAGES", TYPES)
    found = message_types.MessageTypes
    _set(queue_process, "MessageTypes", lambda build: found(build, TYPES))
    if limits := setting.get("limits"):
        chosen = {
            name: timedelta(seconds=value) if not isinstance(value, int) else value
            for name, value in limits.items()
        }
        _set(queue_process, "LIMITS", Limits(**chosen))


if __name__ == "__main__":
    prepare(json.loads(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
