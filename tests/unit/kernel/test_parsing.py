"""A callable's signature is its command's options."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer

from kernel.parsing import Parser, options_of
from kernel.words import FLAG_HELP, UsageFault


class Greeting:
    """A command of three options, and what it does not take from the line."""

    def __call__(
        self,
        name: Annotated[str, typer.Argument(help="Whom to greet.")],
        times: Annotated[int, typer.Option(min=1, help="How often.")] = 1,
        loud: Annotated[bool, typer.Option(help="Shout.")] = True,
    ) -> None:
        raise AssertionError(name, times, loud)


def common(
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    times: Annotated[int, typer.Option(max=3, help="At most thrice.")] = 2,
) -> None:
    raise AssertionError(reason, times)


@pytest.fixture
def parser() -> Parser:
    examples = ("bin/console greet Ann", "bin/console greet Ben --times=2")
    return Parser("greet", "Greet someone.", options_of(Greeting.__call__), examples)


def test_words_become_values_of_their_types(parser: Parser) -> None:
    values = parser.values(["Ann", "--times", "3", "--no-loud"])

    assert values == {"name": "Ann", "times": 3, "loud": False}


def test_what_is_not_typed_has_its_default(parser: Parser) -> None:
    assert parser.values(["Ann"]) == {"name": "Ann", "times": 1, "loud": True}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Missing argument 'name'"),
        (["Ann", "--time=2"], "No such option: --time .*--times"),
        (["Ann", "--times=zero"], "'zero' is not a whole number"),
        (["Ann", "--times=0"], "0 is not in the range x>=1"),
        (["Ann", "--times"], "requires an argument"),
        (["Ann", "Ben"], "unexpected extra argument"),
    ],
)
def test_a_slip_is_answered_with_what_to_type(parser: Parser, words: list[str], said: str) -> None:
    with pytest.raises(UsageFault, match=said) as fault:
        parser.values(words)

    assert fault.value.hint == "See bin/console greet --help"


def test_a_later_source_s_option_wins_and_self_is_none(parser: Parser) -> None:
    found = options_of(Greeting.__call__, common)

    assert [option.name for option in found] == ["name", "times", "loud", "reason"]
    assert {option.name: option.default for option in found}["times"] == 2


def test_the_help_shows_usage_options_examples_and_the_console_s_flags(parser: Parser) -> None:
    page = parser.help()

    for piece in ("Usage: bin/console greet", "Greet someone.", "Whom to greet.", "--times"):
        assert piece in page
    assert "bin/console greet Ben --times=2" in page
    for flag, text in FLAG_HELP:
        assert flag in page
        assert text in page


def test_the_options_are_named_for_completion_both_ways(parser: Parser) -> None:
    assert set(parser.option_names()) >= {"--times", "--loud", "--no-loud"}
