"""A schedule whose words make no sense: nobody reads its stderr, so the owners are told."""

from __future__ import annotations

import os
from collections.abc import Sequence

from infra.telemetry.logs import JsonLog
from kernel.alarm import tell_unstarted
from kernel.catalogue import find
from kernel.run_options import is_scheduled
from kernel.words import UsageFault


def tell_misfire(words: Sequence[str], fault: str) -> None:
    """Tell the owners of the command that was meant, as far as it can be known."""
    if is_scheduled():
        command = _command(words)
        tell_unstarted(command, "", fault, usage=True, env=_env(words), log=JsonLog())


def _command(words: Sequence[str]) -> str:
    typed = next((word for word in words if not word.startswith("-")), "(none)")
    try:
        return find(typed).name
    except UsageFault:
        return typed


def _env(words: Sequence[str]) -> str:
    said = [word.partition("=")[2] for word in words if word.startswith("--env=")]
    return said[-1] if said else os.environ.get("CRONTRACT_ENV") or "dev"
