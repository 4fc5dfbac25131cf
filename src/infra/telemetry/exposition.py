"""Prometheus' text format 0.0.4, written by hand: importing its library costs a run 50 ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from infra.telemetry.families import FAMILIES, Sample
from infra.telemetry.snapshot import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def exposition(snapshots: Sequence[Snapshot]) -> str:
    """Write the snapshots' series, each family once with its help and type."""
    lines = []
    for family in FAMILIES:
        found = [
            _line(family.name, snapshot, sample)
            for snapshot in snapshots
            for sample in family.samples(snapshot)
        ]
        if found:
            head = (
                f"# HELP {family.name} {family.text}",
                f"# TYPE {family.name} {family.kind}",
            )
            lines += [*head, *found]
    return "".join(f"{line}\n" for line in lines)


def _line(name: str, snapshot: Snapshot, sample: Sample) -> str:
    suffix, own, value = sample
    group = {"cron_job": snapshot.state.job, "trigger": snapshot.state.trigger}
    return f"{name}{suffix}{{{_labels({**group, **own})}}} {_number(value)}"


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())


def _number(value: float) -> str:
    if value == inf:
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
