"""Habits that no linter knows: where a broad catch stands, what a test may wait for."""

from __future__ import annotations

import ast

import pytest

from architecture.tree import modules

BROAD = {"Exception", "BaseException"}
MAY_CATCH_ALL = {
    "src/domain/operating/checkup.py": "a check that breaks must not hide the others",
    "src/domain/operating/runner.py": "a defect becomes a verdict",
    "src/domain/queue/attempt.py": "a defect in one message must not stop its neighbours",
    "src/domain/queue/working.py": "what cannot be settled in a group is done one by one",
    "src/domain/operating/units.py": "a defect in one unit must not stop its neighbours",
    "src/infra/alerts/courier.py": "whatever a channel's library meets, the next one is asked",
    "src/infra/process/child.py": "the top of the child: nobody above it could say more",
    "src/infra/process/work.py": "an error of the job becomes words for the parent",
    "src/kernel/console.py": "the last resort before the shell",
}


def swallows(module: ast.Module) -> list[int]:
    """The lines of catches that take everything and do not raise it again."""
    catches = [node for node in ast.walk(module) if isinstance(node, ast.ExceptHandler)]
    return [catch.lineno for catch in catches if _is_broad(catch) and not _raises(catch)]


def _is_broad(catch: ast.ExceptHandler) -> bool:
    if catch.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in BROAD for node in ast.walk(catch.type))


def _raises(catch: ast.ExceptHandler) -> bool:
    last = catch.body[-1]
    return isinstance(last, ast.Raise)


def sleeps(module: ast.Module) -> list[int]:
    """The lines that wait for the clock."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and node.attr == "sleep"
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
    ]


@pytest.mark.parametrize(
    "caught",
    ["except:", "except Exception:", "except (OSError, Exception):", "except BaseException as e:"],
)
def test_a_catch_that_swallows_everything_is_seen(caught: str) -> None:
    assert swallows(ast.parse(f"try:\n    work()\n{caught}\n    pass\n")) == [3]


@pytest.mark.parametrize(
    "caught", ["except OSError:\n    pass", "except BaseException:\n    undo()\n    raise"]
)
def test_a_named_error_and_a_clean_up_are_fine(caught: str) -> None:
    assert swallows(ast.parse(f"try:\n    work()\n{caught}\n")) == []


def test_everything_is_caught_only_where_a_verdict_is_made_of_it() -> None:
    catching = {path for path, module in modules("src") if swallows(module)}

    assert catching == set(MAY_CATCH_ALL)


def test_a_wait_for_the_clock_is_seen() -> None:
    assert sleeps(ast.parse("import time\ntime.sleep(1)\n")) == [2]


def test_no_unit_test_waits_for_the_clock() -> None:
    assert [path for path, module in modules("tests/unit") if sleeps(module)] == []
