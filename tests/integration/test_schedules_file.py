"""config/schedules.toml as it is read, and every fault in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid
from infra.schedules import DeclaredSchedule, schedule_for, schedules

BERLIN = "Europe/Berlin"
MINUTE = timedelta(minutes=1)

ENTRY = """\
[[schedule]]
id = "cr-010-sample"
command = "cron:sample:work"
arguments = ["--supplier", "23"]
cron = "7,37 * * * *"
zone = "Europe/Berlin"
start_grace_seconds = 600
suspended = true
"""


def put(root: Path, text: str) -> Path:
    (root / "config").mkdir(exist_ok=True)
    (root / "config" / "schedules.toml").write_text(text)
    return root


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    (cadence,) = schedules(put(tmp_path, ENTRY))

    assert cadence == DeclaredSchedule(
        schedule_id="cr-010-sample",
        command="cron:sample:work",
        arguments=("--supplier", "23"),
        cron="7,37 * * * *",
        zone=BERLIN,
        start_grace=10 * MINUTE,
        suspended=True,
    )


def test_what_an_entry_leaves_out_has_its_default(tmp_path: Path) -> None:
    entry = '[[schedule]]\nid = "a"\ncommand = "cron:a:b"\ncron = "0 3 * * *"'

    (cadence,) = schedules(put(tmp_path, entry))

    assert (cadence.arguments, cadence.zone, cadence.suspended) == ((), "UTC", False)
    assert cadence.start_grace == 5 * MINUTE


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--supplier", "23"], True),
        (["23", "--supplier"], True),
        (["--supplier", "24"], False),
        (["--all"], False),
        ([], False),
    ],
)
def test_a_start_finds_the_schedule_with_just_its_arguments(
    tmp_path: Path, words: list[str], found: bool
) -> None:
    put(tmp_path, ENTRY)

    assert (schedule_for(tmp_path, "cron:sample:work", words) is not None) is found
    assert schedule_for(tmp_path, "cron:sample:other", words) is None


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('cron = "7,37 * * * *"', 'cron = "61 * * * *"', "Bad minute"),
        ('cron = "7,37 * * * *"', 'cron = "* * * *"', "has not five fields"),
        ('cron = "7,37 * * * *"', 'cron = "0 7 3 * * *"', "has not five fields"),
        ('cron = "7,37 * * * *"', 'cron = "0 0 31 2 *"', "Bad day-of-month"),
        ('cron = "7,37 * * * *"', "cron = 5", "cron is not a text"),
        ('cron = "7,37 * * * *"', "", "cron is missing"),
        (BERLIN, "Europe/Bielefeld", "unknown zone Europe/Bielefeld"),
        (BERLIN, "../../etc/passwd", "unknown zone"),
        (BERLIN, "", "unknown zone"),
        ("zone =", "timezone =", "unknown key timezone"),
        ("cr-010-sample", "x" * 53, "longer than 52"),
        ('["--supplier", "23"]', '"--supplier 23"', "arguments is not a list of texts"),
        ('["--supplier", "23"]', '["--supplier", 23]', "arguments is not a list of texts"),
        ("seconds = 600", 'seconds = "600"', "start_grace_seconds is not a number above 0"),
        ("seconds = 600", "seconds = 0", "start_grace_seconds is not a number above 0"),
        ("suspended = true", 'suspended = "no"', "suspended is not true or false"),
        ("[[schedule]]", "[[schedules]]", "unknown key schedules"),
        ("[[schedule]]", "[schedule]", r"write \[\[schedule\]\]"),
    ],
)
def test_a_fault_is_refused_by_its_name(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    assert before in ENTRY

    with pytest.raises(ConfigurationInvalid, match=fault):
        schedules(put(tmp_path, ENTRY.replace(before, after)))


def test_all_faults_of_all_entries_are_said_at_once(tmp_path: Path) -> None:
    second = ENTRY.replace("37 *", "77 *").replace("suspended", "paused")
    third = ENTRY.replace("cr-010-sample", "cr-011").replace(BERLIN, "Nowhere")

    with pytest.raises(ConfigurationInvalid) as refused:
        schedules(put(tmp_path, ENTRY + second + third))

    for fault in ("stands twice", "Bad minute", "unknown key paused", "cr-011: unknown zone"):
        assert fault in str(refused.value)


def test_the_project_s_own_schedules_are_sound() -> None:
    own = schedules(Path(__file__).parents[2])

    assert {cadence.command.partition(":")[0] for cadence in own} == {"cron"}


def test_an_option_and_its_value_are_found_however_they_are_joined(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "schedules.toml").write_text(
        '[[schedule]]\nid = "one"\ncommand = "cron:x:y"\n'
        'arguments = ["--supplier=23"]\ncron = "0 5 * * *"\n',
        encoding="utf-8",
    )

    assert schedule_for(tmp_path, "cron:x:y", ["--supplier", "23"])
    assert schedule_for(tmp_path, "cron:x:y", ["--supplier=23"])
    assert schedule_for(tmp_path, "cron:x:y", ["--supplier=24"]) is None
