"""config/queues.toml as it is read, and every fault in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid
from domain.queue.retention import Retention
from domain.queue.stale import LIMITS
from infra.boot import source_folder
from infra.queue_settings import QueueSettings, queue_settings

SHIPPED = (source_folder() / "config" / "queues.toml").read_text("utf-8")
SOUND = SHIPPED.replace("crash_days = 0", "crash_days = 90")


def read(root: Path, text: str) -> QueueSettings:
    (root / "config").mkdir()
    (root / "config" / "queues.toml").write_text(text, "utf-8")
    return queue_settings(root)


def test_what_is_shipped_is_what_the_machine_does_by_itself(tmp_path: Path) -> None:
    settings = read(tmp_path, SHIPPED)

    assert settings.limits == LIMITS
    assert list(settings.queues) == ["general"]


def test_a_queue_that_nobody_declared_is_told_with_those_that_are(tmp_path: Path) -> None:
    settings = read(tmp_path, SHIPPED + "[queue.images]\nworkers = 4\n")

    assert settings.queue("images").workers == 4
    with pytest.raises(ConfigurationInvalid, match=r"called img; .* declares: general, images"):
        settings.queue("img")


def test_days_become_spans(tmp_path: Path) -> None:
    expected = Retention(processed=timedelta(days=14), crashed=timedelta(days=90))

    assert read(tmp_path, SOUND).retention == expected


def test_no_days_keep_crashed_messages_for_ever(tmp_path: Path) -> None:
    assert read(tmp_path, SHIPPED).retention.crashed is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("= 14", "= 0.5", "retention.processed_days must be a number of days from 1 to 36500"),
        ("= 14", "= true", "retention.processed_days must be a number"),
        ("= 14", "= '14'", "retention.processed_days must be a number"),
        ("= 14", "= 1e300", "retention.processed_days must be a number"),
        ("= 90", "= -1", "retention.crash_days must be a number of days from 0"),
        ("crash_days = 90", "", "retention.crash_days must be a number"),
        ("crash_days", "crashed_days", "unknown key retention.crashed_days"),
        ("[retention]", "[retentions]", r"unknown section \[retentions\]; .* is missing"),
        ("= 14", "=", r"queues.toml: .*line 15"),
        ("= 600", "= 0", "limits.allowed_max_duration_seconds must be a number of seconds from 1"),
        ("lease_seconds = 60", "lease_seconds = 30", "lease is shorter than two heartbeats"),
        ("rescues = 3", "rescues = 2.5", "limits.rescues must be a whole number of rescues"),
        ("[limits]", "[limit]", r"unknown section \[limit\]; .*\[limits\] is missing"),
        ("workers = 2", "workers = 0", "queue.general.workers must be a whole number of processes"),
        ("workers = 2", "worker = 2", "unknown key queue.general.worker"),
        ("queue.general", "queue.'All of it'", "queue.All of it: a queue's name"),
        ("[queue.general]\nworkers", "[queue]\ngeneral", r"\[queue.general\] is missing"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = SOUND.replace(" # one section per queue that cron:queue:process may work off", "")
    assert before in text

    with pytest.raises(ConfigurationInvalid, match=said):
        read(tmp_path, text.replace(before, after))
