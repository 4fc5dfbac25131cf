"""The typed words split into the console's own flags and the command's."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # these two cost as much as the whole list of commands
    from collections.abc import Iterator
    from typing import TextIO


class UsageFault(Exception):
    """What was typed makes no sense; ``hint`` says what would (exit 2)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Flags:
    """The flags that every command has, as Symfony's console names them."""

    __slots__ = ("ansi", "env", "format", "help", "interaction", "verbosity", "version")

    def __init__(self) -> None:
        self.verbosity = 0
        self.ansi: bool | None = None
        self.interaction = True
        self.env: str | None = None
        self.format = "text"
        self.help = False
        self.version = False

    def is_terminal(self, stream: TextIO) -> bool:
        """Tell whether a person reads the stream; ``--ansi`` says so of any."""
        return stream.isatty() or self.ansi is True

    def colours(self, stream: TextIO) -> bool:
        """Colour on a terminal that knows it, unless a flag or NO_COLOR says otherwise."""
        if self.ansi is not None:
            return self.ansi
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
        return stream.isatty() and not plain


FORMATS = ("text", "json", "sarif")
"""Those of all commands; which of them a command has stands in the inventory."""

_VERBOSITY = {"-q": -1, "--quiet": -1, "-v": 1, "--verbose": 1, "-vv": 2, "-vvv": 3}
_ANSI = {"--ansi": True, "--no-ansi": False}

FLAG_HELP = (
    ("-h, --help", "Show this help"),
    ("-q, --quiet", "Print errors only"),
    ("-v|-vv|-vvv", "Print more: details, debugging, everything"),
    ("-V, --version", "Show the version"),
    ("-n, --no-interaction", "Never ask"),
    ("--ansi, --no-ansi", "Force or forbid colour"),
    ("--env=ENV", "dev, test or prod (default: CRONTRACT_ENV, else dev)"),
    ("--format=FORMAT", "Result on stdout as text or json"),
)


def split(argv: list[str]) -> tuple[Flags, list[str]]:
    """Take the console's flags out of the words; they may stand anywhere before ``--``."""
    flags, words = Flags(), []
    for word in argv:
        if not word.isprintable() and any("\udc80" <= sign <= "\udcff" for sign in word):
            raise UsageFault(f"{word!r} is not UTF-8", "Type the word in the terminal's UTF-8")
    rest = iter(argv)
    for word in rest:
        if word == "--":
            words.append(word)
            words.extend(rest)
        elif not _take(flags, word, rest):
            words.append(word)
    return flags, words


def _take(flags: Flags, word: str, rest: Iterator[str]) -> bool:
    if word in _VERBOSITY:
        flags.verbosity = _VERBOSITY[word]
    elif word in _ANSI:
        flags.ansi = _ANSI[word]
    elif word in ("-n", "--no-interaction"):
        flags.interaction = False
    elif word in ("-h", "--help"):
        flags.help = True
    elif word in ("-V", "--version"):
        flags.version = True
    else:
        return _take_valued(flags, word, rest)
    return True


def _take_valued(flags: Flags, word: str, rest: Iterator[str]) -> bool:
    name, equals, value = word.partition("=")
    if name not in ("--env", "--format", "-e"):
        return False
    if not equals:
        value = next(rest, "")
    if name == "--format":
        if value not in FORMATS:
            raise UsageFault(f"--format is text or json, not {value!r}")  # sarif: one command only
        flags.format = value
    elif value:
        flags.env = value
    else:  # an unset variable in a crontab must not mean "dev"
        raise UsageFault("--env needs an environment: dev, test or prod")
    return True


def say(text: str) -> None:
    """Write a line to stderr; where that is full or closed, the exit code must do."""
    secrets = sys.modules.get("infra.secrets")  # where it is not loaded no secret has been read
    if secrets:
        text = secrets.scrub(text)
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        return
