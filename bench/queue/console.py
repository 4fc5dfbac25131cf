"""The console with the benchmark's message types, run by python -m bench.queue.console.

The file BENCH_TIMES is told when the job's process began and when it first claimed something.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from kernel import inventory
from kernel.console import main

TYPES = {"keyed": "Keyed", "local": "Local", "local_row": "LocalRow", "marked": "Marked"}

_JOB = 2
"""The supervisor forks the warden, and the warden forks the job."""


class Witness:
    """Knows the job's process by its place in the family, and looks at its claims."""

    def __init__(self, file: Path) -> None:
        self._file, self._depth = file, 0

    def watch(self) -> None:
        os.register_at_fork(after_in_child=self._deeper)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth == _JOB:
            self._tell("job", time.time())
            self._look_at_claims()

    def _look_at_claims(self) -> None:
        from infra.sql.queue.dao import SqlQueueDAO

        claim, told = SqlQueueDAO.claim, False

        def told_claim(dao: SqlQueueDAO, *given: Any) -> Any:
            nonlocal told
            began = time.time()
            found = claim(dao, *given)
            if found and not told:
                told = True
                self._tell("claim", began)
            return found

        SqlQueueDAO.claim = told_claim  # type: ignore[method-assign]

    def _tell(self, what: str, when: float) -> None:
        with self._file.open("a", encoding="utf-8") as times:
            times.write(f"{what} {when!r}\n")


if __name__ == "__main__":
    own = (
        inventory.Message(f"bench.{name}", f"bench.queue.messages:{kind}", "Measured.")
        for name, kind in TYPES.items()
    )
    inventory.MESSAGES = (*inventory.MESSAGES, *own)
    Witness(Path(os.environ["BENCH_TIMES"])).watch()
    sys.exit(main(sys.argv[1:]))
