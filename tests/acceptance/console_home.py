"""The real bin/console in child processes, on a project folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "bin" / "console"

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Home:
    """A copy of config/ with nothing else in it."""

    root: Path

    @classmethod
    def new(cls, root: Path) -> Home:
        shutil.copytree(ROOT / "config", root / "config")
        (root / "tmp").mkdir()
        return cls(root)

    @classmethod
    def migrated(cls, root: Path) -> Home:
        home = cls.new(root)
        assert home.console("db:migrate").returncode == 0
        return home

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "CRONTRACT_HOME": str(self.root),
            "CRONTRACT_ENV": "test",
            "TMPDIR": str(self.root / "tmp"),
        }

    def console(self, *words: str, stdout: Any = subprocess.PIPE, **env: str) -> Done:
        return subprocess.run(
            [CONSOLE, *words],
            cwd=self.root,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )

    def data(self, *words: str) -> Any:
        """Run a command that must succeed and read its JSON."""
        done = self.console(*words, "--format=json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def change(self, name: str, before: str, after: str) -> None:
        path = self.root / "config" / name
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")


def one_line(done: Done) -> str:
    """The one line on stderr; a traceback is never printed."""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return line
