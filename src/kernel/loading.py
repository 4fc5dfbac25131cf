"""From a line of the static table to the class it names, and to its run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from commands.base import CronCommand
from kernel.inventory import Entry
from kernel.parsing import Parser, options_of
from kernel.render import render, width_of
from kernel.words import Flags, UsageFault


def parser_for(entry: Entry) -> Parser:
    """Build the parser of a job or of what people type."""
    command = entry.load()
    if issubclass(command, CronCommand):
        from kernel.launch import parser_of

        return parser_of(command)
    options = options_of(command.__call__)
    return Parser(entry.name, f"{entry.summary}.", options, command.examples)


def help_of(entry: Entry) -> str:
    return parser_for(entry).help()


def run_command(entry: Entry, words: Sequence[str], flags: Flags, env: str) -> int:
    """Run a command to its exit code; its result goes to stdout."""
    command = entry.load()
    if issubclass(command, CronCommand):
        from kernel.launch import launch

        return launch(command, words, flags, env)
    return _answer(entry, words, flags, env)


def _answer(entry: Entry, words: Sequence[str], flags: Flags, env: str) -> int:
    from kernel.container import Container

    values = parser_for(entry).values(words)
    container = Container(env)
    container.may_ask = flags.interaction and sys.stdin.isatty()
    try:
        result = container.ops(entry.name)(**values)
    except typer.BadParameter as error:
        raise UsageFault(str(error), f"See bin/console {entry.name} --help") from error
    if flags.verbosity >= 0:
        print(render(result, flags.format, width=width_of(sys.stdout)))
    return int(result.exit_code)
