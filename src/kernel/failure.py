"""What is said when a command fails outside of a run."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from domain.errors import ConfigurationInvalid, JobError, Retryable
from domain.operating.run import ExitCode
from infra.boot import boot
from infra.secrets import scrub
from kernel.words import say


def say_failure(error: Exception) -> int:
    """Say a foreseen failure in one line; keep a defect's traceback in a file and name it."""
    if isinstance(error, JobError):
        say(str(error))
        return int(_code(error))
    path = _keep(error)
    what = (str(error).splitlines() or [""])[0]
    say(f"defect: {type(error).__name__}: {what} (traceback: {path})")
    return int(ExitCode.FAILED)


def _code(error: JobError) -> ExitCode:
    if isinstance(error, ConfigurationInvalid):
        return ExitCode.MISCONFIGURED
    if isinstance(error, Retryable):
        return ExitCode.UNAVAILABLE
    return ExitCode.FAILED


def _keep(error: Exception) -> Path:
    text = scrub("".join(traceback.format_exception(error)))
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="crontract-",
        suffix=".traceback",
        dir=_folder(),
        delete=False,
        encoding="utf-8",
    ) as file:
        file.write(text)
    return Path(file.name)


def _folder() -> Path | None:
    """Give the folder for defects; None, the system's own for such files, where it cannot be."""
    try:
        folder = boot(os.environ.get("CRONTRACT_ENV") or "dev").state / "defects"
        folder.mkdir(parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) else None
    except (JobError, OSError):
        return None
