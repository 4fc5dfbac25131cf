"""The console whose image worker is killed once: ``image_console.py STEP:N:MARK COMMAND …``.

STEP is ``put`` (before the Nth rendition is written), ``part`` (its bytes are on the disk, its name
is not there yet), ``record`` or ``recorded`` (before and after the rows are written, within the
transaction). The file MARK tells that it has happened.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from infra.images.media import MediaFolder
from infra.sql.image_book import SqlImageBook
from kernel.console import main

Method = Callable[..., Any]


class Killer:
    """Ends its own process at the Nth time, once for all processes."""

    def __init__(self, number: int, mark: Path) -> None:
        self._left, self._mark = number, mark

    def strike(self) -> None:
        self._left -= 1
        if self._left == 0 and not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, method: Method) -> Method:
        def struck(*given: Any) -> Any:
            self.strike()
            return method(*given)

        return struck

    def after(self, method: Method) -> Method:
        def struck(*given: Any) -> Any:
            answer = method(*given)
            self.strike()
            return answer

        return struck


def prepare(fault: str) -> None:
    step, number, mark = fault.split(":", 2)
    killer = Killer(int(number), Path(mark))
    if step == "put":
        _set(MediaFolder, "put", killer.before(MediaFolder.put))
    elif step == "part":
        _set(Path, "rename", killer.before(Path.rename))
    elif step == "record":
        _set(SqlImageBook, "record", killer.before(SqlImageBook.record))
    else:
        _set(SqlImageBook, "record", killer.after(SqlImageBook.record))


def _set(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)


if __name__ == "__main__":
    prepare(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
