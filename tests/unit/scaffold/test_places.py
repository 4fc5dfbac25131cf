"""Where a new job's lines go."""

from __future__ import annotations

import pytest

from domain.errors import Refused
from infra.scaffold.places import with_entry, with_method

INVENTORY = """COMMANDS = (
    Entry("cron:a:b", None),
    Entry(
        "cron:c:d",
        None,
    ),
    Entry("lock:list", None),
)
"""

CONTAINER = """if TYPE_CHECKING:
    from pathlib import Path

    from commands.cron.alpha import Alpha
    from commands.ops.lock import LockList


class Container:
    def alpha(self) -> Alpha:
        from commands.cron.alpha import Alpha

        return Alpha()

    # --- what people type ---

    def lock_list(self) -> LockList: ...
"""


def test_an_entry_stands_behind_the_last_job() -> None:
    lines = with_entry(INVENTORY, '    Entry("cron:e:f", None),\n').splitlines()

    assert lines[5:8] == ["    ),", '    Entry("cron:e:f", None),', '    Entry("lock:list", None),']


def test_a_method_stands_behind_the_last_job_and_its_type_in_order() -> None:
    imported = "    from commands.cron.beta import Beta\n"

    text = with_method(CONTAINER, imported, "    def beta(self) -> Beta: ...\n")

    assert text == CONTAINER.replace("Alpha\n    from", f"Alpha\n{imported}    from").replace(
        "Alpha()\n", "Alpha()\n\n    def beta(self) -> Beta: ...\n"
    )


def test_a_file_without_any_job_is_refused() -> None:
    with pytest.raises(Refused, match="no job"):
        with_entry("COMMANDS = ()\n", "")
    with pytest.raises(Refused, match="no job"):
        with_method("class Container: ...\n", "", "")
