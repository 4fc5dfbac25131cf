"""Credentials that stand in configuration files instead of their references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid
from domain.operating.contract_rules import looks_like_credential
from domain.operating.findings import Spot
from infra.boot import read_toml
from infra.secrets import is_reference

_SECRET_KEY = re.compile(
    r"(^|_|-)(password|passwd|passphrase|secret|token|api_?key|private_?key|credentials?)$",
    re.IGNORECASE,
)
_FILLED_IN = re.compile(r"\{(env|file|secret):[^{}]+\}")


def config_files(root: Path) -> list[Path]:
    """Every configuration file, the overlays of all environments too."""
    return sorted((root / "config").rglob("*.toml"))


def literals(root: Path) -> list[Spot]:
    """Find credentials in all of them; a file that cannot be read has its own complaint."""
    return [spot for path in config_files(root) for spot in _in_file(path, root)]


def _in_file(path: Path, root: Path) -> Iterator[Spot]:
    try:
        content = read_toml(path)
    except ConfigurationInvalid:
        return
    lines = path.read_text("utf-8").splitlines()
    for key, value in _texts(content, ""):
        if _is_literal(key.rpartition(".")[2], value):
            line = line_of(lines, key, value)
            yield Spot(file=str(path.relative_to(root)), line=line, what=key)


def _is_literal(key: str, value: str) -> bool:
    if not value or is_reference(value):
        return False
    return bool(_SECRET_KEY.search(key)) or looks_like_credential(_FILLED_IN.sub("", value))


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Walk through all texts with the path of their keys."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)


def line_of(lines: list[str], key: str, value: str) -> int:
    """Find the line of a value, else of its key, else of its section; 1 where none is found."""
    *_, name = key.split(".")
    section = key.rpartition(".")[0]
    wanted = (
        lambda line: name in line and value in line and not _is_comment(line),
        lambda line: value in line and not _is_comment(line),
        lambda line: re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line) is not None,
        lambda line: line.strip().strip("[]") == section,
    )
    for is_it in wanted:
        for number, line in enumerate(lines, start=1):
            if is_it(line):
                return number
    return 1


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")
