"""All that contract:lint looks at: inventory, contracts, configuration, checkout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any, get_type_hints

import typer

from commands.base import CronCommand
from domain.operating.contract import Contract
from domain.operating.findings import Built, Installation
from infra.boot import Boot, source_folder
from infra.doctor.literals import literals
from infra.doctor.places import manifests, runbooks
from infra.queue_settings import queue_settings
from infra.schedules import schedules
from infra.sql.connection import Database
from kernel.configuration import channel_faults
from kernel.inventory import COMMANDS, MESSAGES
from kernel.lock_stores import chosen
from kernel.parsing import Parser, options_of
from kernel.run_options import run_options
from kernel.supervision import own_words
from kernel.words import UsageFault


def installation(boot: Boot, contracts: Mapping[str, Contract]) -> Installation:
    """Read everything. Raises ConfigurationInvalid for a file that cannot be understood."""
    source, queues = source_folder(), queue_settings(boot.root)
    return Installation(
        contracts=tuple(contracts.values()),
        cadences=schedules(boot.root),
        built=built_jobs(),
        runbooks=runbooks(source),
        advisory=store if (store := chosen(boot, Database(boot.database_url))).advisory else "",
        channels=channel_faults(boot.root, boot.env),
        literals=literals(boot.root),
        manifests=manifests(source),
        queues=tuple(queues.queues),
        messages=[message.load().declares for message in MESSAGES],
        longest=queues.limits.duration,
    )


def built_jobs() -> Mapping[str, Built]:
    """Every job that can be started."""
    jobs = {entry.name: entry.load() for entry in COMMANDS if entry.is_job}
    return {name: _built(command) for name, command in jobs.items()}


def _built(command: type[CronCommand[Any]]) -> Built:
    return Built(
        request_fields=request_fields(command),
        refusal=partial(refused, command),
        request=partial(asked, command),
    )


def request_fields(command: type[CronCommand[Any]]) -> frozenset[str]:
    """Name what a lock template may take from the job's request: its fields and properties."""
    request = get_type_hints(command.request, include_extras=True)["return"]
    own = {field.name for field in fields(request)} if is_dataclass(request) else set()
    properties = {name for name, it in vars(request).items() if isinstance(it, property)}
    return frozenset(own | properties)


def refused(command: type[CronCommand[Any]], words: Sequence[str]) -> str:
    """Say why the job refuses these arguments; "" where it takes them."""
    if own_words(words) != list(words):
        return "options of every run (--dry-run, --reason, …) do not belong into a schedule"
    try:
        _request(command, words)
    except (UsageFault, typer.BadParameter) as error:
        return str(error)
    return ""


def asked(command: type[CronCommand[Any]], words: Sequence[str]) -> object:
    """Give the request that these arguments make; None where the job refuses them."""
    return None if refused(command, words) else _request(command, words)


def _request(command: type[CronCommand[Any]], words: Sequence[str]) -> object:
    options = options_of(command.request, run_options)
    values = Parser(command.contract.name, "", options, ()).values(list(words))
    return command.request(**{name: values[name] for name in command.request_parameters()})
