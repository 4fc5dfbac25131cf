"""The static table says the same as the classes it names."""

from __future__ import annotations

import pytest

from commands.base import CronCommand
from domain.operating.contract import Contract
from domain.operating.contract_rules import ALL_CRS
from domain.operating.findings import Installation
from domain.operating.lint import lint
from kernel.inventory import BUILT_IN, COMMANDS, Entry
from kernel.loading import help_of
from kernel.words import FLAG_HELP

JOBS = tuple(entry for entry in COMMANDS if entry.is_job)


def contract_of(entry: Entry) -> Contract:
    contract: Contract = entry.load().contract
    return contract


def name(entry: Entry) -> str:
    return entry.name


@pytest.mark.parametrize("entry", JOBS, ids=name)
def test_a_job_s_line_repeats_its_contract(entry: Entry) -> None:
    contract = contract_of(entry)

    assert contract.name == entry.name
    assert contract.summary == entry.summary
    assert contract.covers == entry.covers


@pytest.mark.parametrize("entry", JOBS, ids=name)
def test_a_job_can_be_run_under_its_contract(entry: Entry) -> None:
    assert issubclass(entry.load(), CronCommand)


def test_all_fourteen_changes_are_covered_once_and_later_ones_follow() -> None:
    covered = [cr for entry in JOBS for cr in contract_of(entry).covers]

    assert sorted(covered) == [f"CR-{number:03}" for number in range(1, len(covered) + 1)]
    assert set(ALL_CRS) <= set(covered)
    assert len(ALL_CRS) == 14


def test_no_two_commands_have_one_name() -> None:
    names = [entry.name for entry in COMMANDS + BUILT_IN]

    assert len(set(names)) == len(names)


def test_the_contracts_hold_together() -> None:
    findings = lint(Installation(contracts=[contract_of(entry) for entry in JOBS]))

    assert [finding for finding in findings if finding.level == "error"] == []


@pytest.mark.parametrize("entry", COMMANDS, ids=name)
def test_the_help_of_every_command_has_an_example_and_all_flags(entry: Entry) -> None:
    page = help_of(entry)

    assert f"Usage: bin/console {entry.name}" in page
    assert page.count(f"bin/console {entry.name}") >= 2, "the usage line and an example"
    for flag, _ in FLAG_HELP:
        assert flag in page


@pytest.mark.parametrize("entry", COMMANDS, ids=name)
def test_every_example_begins_with_its_command(entry: Entry) -> None:
    for example in entry.load().examples:
        assert example.startswith(f"bin/console {entry.name}")
