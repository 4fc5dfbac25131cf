"""The docs speak of what is there: links, commands, options, settings, runbooks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from architecture.tree import ROOT, tracked
from domain.jobs.supplier_import.setting import (
    Columns,
    Guards,
    ImportSetting,
    Layout,
    Reading,
)
from infra.files.binding import key_of
from kernel.catalogue import find
from kernel.inventory import COMMANDS
from kernel.loading import parser_for
from kernel.run_options import run_options
from kernel.words import FLAG_HELP, UsageFault

PAGES = [name for name in tracked() if name.endswith(".md")]
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
TYPED = re.compile(r"bin/console ((?:[a-z]+:)+[a-z-]+|[a-z]+)([^\n`#;|>]*)")
MADE = re.compile(r"bin/console make:job (\S+)")
OPTION = re.compile(r"(--[a-z][a-zA-Z-]*)")
SECTIONS = {"columns": Columns, "layout": Layout, "reading": Reading, "guards": Guards}


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def dead_links(page: str, text: str) -> list[str]:
    """Links to files that are not there, or to headings that the file does not have."""
    dead = []
    for target, heading in LINK.findall(text):
        path = (ROOT / page).parent / target if target else ROOT / page
        if not path.exists() or (heading and heading not in _headings(path)):
            dead.append(f"{target}#{heading}" if heading else target)
    return dead


def _headings(path: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def unknown_words(text: str) -> list[str]:
    """Commands and options in the text that the console does not have, nor the text makes."""
    typed = [(name, rest) for name, rest in TYPED.findall(text) if not rest.startswith(":…")]
    made = set(MADE.findall(text))
    return [word for name, rest in typed if name not in made for word in _unknown(name, rest)]


def _unknown(name: str, rest: str) -> list[str]:
    try:
        entry = find(name)
    except UsageFault:
        return [name]
    if entry.target is None:
        return []
    options = _general_options() | set(OPTION.findall(parser_for(entry).help()))
    return [f"{name} {word}" for word in OPTION.findall(rest) if word not in options]


def _general_options() -> set[str]:
    return {option for words, _ in FLAG_HELP for option in OPTION.findall(words)}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert dead_links(page, text_of(page)) == []


def test_a_dead_link_is_seen() -> None:
    text = "[a](docs/nowhere.md) [b](CONTRIBUTING.md#no-such-heading) [c](CONTRIBUTING.md#tests)"

    assert dead_links("README.md", text) == ["docs/nowhere.md", "CONTRIBUTING.md#no-such-heading"]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_of_the_docs_can_be_typed(page: str) -> None:
    assert unknown_words(text_of(page)) == []


def test_a_command_that_does_not_exist_is_seen() -> None:
    text = "`bin/console runs:list --limits=5` or `bin/console runs:lst`"

    assert unknown_words(text) == ["runs:list --limits", "runs:lst"]


def test_every_option_of_a_run_is_in_the_reference() -> None:
    page = text_of("docs/reference/console.md")
    options = {f"--{name.replace('_', '-')}" for name in run_options.__annotations__} - {"--return"}

    assert len(options) >= 6
    assert {option for option in options if f"`{option}" not in page} == set()


def test_every_key_of_a_supplier_s_setting_is_in_the_reference() -> None:
    page = text_of("docs/reference/settings-fragment.md")
    own = [f.name for f in fields(ImportSetting) if f.name not in {"supplier_id", *SECTIONS}]
    inner = [key_of(field.name) for section in SECTIONS.values() for field in fields(section)]

    assert [key for key in own + inner if f"`{key}`" not in page] == []


def test_every_built_job_has_a_runbook_for_each_change_it_covers() -> None:
    built = [cr for entry in COMMANDS if entry.is_job for cr in entry.covers]

    assert built
    assert [cr for cr in built if not (ROOT / "ops" / "runbooks" / f"{cr}.md").exists()] == []


@pytest.mark.parametrize("page", [name for name in PAGES if name.startswith("docs/adr/")])
def test_a_decision_has_its_four_parts_and_fits_a_page(page: str) -> None:
    parts = re.findall(r"^\*\*(.+?)\.?\*\*", text_of(page), re.MULTILINE)

    assert parts == ["Context", "Decision", "Consequences", "What would change our mind"]
    assert len(text_of(page).splitlines()) <= 45


def test_generated_parts_are_compared_and_a_changed_one_is_named(tmp_path: Path) -> None:
    for folder in ("docs", "src", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    page = tmp_path / "README.md"
    page.write_text("<!-- generated: jobs -->\n| CR-015 | `cron:tea:make` |\n<!-- end -->\n")

    check = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(
        check,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "README.md is not what the code says: make docs" in done.stderr
