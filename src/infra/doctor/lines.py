"""The file and line that a complaint about the configuration means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_BROKEN = re.compile(r"(?P<file>\S+\.toml): .*\(at line (?P<line>\d+)")
_SETTING = re.compile(r"config: (?:unknown key )?(?P<section>\w+)\.(?P<key>\w+)")
_SECTION = re.compile(r"config: unknown (?:section \[|key )(?P<section>\w+)")
_DECLARED = re.compile(
    r"(?P<file>(?:jobs|partners)\.toml): (?:unknown key )?(?P<section>[\w.-]+)\.(?P<key>\w+)"
)
_NAMED = re.compile(r"(?P<file>\w+\.toml): (?P<rest>.*)")
_HEADING = re.compile(r"\s*\[+\s*([\w.\"-]+)\s*\]+")


def place_of_fault(root: Path, env: str, fault: str) -> tuple[str, int]:
    """Find where a fault is put right; "" and 0 where no file says it, as for a variable."""
    found = next((place for place in _places(root, env, fault) if place), None)
    if found is None:
        return "", 0
    path, line = found
    return (str(path.relative_to(root)) if path.is_relative_to(root) else str(path)), line


def _places(root: Path, env: str, fault: str) -> Iterator[tuple[Path, int] | None]:
    config = root / "config"
    settings = (config / "env" / f"{env}.toml", config / "app.toml")
    if broken := _BROKEN.match(fault):
        yield Path(broken["file"]), int(broken["line"])
    if setting := _SETTING.match(fault):
        for path in settings:
            yield _setting(path, setting["section"], setting["key"])
    if section := _SECTION.match(fault):
        for path in settings:
            yield _setting(path, section["section"], "")
    if declared := _DECLARED.match(fault):
        path = config / declared["file"]
        yield _setting(path, declared["section"], declared["key"])
        yield _setting(path, declared["section"], "")
    if named := _NAMED.match(fault):
        yield _mention(config / named["file"], named["rest"])


def _setting(path: Path, section: str, key: str) -> tuple[Path, int] | None:
    """Find a key below its section, or for no key the section's own line."""
    inside = False
    for number, line in enumerate(_lines(path), start=1):
        if heading := _HEADING.match(line):
            inside = heading[1] == section
            if inside and not key:
                return path, number
        elif inside and key and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return path, number
    return None


def _mention(path: Path, rest: str) -> tuple[Path, int] | None:
    """Find the first line that holds one of the complaint's own words; else the file's first."""
    if not path.exists():
        return None
    words = re.findall(r"\[([\w.-]+)\]|\"([^\"]+)\"|([\w.-]*-[\w.-]+)", rest)
    for word in ("".join(parts) for parts in words):
        for number, line in enumerate(_lines(path), start=1):
            if not line.lstrip().startswith("#") and re.search(rf"\b{re.escape(word)}\b", line):
                return path, number
    return path, 1


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
