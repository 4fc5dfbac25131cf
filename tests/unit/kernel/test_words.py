"""What is typed, split into the console's own flags and the command's words."""

from __future__ import annotations

import io

import pytest

from kernel.words import FLAG_HELP, Flags, UsageFault, split


class Terminal(io.StringIO):
    """A stream that a person reads."""

    def isatty(self) -> bool:
        return True


def flags(*argv: str) -> Flags:
    return split(list(argv))[0]


def words(*argv: str) -> list[str]:
    return split(list(argv))[1]


def test_flags_may_stand_anywhere_among_the_words() -> None:
    found, rest = split(["-v", "runs:show", "--format=json", "0192", "--env", "prod", "--no-log"])

    assert rest == ["runs:show", "0192", "--no-log"]
    assert (found.verbosity, found.format, found.env) == (1, "json", "prod")


@pytest.mark.parametrize(
    ("typed", "verbosity"),
    [("-q", -1), ("--quiet", -1), ("-v", 1), ("--verbose", 1), ("-vv", 2), ("-vvv", 3)],
)
def test_each_word_of_verbosity_has_its_degree(typed: str, verbosity: int) -> None:
    assert flags(typed).verbosity == verbosity


def test_a_bare_command_is_neither_quiet_nor_loud_and_asks_if_it_must() -> None:
    bare = flags("list")

    assert (bare.verbosity, bare.format, bare.env, bare.ansi) == (0, "text", None, None)
    assert (bare.help, bare.version, bare.interaction) == (False, False, True)


@pytest.mark.parametrize("typed", ["-h", "--help"])
def test_help_is_asked_for_by_two_words(typed: str) -> None:
    assert flags("list", typed).help


@pytest.mark.parametrize("typed", ["-V", "--version"])
def test_the_version_is_asked_for_by_two_words(typed: str) -> None:
    assert flags(typed).version


@pytest.mark.parametrize("typed", ["-n", "--no-interaction"])
def test_nothing_is_asked_on_demand(typed: str) -> None:
    assert not flags(typed).interaction


@pytest.mark.parametrize(
    "argv", [("--env=prod",), ("--env", "prod"), ("-e", "prod"), ("-e=prod",)], ids=" ".join
)
def test_the_environment_is_typed_in_four_ways(argv: tuple[str, ...]) -> None:
    assert flags(*argv).env == "prod"


def test_what_stands_behind_two_dashes_is_the_command_s() -> None:
    found, rest = split(["_complete", "--", "-v", "--format=json"])

    assert rest == ["_complete", "--", "-v", "--format=json"]
    assert (found.verbosity, found.format) == (0, "text")


def test_a_value_that_looks_like_a_flag_stays_with_its_option() -> None:
    assert words("jobs:pause", "--reason=-v") == ["jobs:pause", "--reason=-v"]


@pytest.mark.parametrize("argv", [("--format=xml",), ("--format",), ("--format=",)], ids=" ".join)
def test_an_unknown_format_is_refused_with_those_that_exist(argv: tuple[str, ...]) -> None:
    with pytest.raises(UsageFault, match="text or json"):
        split(list(argv))


@pytest.mark.parametrize("argv", [("--env",), ("--env=",), ("list", "-e", "")], ids=" ".join)
def test_an_empty_environment_is_no_environment(argv: tuple[str, ...]) -> None:
    with pytest.raises(UsageFault, match="dev, test or prod"):
        split(list(argv))


def test_every_flag_is_in_the_help() -> None:
    said = " ".join(flag for flag, _ in FLAG_HELP)

    for flag in ("--help", "--quiet", "-v", "--version", "--no-interaction", "--ansi", "--env"):
        assert flag in said


# --- colour -------------------------------------------------------------------------------------


@pytest.fixture
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("_plain_environment")
@pytest.mark.parametrize(
    ("argv", "stream", "coloured"),
    [
        ((), Terminal(), True),
        ((), io.StringIO(), False),
        (("--ansi",), io.StringIO(), True),
        (("--no-ansi",), Terminal(), False),
    ],
)
def test_colour_is_for_terminals_unless_said_otherwise(
    argv: tuple[str, ...], stream: io.StringIO, coloured: bool
) -> None:
    assert flags(*argv).colours(stream) is coloured


@pytest.mark.usefixtures("_plain_environment")
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", ""), ("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_refuse_colour(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    assert not flags().colours(Terminal())
    assert flags("--ansi").colours(Terminal())


def test_a_forced_terminal_reads_like_one() -> None:
    assert flags("--ansi").is_terminal(io.StringIO())
    assert flags().is_terminal(Terminal())
    assert not flags().is_terminal(io.StringIO())
