"""What may follow the line typed so far."""

from __future__ import annotations

import pytest

from kernel.completion import complete, script
from kernel.inventory import COMMANDS
from kernel.words import UsageFault

IMPORT = "cron:suppliers:import-stock"


class Completed:
    """Completes a line and gives the words offered."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, line: str) -> list[str]:
        assert complete(["--", line]) == 0
        return self._capsys.readouterr().out.split()


@pytest.fixture
def after(capsys: pytest.CaptureFixture[str]) -> Completed:
    return Completed(capsys)


def test_at_the_start_every_command_is_offered(after: Completed) -> None:
    offered = after("bin/console ")

    assert set(offered) >= {entry.name for entry in COMMANDS}
    assert "help" in offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("bin/console ru", ["runs:list", "runs:show"]),
        ("bin/console runs:s", ["runs:show"]),
        ("bin/console cron:su", [IMPORT]),
        ("bin/console -v runs:l", ["runs:list"]),
        ("bin/console help runs:", ["runs:list", "runs:show"]),
        ("bin/console completion ", ["bash", "zsh", "fish"]),
        ("bin/console completion z", ["zsh"]),
        ("bin/console xyzzy", []),
        ("bin/console runs:list ", []),
        ("bin/console runs:list --li", ["--limit"]),
        ("bin/console runs:show --no", ["--no-log"]),
        ("bin/console runs:list --format=", ["--format=text", "--format=json"]),
        ("bin/console list --form", ["--format=text", "--format=json"]),
        (f"bin/console {IMPORT} --dry", ["--dry-run"]),
        (f"bin/console {IMPORT} --all --ag", ["--again"]),
    ],
)
def test_a_beginning_is_completed(after: Completed, line: str, offered: list[str]) -> None:
    assert after(line) == offered


def test_without_a_line_every_command_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    complete([])

    assert IMPORT in capsys.readouterr().out.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_asks_the_console(shell: str) -> None:
    assert "_complete --" in script(shell)


@pytest.mark.parametrize("shell", ["", "csh"])
def test_another_shell_is_refused_with_those_that_have_one(shell: str) -> None:
    with pytest.raises(UsageFault, match="bash, zsh, fish"):
        script(shell)
