"""The pytest side of the servers: one session for all workers, and its end."""

from __future__ import annotations

import os

import pytest

from servers.record import REQUIRE, SESSION
from servers.report import table
from servers.session import session


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


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Tell which servers the tests used."""
    if lines := table(session().folder / "record"):
        terminalreporter.section("servers")
        for line in lines:
            terminalreporter.line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the tests started; only the process that began the session does."""
    if os.environ.get(SESSION):
        session().close()
