"""What is installed is pinned, by hash, and what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement

from architecture.tree import ROOT

SETS = ("runtime", "dev", "bench")
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; (.+?))?(?= \\$)", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def pins(name: str) -> dict[str, set[str]]:
    """Package to version; several where platforms or Pythons differ."""
    found: dict[str, set[str]] = {}
    for package, version, _ in PIN.findall(text_of(name)):
        found.setdefault(package, set()).add(version)
    return found


def unpinned(declared: list[str], pinned: dict[str, set[str]]) -> list[str]:
    """The requirements that no pin fulfils."""
    wanted = [Requirement(line) for line in declared]
    return [
        str(requirement)
        for requirement in wanted
        if not any(map(requirement.specifier.contains, pinned.get(requirement.name.lower(), ())))
    ]


def declared(*groups: str) -> list[str]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = list(project["project"]["dependencies"])
    return lines + [line for group in groups for line in project["dependency-groups"][group]]


def test_a_requirement_without_its_pin_is_seen() -> None:
    assert unpinned(["typer>=0.27,<0.29", "rich"], {"typer": {"0.29.2"}}) == [
        "typer<0.29,>=0.27",
        "rich",
    ]


@pytest.mark.parametrize(
    ("name", "groups"), [("runtime", ()), ("dev", ("dev",)), ("bench", ("dev", "bench"))]
)
def test_every_set_pins_what_pyproject_declares(name: str, groups: tuple[str, ...]) -> None:
    assert unpinned(declared(*groups), pins(name)) == []


@pytest.mark.parametrize("name", [*SETS, "bootstrap"])
def test_every_pin_has_its_hashes_and_no_line_says_where_to_download(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", text_of(name).strip())

    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"https?:|^-", text_of(name), re.MULTILINE)


@pytest.mark.parametrize(("small", "large"), [("runtime", "dev"), ("dev", "bench")])
def test_the_larger_set_holds_the_smaller_at_the_same_versions(small: str, large: str) -> None:
    inner, outer = pins(small), pins(large)

    assert len(inner) > 20
    assert {name: found for name, found in inner.items() if outer.get(name) != found} == {}


def test_tools_for_development_stay_out_of_the_runtime() -> None:
    tools = {Requirement(line).name for line in declared("dev")} - {
        Requirement(line).name for line in declared()
    }

    assert tools & set(pins("runtime")) == set()
