"""The last lines of bin/test: what was skipped and why, and one plain count."""

from __future__ import annotations

import os

import pytest

FOR_GOOD_REASON = (
    "not on this platform",
    "needs root",
)
"""How the reason of a skip begins that is no fault in CI; everything else fails the run there."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that quietly did not run is a failed one."""
    reporter = _reporter(session.config)
    if reporter and os.environ.get("CI") and _unexcused(reporter) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the skipped tests by name, then the count, below all that pytest says."""
    if reporter := _reporter(config):
        for report in _skipped(reporter):
            reporter.line(f"skipped: {report.nodeid}: {_reason(report)}")
        for report in _unexcused(reporter) if os.environ.get("CI") else ():
            reporter.line(f"must run in CI: {report.nodeid}")
        reporter.line(_count(reporter))


def _reporter(config: pytest.Config) -> pytest.TerminalReporter | None:
    """Where the results come together; the workers have none."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter if not hasattr(config, "workerinput") else None


def _count(reporter: pytest.TerminalReporter) -> str:
    found = {word: len(reports) for word, reports in reporter.stats.items()}
    passed = found.get("passed", 0) + found.get("xfailed", 0)
    failed = found.get("failed", 0) + found.get("error", 0)
    return f"{passed} passed, {failed} failed, {found.get('skipped', 0)} skipped"


def _skipped(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    return list(reporter.stats.get("skipped", []))


def _unexcused(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    return [r for r in _skipped(reporter) if not _reason(r).startswith(FOR_GOOD_REASON)]


def _reason(report: pytest.TestReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(reason).removeprefix("Skipped: ")
