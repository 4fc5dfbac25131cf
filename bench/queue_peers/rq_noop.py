"""What RQ's workers import."""

from __future__ import annotations

from marks import mark


def noop(sent: float, _payload: object) -> None:
    mark(sent)
