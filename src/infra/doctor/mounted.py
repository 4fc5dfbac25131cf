"""The secrets that the configuration refers to: there, and readable by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.errors import ConfigurationInvalid, SecretMissing
from domain.operating.checkup import Seen, ok, skipped, warn, wrong
from infra.boot import given, read_toml, variable_files
from infra.secrets import open_to_others, place_of, references, resolve


def mounted(root: Path, env: str, directory: Path) -> Seen:
    """Read each secret that is referred to; what it holds is not said."""
    found = referred(root, env)
    faults = [fault for reference in found if (fault := _fault(reference, directory))]
    if faults:
        return wrong("; ".join(faults), SecretMissing.remedy)
    exposed = readable_by_others(found, directory)
    if exposed:
        return warn(f"any user may read {', '.join(exposed)}", f"chmod 0600 {' '.join(exposed)}")
    return ok(f"{len(found)} present") if found else skipped("no file of config/ refers to one")


def referred(root: Path, env: str) -> list[str]:
    """Name every reference in the settings of ``env`` and in the other files of config/."""
    contents: list[Any] = [given(root, env)]
    contents += [read_toml(p) for p in sorted((root / "config").glob("*.toml")) if p.stem != "app"]
    return sorted({name for text in _texts(contents) for name in references(text)})


def readable_by_others(found: list[str], directory: Path) -> list[str]:
    """Name the mounted files that any user of this host may read."""
    paths = [place_of(reference, directory) for reference in found]
    files = {path for path in paths if path} | set(variable_files())
    return sorted(str(path) for path in files if path.is_file() and open_to_others(path))


def _fault(reference: str, directory: Path) -> str:
    try:
        resolve(reference, directory)
    except ConfigurationInvalid as error:
        return str(error)
    return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
