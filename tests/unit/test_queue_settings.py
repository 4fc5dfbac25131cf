"""config/queues.toml as it is read, and every fault in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid
from domain.queue.retention import Retention
from infra.queue_settings import queue_settings

SOUND = "[retention]\nprocessed_days = 14\ncrash_days = 90\n"


def read(root: Path, text: str) -> Retention:
    (root / "config").mkdir()
    (root / "config" / "queues.toml").write_text(text, "utf-8")
    return queue_settings(root).retention


def test_days_become_spans(tmp_path: Path) -> None:
    expected = Retention(processed=timedelta(days=14), crashed=timedelta(days=90))

    assert read(tmp_path, SOUND) == expected


def test_no_days_keep_crashed_messages_for_ever(tmp_path: Path) -> None:
    assert read(tmp_path, SOUND.replace("90", "0")).crashed is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("14", "0.5", "retention.processed_days must be a number of days from 1 to 36500"),
        ("14", "true", "retention.processed_days must be a number"),
        ("14", "'14'", "retention.processed_days must be a number"),
        ("14", "1e300", "retention.processed_days must be a number"),
        ("90", "-1", "retention.crash_days must be a number of days from 0"),
        ("crash_days = 90", "", "retention.crash_days must be a number"),
        ("crash_days", "crashed_days", "unknown key retention.crashed_days"),
        ("[retention]", "[retentions]", r"unknown section \[retentions\]; .* is missing"),
        ("14", "", "queues.toml: .*line 2"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said):
        read(tmp_path, SOUND.replace(before, after))
