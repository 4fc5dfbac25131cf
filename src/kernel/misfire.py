"""A schedule whose words make no sense: nobody reads its stderr, so the owners are told."""

from __future__ import annotations

import os
from collections.abc import Sequence

from infra.telemetry.logs import JsonLog
from kernel.alarm import tell_unstarted
from kernel.catalogue import find
from kernel.run_options import is_scheduled
from kernel.words import Flags, UsageFault, split


def tell_misfire(words: Sequence[str], fault: str) -> None:
    """Tell the owners of the command that was meant, as far as it can be known."""
    if is_scheduled():
        flags, typed = _split(words)
        env = flags.env or os.environ.get("CRONTRACT_ENV") or "dev"
        command = _command(typed[0]) if typed else "(none)"
        tell_unstarted(command, "", fault, usage=True, env=env, log=JsonLog())


def _split(words: Sequence[str]) -> tuple[Flags, Sequence[str]]:
    try:
        return split(list(words))
    except UsageFault:  # the flags themselves are at fault; the command stands first by custom
        return Flags(), [word for word in words if not word.startswith("-")]


def _command(typed: str) -> str:
    try:
        return find(typed).name
    except UsageFault:
        return typed
