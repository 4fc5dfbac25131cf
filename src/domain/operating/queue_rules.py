"""Rules about the queues: what schedules work off, and what message types declare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from domain.operating.findings import (
    WARNING,
    Cadence,
    Consumed,
    Fault,
    Finding,
    Installation,
    Rule,
)

PROCESSOR = "cron:queue:process"

END = timedelta(minutes=1)
"""What a processor has left to sweep and claim first, and to kill and settle its last message."""

FEWEST_WORDS = 4
"""A sentence that tells who notices a repetition, and by what, is no shorter."""


def _queues_are_declared(installation: Installation) -> Iterable[Fault]:
    declared = ", ".join(sorted(installation.queues)) or "none"
    for cadence, request in _requests(installation):
        queue = getattr(request, "queue", None)
        if queue is not None and queue not in installation.queues:
            yield cadence.schedule_id, f"no queue is called {queue}; declared: {declared}"


def _requests(installation: Installation) -> Iterator[tuple[Cadence, object]]:
    for cadence in installation.cadences:
        if built := installation.built.get(cadence.command):
            yield cadence, built.request(cadence.arguments)


def _queues_are_processed_once(installation: Installation) -> Iterable[Finding]:
    if PROCESSOR not in installation.built:
        return
    by_queue = _processors(installation)
    for queue in installation.queues:
        ids = [cadence.schedule_id for cadence in by_queue.get(queue, ())]
        if len(ids) != 1:
            named = " and ".join(ids) + " skip each other" if ids else "no schedule works it off"
            yield Finding(
                rule="queue-processed", level=WARNING, subject=f"[queue.{queue}]", message=named
            )


def _processors(installation: Installation) -> Mapping[str, Sequence[Cadence]]:
    by_queue: defaultdict[str, list[Cadence]] = defaultdict(list)
    for cadence, request in _requests(installation):
        if cadence.command == PROCESSOR:
            by_queue[getattr(request, "queue", "")].append(cadence)
    return by_queue


def _last_message_fits(installation: Installation) -> Iterable[Fault]:
    timeouts = [it.timeout for it in installation.contracts if it.name == PROCESSOR]
    for timeout in timeouts:
        for cadence, request in _requests(installation):
            if cadence.command == PROCESSOR:
                taking = timedelta(seconds=getattr(request, "max_seconds", 0))
                yield from _too_long(installation.messages, cadence.schedule_id, taking, timeout)


def _too_long(
    messages: Iterable[Consumed], schedule_id: str, taking: timedelta, timeout: timedelta
) -> Iterable[Fault]:
    for message in messages:
        if taking + message.limit + END > timeout:
            fault = (
                f"{schedule_id} takes messages for {taking}; the last may run for {message.limit},"
                f" and {END} for the end make more than the timeout of {PROCESSOR} ({timeout})"
            )
            yield message.name, fault


def _limits_are_allowed(installation: Installation) -> Iterable[Fault]:
    for message in installation.messages:
        if message.limit > installation.longest:
            fault = f"its limit ({message.limit}) is above allowed_max_duration_seconds"
            yield message.name, f"{fault} ({installation.longest})"


def _names_are_distinct(installation: Installation) -> Iterable[Fault]:
    messages = installation.messages
    names = Counter(name for message in messages for name in (message.name, *message.legacy))
    for message in messages:
        for name in dict.fromkeys((message.name, *message.legacy)):
            if names[name] > 1:
                yield message.name, f"{name} stands for it and for another, or twice"


def _repetition_is_told(installation: Installation) -> Iterable[Fault]:
    for message in installation.messages:
        if len(message.idempotency.split()) < FEWEST_WORDS:
            yield message.name, f'"{message.idempotency}" says not why a repetition is harmless'


QUEUE_RULES: tuple[Rule, ...] = (
    Rule(
        id="queue-declared",
        holds="Each queue that a schedule names is declared.",
        why="Every firing would be refused, and page.",
        remedy="Add `[queue.NAME]` to config/queues.toml, or correct the schedule's `arguments`.",
        find=_queues_are_declared,
    ),
    Rule(
        id="queue-processed",
        holds="Each declared queue is worked off by one schedule, be it suspended. (Warning.)",
        why="Without one its messages wait for ever; two share a lock, and skip each other.",
        remedy=f"Give the queue one `[[schedule]]` of `{PROCESSOR}`; for more speed, `--workers`.",
        find=_queues_are_processed_once,
    ),
    Rule(
        id="message-budget",
        holds=(
            f"`--max-seconds` of each schedule of `{PROCESSOR}`, the limit of each message type and"
            f" {END.total_seconds():.0f} s for the end fit into the job's timeout."
        ),
        why="A message begun last would be cut off by the run's timeout, not by its own limit.",
        remedy="Lower `limit` or `--max-seconds`, or lengthen the contract's `timeout`.",
        find=_last_message_fits,
    ),
    Rule(
        id="message-limit",
        holds="No message type's limit is above `allowed_max_duration_seconds`.",
        why="Nothing is to stay in flight longer than that; the limit is what ends it in time.",
        remedy="Lower the type's `limit`, or raise it in `[limits]` of config/queues.toml.",
        find=_limits_are_allowed,
    ),
    Rule(
        id="message-name",
        holds="No two message types share a name, names of the legacy side included.",
        why="Its messages would go to one handler or the other by chance.",
        remedy="Rename one, or take the legacy name out of one.",
        find=_names_are_distinct,
    ),
    Rule(
        id="message-idempotency",
        holds=(
            "Each message type says in a sentence why a repetition is harmless, be it of"
            f" {FEWEST_WORDS} words."
        ),
        why="A handler may run again after its host died; its author has to have thought of it.",
        remedy="Say who tells a repetition, by what: `the partner refuses a second msg:{id}`.",
        find=_repetition_is_told,
    ),
)
