"""One start of a scheduled job: typed words to a run under its contract."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import typer

from commands.base import CronCommand
from domain.errors import ConfigurationInvalid, Refused
from domain.operating.events import Event
from domain.operating.job import Ending
from domain.operating.ports import ActiveRun
from domain.operating.run import Outcome, Summary, Trigger, Verdict
from infra.boot import boot
from infra.telemetry.logs import JsonLog
from infra.telemetry.progress import TerminalProgress
from kernel.alarm import tell_unstarted
from kernel.parsing import Parser, options_of
from kernel.render import render, width_of
from kernel.run_options import RunOptions, firing, run_options
from kernel.supervision import Asked, Progress, Supervision
from kernel.verdict import result_of
from kernel.words import Flags, UsageFault

Command = type[CronCommand[Any]]


def parser_of(command: Command) -> Parser:
    """Build the parser of a job: its own options and those of every run."""
    contract = command.contract
    return Parser(
        contract.name,
        f"{contract.summary} ({', '.join(contract.covers)}).",
        options_of(command.request, run_options),
        command.examples,
    )


def launch(command: Command, words: Sequence[str], flags: Flags, env: str) -> int:
    """Run a job to its exit code; prints the result on stdout. Raises UsageFault."""
    log = JsonLog(verbosity=flags.verbosity, human=flags.is_terminal(sys.stderr))
    log.with_colour(colour=flags.colours(sys.stderr))
    parser = parser_of(command)
    modern = _without_legacy(command, words, parser.valued_names(), log)
    values = parser.values(modern)
    asked = Asked(_request(command, values), RunOptions.of(values), modern)
    bar = TerminalProgress()
    try:
        run_id, ending = _run(
            command, asked, env, log, bar.show if _shows_progress(flags) else None
        )
    finally:
        bar.stop()
    if flags.verbosity >= 0:
        result = result_of(command.contract, run_id, ending)
        with suppress(BrokenPipeError):  # nobody reads the result: the exit code tells it too
            colour = flags.colours(sys.stdout)
            print(render(result, flags.format, width=width_of(sys.stdout), colour=colour))
    return int(ending.verdict.exit_code)


def _run(
    command: Command, asked: Asked, env: str, log: JsonLog, progress: Progress | None
) -> tuple[str, Ending]:
    try:
        refuse_web_request()
        supervision = Supervision(boot(env), log, progress)
        job = supervision.job(command.contract, asked, Work(command, asked.request, env))
    except ConfigurationInvalid as error:
        verdict = Verdict.of(Outcome.MISCONFIGURED, str(error))
        log.bind(command=command.contract.name, cr=",".join(command.contract.covers))
        log.info(Event.RUN_STARTED, command.contract.name)
        log.error(
            Event.RUN_FINISHED,
            str(error),
            outcome=verdict.outcome.word,
            exit_code=int(verdict.exit_code),
        )
        if firing(asked.options).trigger is Trigger.SCHEDULE:
            name, scope = command.contract.name, asked.request.scope
            tell_unstarted(name, scope, str(error), usage=False, env=env, log=log)
        return "", Ending(verdict=verdict)
    except Refused as error:
        raise UsageFault(str(error)) from error
    with supervision.stop_signals:
        ending = supervision.runner(in_process=asked.options.no_fork).run(job)
    return "" if asked.options.dry_run else job.start.run_id, ending


def refuse_web_request() -> None:
    """Raise ConfigurationInvalid in a process that a web server started for a request."""
    found = next(
        (name for name in ("GATEWAY_INTERFACE", "REQUEST_METHOD") if name in os.environ), ""
    )
    if found:
        raise ConfigurationInvalid(
            f"{found} is set: a web request started this; a scheduler or a person starts jobs"
        )


def _shows_progress(flags: Flags) -> bool:
    return flags.verbosity >= 0 and flags.is_terminal(sys.stderr)


def _without_legacy(
    command: Command, words: Sequence[str], valued: Container[str], log: JsonLog
) -> list[str]:
    """Replace the spellings of the legacy scripts, and say so; an option's value is left alone."""
    modern: list[str] = []
    for before, word in zip(("", *words), words, strict=False):
        old = next((old for old in command.legacy if word.startswith(old)), None)
        if old is None or before in valued:
            modern.append(word)
            continue
        new = command.legacy[old] + word.removeprefix(old)
        log.warning(Event.LEGACY_SPELLING, f"{word} is the legacy spelling of {new or 'nothing'}")
        modern += [new] if new else []
    return modern


def _request(command: Command, values: dict[str, Any]) -> Any:
    own = command.request_parameters()
    try:
        return command.request(**{name: values[name] for name in own})
    except typer.BadParameter as error:
        hint = f"See bin/console {command.contract.name} --help"
        raise UsageFault(str(error), hint) from error


@dataclass(frozen=True)
class Work:
    """What the child does: build the job with its own adapters, and do it."""

    command: Command
    request: Any
    env: str

    def __call__(self, run: ActiveRun) -> Summary:
        from kernel import container

        job = container.Container(self.env, run).job(self.command)
        summary: Summary = job.handle(self.request, run)
        return summary
