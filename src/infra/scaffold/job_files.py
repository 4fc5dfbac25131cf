"""A new job in a checkout: new files, and one place each in three that are there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template

from domain.errors import Refused
from domain.operating.contract import Priority
from domain.scaffold.plan import JobPlan
from infra.scaffold.places import with_entry, with_method

_TEMPLATES = Path(__file__).with_name("templates")

_NEW: Mapping[str, str] = {
    "command.py": "src/commands/cron/$module.py",
    "package.py": "src/domain/jobs/$module/__init__.py",
    "request.py": "src/domain/jobs/$module/request.py",
    "service.py": "src/domain/jobs/$module/service.py",
    "test.py": "tests/unit/$module/test_$module.py",
    "runbook.md": "ops/runbooks/$cr.md",
}

_INVENTORY, _CONTAINER = "src/kernel/inventory.py", "src/kernel/container.py"
_SCHEDULES, _DOCS = "config/schedules.toml", "docs/generate.py"

Edit = Callable[[str], str]


class JobFiles:
    """Writes all of a job or nothing; then what the docs generate from the inventory."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout

    def write(self, plan: JobPlan) -> Sequence[str]:
        """Give the paths written. Raises Refused where a file is in the way."""
        words = _words(plan)
        new = {
            Template(path).substitute(words): _filled(name, words) for name, path in _NEW.items()
        }
        self._refuse_existing(new)
        changed = {path: edit(self._text(path)) for path, edit in _edits(plan, words).items()}
        for path, text in {**new, **changed}.items():
            file = self._checkout / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return [*new, *changed, *self._generated()]

    def _refuse_existing(self, new: Mapping[str, str]) -> None:
        there = [path for path in new if (self._checkout / path).exists()]
        if there:
            raise Refused(f"{', '.join(there)} exists already; nothing was written")

    def _text(self, path: str) -> str:
        try:
            return (self._checkout / path).read_text("utf-8")
        except FileNotFoundError as error:
            raise Refused(
                f"{self._checkout} has no {path}: jobs are made in a checkout of the project"
            ) from error

    def _generated(self) -> Sequence[str]:
        """Write the docs' generated parts anew, in a process that sees the new job."""
        done = subprocess.run(  # noqa: S603 - our own script, without a shell
            [sys.executable, str(self._checkout / _DOCS)],
            env={"PYTHONPATH": str(self._checkout / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Refused(f"the job is written, but not its line in the docs: {done.stderr}")
        return [line.removeprefix("wrote ") for line in done.stdout.splitlines()]


def _edits(plan: JobPlan, words: Mapping[str, str]) -> Mapping[str, Edit]:
    imported = f"    from commands.cron.{plan.module} import {plan.name}\n"
    return {
        _INVENTORY: lambda text: with_entry(text, _filled("entry.py", words)),
        _CONTAINER: lambda text: with_method(text, imported, _filled("build.py", words)),
        _SCHEDULES: lambda text: text + _filled("schedule.toml", words),
    }


def _filled(name: str, words: Mapping[str, str]) -> str:
    return Template((_TEMPLATES / f"{name}.txt").read_text("utf-8")).substitute(words)


def _words(plan: JobPlan) -> Mapping[str, str]:
    return {
        "command": plan.command,
        "cr": plan.cr,
        "lock": plan.lock,
        "minute": str(int(plan.cr.removeprefix("CR-")) % 60),
        "module": plan.module,
        "name": plan.name,
        "owner": plan.owner.name,
        "owner_spoken": plan.owner.value,
        "priority": Priority(plan.priority).name,
        "priority_letter": plan.priority.value,
        "schedule_id": plan.schedule_id,
        "summary": plan.summary,
        "summary_low": plan.summary[0].lower() + plan.summary[1:],
    }
