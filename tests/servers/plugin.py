"""The pytest side of the servers: one session for all workers, and its end."""

from __future__ import annotations

import os

import pytest

from servers.record import REQUIRE
from servers.shared import SESSION, session


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require",
        choices=["all", "found"],
        default=os.environ.get(REQUIRE) or "found",
        help="all: a test whose server is missing fails instead of being skipped",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin the session before the workers start: they inherit its name."""
    os.environ[REQUIRE] = config.getoption("--require")
    session()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the tests started; only the process that began the session does."""
    if os.environ.get(SESSION):
        session().close()
