"""What contract:lint looks at, and what it says: rules, findings, the installation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from domain.operating.contract import Contract

ERROR, WARNING = "error", "warning"


class Cadence(Protocol):
    """A declared schedule as the rules need it."""

    @property
    def schedule_id(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def arguments(self) -> Sequence[str]: ...
    @property
    def shortest_period(self) -> timedelta: ...


class Consumed(Protocol):
    """A declared message type as the rules need it."""

    @property
    def name(self) -> str: ...
    @property
    def legacy(self) -> Sequence[str]: ...
    @property
    def idempotency(self) -> str: ...
    @property
    def limit(self) -> timedelta: ...


@dataclass(frozen=True, kw_only=True)
class Built:
    """A command that can be started: its request's fields, and why it refuses arguments ("").

    ``request`` gives what the arguments ask for, None where they are refused.
    """

    request_fields: Collection[str]
    refusal: Callable[[Sequence[str]], str]
    request: Callable[[Sequence[str]], object]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place in a file, and what stands there."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, kw_only=True)
class Installation:
    """All that is declared, put together by whoever can read it.

    ``built`` are the jobs that can be started, ``runbooks`` the CRs that have one, ``advisory``
    names the lock store where that is one that only advises, ``channels`` are faults of the way
    from owners to channels, ``literals`` credentials in files, ``manifests`` the schedules that
    rendered files name, ``queues`` those declared, ``longest`` what a message may be in flight.
    """

    contracts: Sequence[Contract]
    cadences: Sequence[Cadence] = ()
    built: Mapping[str, Built] = field(default_factory=dict)
    runbooks: Collection[str] = ()
    advisory: str = ""
    channels: Sequence[str] = ()
    literals: Sequence[Spot] = ()
    manifests: Sequence[Spot] = ()
    queues: Collection[str] = ()
    messages: Sequence[Consumed] = ()
    longest: timedelta = timedelta.max


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One broken rule: an error fails the check, a warning is only said.

    ``subject`` is a contract, a schedule, a CR or a file; ``file`` and ``line`` are where it is
    put right, "" and 0 where the subject itself says so.
    """

    rule: str
    level: str
    subject: str
    message: str
    file: str = ""
    line: int = 0


Fault = tuple[str, str]
"""A subject and what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must hold, why, and what to do where it does not."""

    id: str
    holds: str
    why: str
    remedy: str
    find: Callable[[Installation], Iterable[Finding | Fault]]

    def findings(self, installation: Installation) -> Iterable[Finding]:
        """Give what breaks the rule; a bare fault is an error."""
        for found in self.find(installation):
            if isinstance(found, Finding):
                yield found
            else:
                subject, message = found
                yield Finding(rule=self.id, level=ERROR, subject=subject, message=message)


def of_each(check: Callable[[Contract], str]) -> Callable[[Installation], Iterable[Fault]]:
    """Make a check of one contract, which gives its fault or "", one of them all."""

    def find(installation: Installation) -> Iterable[Fault]:
        faults = ((contract.name, check(contract)) for contract in installation.contracts)
        return (fault for fault in faults if fault[1])

    return find
