"""A command is found by its name, by a unique abbreviation, or not at all but with a hint."""

from __future__ import annotations

import json
import re

import pytest

from kernel.catalogue import find, listing, within
from kernel.completion import listing_json
from kernel.inventory import BUILT_IN, COMMANDS, Entry
from kernel.version import VERSION
from kernel.words import UsageFault

IMPORT = "cron:suppliers:import-stock"


@pytest.mark.parametrize("entry", COMMANDS + BUILT_IN, ids=lambda entry: entry.name)
def test_every_command_is_found_by_its_name(entry: Entry) -> None:
    assert find(entry.name) is entry


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("c:su:i", IMPORT),
        ("cron:suppliers:import", IMPORT),
        ("r:l", "runs:list"),
        ("db:m", "db:migrate"),
        ("comp", "completion"),
        ("l", "list"),
    ],
)
def test_a_unique_abbreviation_is_enough(typed: str, name: str) -> None:
    assert find(typed).name == name


def test_an_ambiguous_abbreviation_names_all_that_it_could_mean() -> None:
    with pytest.raises(UsageFault, match='"jobs:" is ambiguous') as fault:
        find("jobs:")

    assert fault.value.hint == "Did you mean one of\n  jobs:list\n  jobs:pause\n  jobs:resume"


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("cron:supplier:import-stok", IMPORT),
        ("runs:lst", "runs:list"),
        ("suppliers", "suppliers:load"),
        ("suppliers", IMPORT),
        ("jobs", "jobs:pause"),
    ],
)
def test_an_unknown_command_is_answered_with_what_may_have_been_meant(
    typed: str, suggested: str
) -> None:
    with pytest.raises(UsageFault, match="There is no command") as fault:
        find(typed)

    assert suggested in fault.value.hint


@pytest.mark.parametrize("typed", ["xyzzy", "--", "/"])
def test_an_unknown_command_like_no_other_points_to_the_list(typed: str) -> None:
    with pytest.raises(UsageFault) as fault:
        find(typed)

    assert fault.value.hint == "Run bin/console list to see all commands"


# --- the list -----------------------------------------------------------------------------------


def test_the_list_names_every_command_once_with_its_summary() -> None:
    lines = listing("", colour=False).splitlines()

    for entry in COMMANDS + BUILT_IN:
        (line,) = [line for line in lines if line.split()[:1] == [entry.name]]
        assert entry.summary in line


def test_the_list_says_what_jobs_cover() -> None:
    lines = listing("", colour=False).splitlines()

    for entry in (entry for entry in COMMANDS if entry.is_job):
        (line,) = [line for line in lines if line.split()[:1] == [entry.name]]
        assert f"[{', '.join(entry.covers)}]" in line


def test_commands_stand_under_their_group() -> None:
    lines = listing("", colour=False).splitlines()
    begin = lines.index("Available commands:")
    groups = [line.strip() for line in lines[begin:] if re.fullmatch(r" \w+", line)]

    names = [entry.name for entry in COMMANDS if ":" in entry.name]
    assert groups == list(dict.fromkeys(name.partition(":")[0] for name in names))
    assert lines[lines.index(" runs") + 1].split()[0] == "runs:list"


def test_the_list_begins_with_the_version_and_how_to_use_it() -> None:
    lines = listing("", colour=False).splitlines()

    assert lines[0] == f"Crontract {VERSION}"
    assert "Usage:" in lines
    assert "Options:" in lines


def test_a_namespace_lists_its_own_commands_only() -> None:
    text = listing("runs", colour=False)

    assert re.findall(r"^  (\S+)", text, re.MULTILINE) == ["runs:list", "runs:show"]
    assert "Usage:" not in text


def test_text_and_json_know_the_same_namespaces() -> None:
    assert [entry.name for entry in within("cron:suppliers")] == [IMPORT]
    for namespace in ("ru", "nowhere"):
        for shown in (lambda n: listing(n, colour=False), listing_json):
            with pytest.raises(UsageFault, match="no command in the namespace"):
                shown(namespace)


def test_the_list_for_programs_says_what_can_be_run() -> None:
    listed = {line["name"]: line for line in json.loads(listing_json(""))}

    assert listed.keys() == {entry.name for entry in COMMANDS}
    assert listed[IMPORT]["covers"] == ["CR-009", "CR-010"]


def test_colour_changes_no_word() -> None:
    coloured = listing("", colour=True)

    assert "\033[32m" in coloured
    assert re.sub(r"\033\[\d+m", "", coloured) == listing("", colour=False)
