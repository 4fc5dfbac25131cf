"""Hooks of every test run: the servers that it shares, and long files first."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

from servers.plugin import (
    pytest_addoption,
    pytest_configure,
    pytest_terminal_summary,
    pytest_unconfigure,
)

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_terminal_summary",
    "pytest_unconfigure",
]

# Whoever starts the tests in the background has them ignored, and every process inherits that.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# How long an example takes depends on who else is at work on the machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the acceptance tests: a file of minutes must not be left for one worker's end."""
    items.sort(key=lambda item: "acceptance" not in item.path.parts)
