"""Names say what a thing is, and name its place."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from inspect import isclass
from pathlib import Path

import pytest

from architecture.tree import SRC, modules
from commands.base import CronCommand
from domain.operating.contract import Contract
from kernel.inventory import COMMANDS, Entry

EMPTY_WORDS = {"manager", "helper", "util", "common", "misc", "handler", "processor", "v2"}
JOBS = [entry for entry in COMMANDS if entry.is_job]


def empty_words(name: str) -> set[str]:
    """The words of a module's or class's name that let no one guess its content."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    return {word.lower().removesuffix("s") for word in words} & EMPTY_WORDS


@pytest.mark.parametrize(
    "name", ["StockManager", "string_utils", "HTTPHandler", "common", "import_v2"]
)
def test_an_empty_word_in_a_name_is_seen(name: str) -> None:
    assert empty_words(name)


@pytest.mark.parametrize("name", ["StockBook", "commonwealth", "supplier_import", "Handled"])
def test_a_word_that_says_something_passes(name: str) -> None:
    assert not empty_words(name)


def test_no_module_or_class_has_an_empty_name() -> None:
    named = [(path, Path(path).stem) for path, _ in modules("src", "tests", "bench")]
    named += [
        (path, node.name)
        for path, module in modules("src", "tests", "bench")
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    ]

    assert len(named) > 50
    assert [(path, name) for path, name in named if empty_words(name)] == []


def test_every_command_has_its_own_name() -> None:
    names = [entry.name for entry in COMMANDS]

    assert len(set(names)) == len(names)


def test_the_inventory_covers_the_changes_in_order() -> None:
    covered = [cr for entry in JOBS for cr in entry.covers]

    assert len(covered) >= 14
    assert covered == [f"CR-{number:03}" for number in range(1, len(covered) + 1)]


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_target_of_the_inventory_can_be_imported(entry: Entry) -> None:
    module, _, name = str(entry.target).partition(":")

    assert isclass(getattr(import_module(module), name))


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_command_s_class_is_named_after_it(entry: Entry) -> None:
    words = re.split("[:-]", entry.name.removeprefix("cron:"))

    assert str(entry.target).partition(":")[2] == "".join(map(str.capitalize, words))


@pytest.mark.parametrize("entry", JOBS, ids=lambda entry: entry.name)
def test_a_job_stands_in_the_file_of_its_name_with_the_contract_of_its_name(entry: Entry) -> None:
    module, _, name = str(entry.target).partition(":")
    file = re.sub("[:-]", "_", entry.name.removeprefix("cron:"))
    contract = getattr(import_module(module), name).contract

    assert module == f"commands.cron.{file}"
    assert isinstance(contract, Contract)
    assert (contract.name, contract.covers) == (entry.name, entry.covers)


def test_every_file_of_a_scheduled_command_is_in_the_inventory() -> None:
    files = {path.stem for path in (SRC / "commands" / "cron").glob("[!_]*.py")}
    listed = {str(entry.target).partition(":")[0].rpartition(".")[2] for entry in JOBS}

    assert files <= listed


def test_a_job_without_a_contract_cannot_even_be_defined() -> None:
    with pytest.raises(TypeError, match="declares no contract"):
        type("Bare", (CronCommand,), {"examples": ()})
