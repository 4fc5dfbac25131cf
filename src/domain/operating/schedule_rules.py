"""Rules between contracts and what surrounds them: schedules, manifests, owners, files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from domain.operating.contract import Contract
from domain.operating.findings import (
    ERROR,
    WARNING,
    Cadence,
    Fault,
    Finding,
    Installation,
    Rule,
)


def _command_is_known(installation: Installation) -> Iterable[Fault]:
    names = {contract.name for contract in installation.contracts}
    for cadence in installation.cadences:
        if cadence.command not in names:
            yield cadence.schedule_id, f"no job is named {cadence.command}"


def _arguments_are_accepted(installation: Installation) -> Iterable[Fault]:
    for cadence in installation.cadences:
        built = installation.built.get(cadence.command)
        refusal = built.refusal(cadence.arguments) if built else ""
        if refusal:
            yield cadence.schedule_id, f"{cadence.command} refuses the arguments: {refusal}"


def _starts_stand_once(installation: Installation) -> Iterable[Fault]:
    starts = Counter(map(_start, installation.cadences))
    for cadence in installation.cadences:
        if starts[_start(cadence)] > 1:
            yield cadence.schedule_id, "another schedule has the same command and arguments"


def _start(cadence: Cadence) -> tuple[str, ...]:
    return (cadence.command, *sorted(cadence.arguments))


def _fits_period(installation: Installation) -> Iterable[Finding]:
    for contract, cadence in _scheduled(installation):
        if contract.budget >= cadence.shortest_period:
            yield _overrun(contract, cadence)


def _scheduled(installation: Installation) -> Iterator[tuple[Contract, Cadence]]:
    by_name = {contract.name: contract for contract in installation.contracts}
    for cadence in installation.cadences:
        if cadence.command in by_name:
            yield by_name[cadence.command], cadence


def _overrun(contract: Contract, cadence: Cadence) -> Finding:
    """Longer than the period: allowed where the declared skip streak outlasts the overrun."""
    skipped = contract.budget // cadence.shortest_period
    message = (
        f"timeout + grace ({contract.budget}) is not below the period of {cadence.schedule_id}"
        f" ({cadence.shortest_period}); {skipped} starts may be skipped,"
        f" {contract.overlap.starved_after} in a row are starved"
    )
    level = ERROR if skipped >= contract.overlap.starved_after else WARNING
    return Finding(rule="period", level=level, subject=contract.name, message=message)


def _is_scheduled(installation: Installation) -> Iterable[Finding]:
    scheduled = {cadence.command for cadence in installation.cadences}
    for contract in installation.contracts:
        if contract.name in installation.built and contract.name not in scheduled:
            yield Finding(
                rule="unscheduled",
                level=WARNING,
                subject=contract.name,
                message="no schedule starts it, not even a suspended one",
            )


def _manifests_are_declared(installation: Installation) -> Iterable[Finding]:
    known = {cadence.schedule_id for cadence in installation.cadences}
    for spot in installation.manifests:
        if spot.what not in known:
            message = f"names the schedule {spot.what}, which is not declared"
            yield _at("manifest", spot.file, spot.line, message)


def _no_literal(installation: Installation) -> Iterable[Finding]:
    for spot in installation.literals:
        message = f"{spot.what} holds a credential; put its reference there"
        yield _at("credential-literal", spot.file, spot.line, message)


def _at(rule: str, file: str, line: int, message: str) -> Finding:
    return Finding(rule=rule, level=ERROR, subject=file, message=message, file=file, line=line)


def _owners_are_reached(installation: Installation) -> Iterable[Fault]:
    for fault in installation.channels:
        yield "config/alerts.toml", fault


SCHEDULE_RULES: tuple[Rule, ...] = (
    Rule(
        id="schedule",
        holds="Each schedule names a job.",
        why="Every firing would end as a usage error, and page.",
        remedy="Correct `command` in config/schedules.toml.",
        find=_command_is_known,
    ),
    Rule(
        id="schedule-arguments",
        holds="Each schedule's arguments are accepted by its job.",
        why="Every firing would end as a usage error, and page.",
        remedy="Type the command with `--help` and correct `arguments` in config/schedules.toml.",
        find=_arguments_are_accepted,
    ),
    Rule(
        id="schedule-twice",
        holds="No two schedules start the same command with the same arguments.",
        why="A start could not be told to belong to one of them, nor its slots and metrics.",
        remedy="Put both cadences into one cron expression, or take one away.",
        find=_starts_stand_once,
    ),
    Rule(
        id="unscheduled",
        holds="Each job that can be started has a schedule, be it suspended. (Warning.)",
        why="A job that nobody starts looks like one that never fails.",
        remedy="Add a `[[schedule]]`, with `suspended = true` until its cut-over.",
        find=_is_scheduled,
    ),
    Rule(
        id="period",
        holds=(
            "Timeout and grace are shorter than the shortest period, or the declared streak of"
            " skips is longer than what one run can outlast. (Warning within the streak.)"
        ),
        why="Else one slow run alone makes the job starved, and pages.",
        remedy="Shorten `timeout`, start less often, or raise `starved_after`.",
        find=_fits_period,
    ),
    Rule(
        id="manifest",
        holds="Each rendered file under ops/ names schedules that are declared.",
        why="A schedule that was taken away would go on firing where it was rendered to.",
        remedy="Render the files anew, or declare the schedule.",
        find=_manifests_are_declared,
    ),
    Rule(
        id="channel",
        holds=(
            "Each owner in a contract has a channel. (A file without any channel is an error with"
            " `--env=prod` only.)"
        ),
        why="An owner without one hears of a failure from the customers.",
        remedy="Give the owner channels in config/alerts.toml; `alert:test` proves them.",
        find=_owners_are_reached,
    ),
    Rule(
        id="credential-literal",
        holds="No configuration file holds a credential, schedules' arguments included.",
        why="Files under version control are copied, shown and kept for ever.",
        remedy="Write a reference instead: docs/how-to/keep-secrets.md. Then change the password.",
        find=_no_literal,
    ),
)
