"""Every metric of a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from infra.telemetry.families import Family, Sample
from infra.telemetry.queue_state import FOREIGN_MOVES, STALE_RESTARTS, STALE_SETTLES, QueueState


def _by(
    label: str, name: str, kind: str, text: str, read: Callable[[QueueState], Mapping[str, float]]
) -> Family[QueueState]:
    def samples(state: QueueState) -> Iterator[Sample]:
        for word, value in sorted(read(state).items()):
            yield "", {label: word}, value

    return Family(name, kind, text, samples, (label,))


def _counted(name: str, text: str, counter: str) -> Family[QueueState]:
    def samples(state: QueueState) -> Iterator[Sample]:
        yield "", {}, state.count(counter)

    return Family(name, "counter", text, samples)


def _strange(state: QueueState) -> Iterator[Sample]:
    yield "", {}, state.strange


QUEUE_FAMILIES: tuple[Family[QueueState], ...] = (
    _by(
        "status",
        "cron_queue_items",
        "gauge",
        "Messages; those processed by the counters",
        lambda state: state.all_items,
    ),
    _by(
        "status",
        "cron_queue_oldest_timestamp_seconds",
        "gauge",
        "Since when the oldest message has its status, for NEW could be taken; no series: none",
        lambda state: state.oldest,
    ),
    _by(
        "to",
        "cron_queue_transitions_total",
        "counter",
        "Messages that the processor moved to a status",
        lambda state: state.transitions,
    ),
    _counted(
        "cron_queue_stale_restarts_total",
        "Messages taken from holders that nobody heard of any more",
        STALE_RESTARTS,
    ),
    _counted(
        "cron_queue_stale_settles_total",
        "Settlements refused, since the message was somebody else's by then",
        STALE_SETTLES,
    ),
    _counted(
        "cron_queue_foreign_moves_total",
        "Messages whose status was moved without their claim number",
        FOREIGN_MOVES,
    ),
    Family(
        "cron_queue_unknown_status", "gauge", "Messages with a status that nobody knows", _strange
    ),
    _by(
        "type",
        "cron_queue_paused_until_timestamp_seconds",
        "gauge",
        "End of a pause of the queue (type empty) or of a type; +Inf: until lifted",
        lambda state: state.paused_until,
    ),
)
