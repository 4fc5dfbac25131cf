"""What a run needs of this host: Python, folders with room, time zones, supervision."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from importlib.util import cache_from_source
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.operating.checkup import Seen, ok, warn, wrong

LEAST_PYTHON = (3, 11)

LITTLE_ROOM_BYTES = 500 * 1024**2
NO_ROOM_BYTES = 20 * 1024**2
"""A database of one import grows by more; a full disk ends a run in the middle."""


def python() -> Seen:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"{version} at {sys.executable}"
    if sys.version_info[:2] < LEAST_PYTHON:
        return wrong(found)
    return ok(found)


def folders(wanted: Iterable[tuple[str, Path]]) -> Seen:
    """Look at folders by their subject; one that is missing is made where its parent allows it."""
    looked = [(name, path, *_folder_fault(path)) for name, path in wanted]
    faults = [f"{name} {path}: {fault}" for name, path, fault, _ in looked if fault]
    if any(fatal for *_, fatal in looked):
        return wrong("; ".join(faults))
    if faults:
        return warn("; ".join(faults))
    return ok(", ".join(f"{name} {path}" for name, path, *_ in looked))


def _folder_fault(path: Path) -> tuple[str, bool]:
    """Give what is wrong with a folder, and whether no run can do with it."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    if not there.is_dir():
        return f"{there} is no folder", True
    if not os.access(there, os.W_OK | os.X_OK):
        return "not writable for this user", True
    free = shutil.disk_usage(there).free
    if free < NO_ROOM_BYTES:
        return f"only {free // 1024**2} MiB free", True
    return (f"{free // 1024**2} MiB free", False) if free < LITTLE_ROOM_BYTES else ("", False)


def zones(names: Sequence[str]) -> Seen:
    """Load each zone, as a firing of its schedule does."""
    missing = []
    for name in sorted({"UTC", *names}):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            missing.append(name)
    if missing:
        return wrong(f"no data for {', '.join(missing)}")
    return ok(", ".join(sorted({"UTC", *names})))


def supervision(memory_limit_bytes: int | None) -> Seen:
    """Look for what supervision rests on; some of it is Linux's alone."""
    if not hasattr(os, "fork"):
        return wrong("this system has no fork")
    if sys.platform != "linux":
        return warn("no parent-death signal: a killed supervisor leaves its job running")
    if not Path("/proc/self/fd").is_dir():
        return warn("/proc is not mounted: what a job leaves behind is not found")
    return _memory(memory_limit_bytes)


def _memory(limit: int | None) -> Seen:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if limit and hard != resource.RLIM_INFINITY and hard < limit:
        return warn(
            f"cron.memory_limit_bytes is {limit}, this user may have {hard}",
            "Lower the setting, or raise the limit (systemd: LimitAS=)",
        )
    return ok("fork, process groups, parent-death signal, memory limit")


def bytecode(source: Path) -> Seen:
    """Tell whether a start finds the modules compiled, which halves its time."""
    files = sorted((source / "src").rglob("*.py"))
    stale = [path for path in files if not _is_compiled(path)]
    if not stale:
        return ok(f"{len(files)} modules compiled")
    found = f"{len(stale)} of {len(files)} modules not compiled"
    if all(os.access(path.parent, os.W_OK) for path in stale):
        return ok(f"{found}; the next start does it")
    return warn(found)


def _is_compiled(path: Path) -> bool:
    compiled = Path(cache_from_source(str(path)))
    return compiled.exists() and compiled.stat().st_mtime >= path.stat().st_mtime
