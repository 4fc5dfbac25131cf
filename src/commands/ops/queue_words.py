"""What the commands about the queue have in common: their words for times, payloads and steps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from commands.spans import SPAN, instant, span
from domain.queue.dao import Reason
from domain.queue.job import IN_FLIGHT, Status
from domain.queue.listing import Listed

Why = Annotated[str, typer.Option(metavar="TEXT", help="Why; kept in the audit.")]

KNOWN = frozenset(status.value for status in Status)

REASON_CHARACTERS = 2_000

MOST_ID = 2**63 - 1
"""No database gives a greater one, and none can be asked for it."""

PAYLOAD_CHARACTERS = 4_000
"""Shown of a payload; the whole one is in the table."""

HIDDEN = "***"
_SECRET = re.compile(r"pass|secret|token|authorization|api_?key|credential", re.IGNORECASE)


def accounted(actor: str, reason: str) -> Reason:
    """Give who and why. Raises BadParameter where there is no reason."""
    if not reason.strip():
        raise typer.BadParameter("--reason is empty: say why, it is kept in the audit")
    if len(reason) > REASON_CHARACTERS:
        raise typer.BadParameter(f"--reason has more than {REASON_CHARACTERS:,} characters")
    return Reason(actor=actor, reason=reason.strip())


def since_when(text: str, now: datetime) -> datetime:
    """Read an instant, or a span before now."""
    return now - span("--since", text) if SPAN.fullmatch(text) else instant(text)


# --- times -----------------------------------------------------------------------------------


def time_words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def time_words_or_none(at: datetime | None) -> str | None:
    return time_words(at) if at else None


def span_words(length: timedelta) -> str:
    """Write a span by its largest unit that tells enough."""
    seconds = max(int(length.total_seconds()), 0)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


# --- payloads --------------------------------------------------------------------------------


def readable_payload(text: str) -> str:
    """Set JSON out on lines, hide what is named like a secret, and cut it."""
    try:
        shown = json.dumps(_hidden(json.loads(text)), ensure_ascii=False, indent=2)
    except ValueError:  # what PHP serialised, or broken
        shown = text
    if len(shown) <= PAYLOAD_CHARACTERS:
        return shown
    return f"{shown[:PAYLOAD_CHARACTERS]}\n… {len(text):,} characters in all"


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if _SECRET.search(key) else _hidden(inner) for key, inner in value.items()
        }
    return [_hidden(inner) for inner in value] if isinstance(value, list) else value


# --- what can be done ------------------------------------------------------------------------


def next_steps(message: Listed, now: datetime, in_the_way: Sequence[str]) -> Sequence[str]:
    """Say what a message waits for, and the commands that change that."""
    steps: Mapping[str, Callable[[], Sequence[str]]] = {
        Status.NEW.value: lambda: _waiting(message, now, in_the_way),
        **dict.fromkeys((status.value for status in IN_FLIGHT), lambda: _in_flight(message)),
        Status.PROCESSED.value: lambda: [
            "nothing: it is done; to do it again, queue:enqueue a message like it"
        ],
        Status.CRASH.value: lambda: _crashed(message),
    }
    strange = ["nobody knows this status: whoever wrote it must put it right in the table"]
    return steps.get(message.status, lambda: strange)()


def _waiting(message: Listed, now: datetime, in_the_way: Sequence[str]) -> Sequence[str]:
    due = message.available_at <= now
    waits = "it is due" if due else f"it waits until {time_words(message.available_at)} UTC"
    return [
        *(in_the_way or [waits]),
        f"queue:prioritize {message.id} --priority=0 --reason=…",
        f"queue:cancel {message.id} --reason=…",
    ]


def _in_flight(message: Listed) -> Sequence[str]:
    held = f"run {message.run_id} holds it" if message.run_id else "the legacy side holds it"
    ends = f" until {time_words(message.lease_until)} UTC" if message.lease_until else ""
    return [
        f"{held}{ends}: if that is dead, the next cron:queue:process takes it back by itself",
        *([f"runs:show {message.run_id}"] if message.run_id else []),
    ]


def _crashed(message: Listed) -> Sequence[str]:
    steps = [f"queue:reset {message.id} --reason=…, once its cause is mended"]
    if message.fingerprint:
        steps += [
            f"queue:list --fingerprint={message.fingerprint}: all with this error",
            f"queue:reset --fingerprint={message.fingerprint} --reason=…: reset them all",
        ]
    return steps
