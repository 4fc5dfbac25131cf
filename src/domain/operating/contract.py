"""What a command declares before it may run: one frozen contract, no defaults."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self

from domain.errors import ConfigurationInvalid, Retryable

NAME = re.compile(r"cron:[a-z]+:[a-z]+(-[a-z]+)*")
CR = re.compile(r"CR-\d{3}")


class Owner(StrEnum):
    """Teams of the shop, in the words of its operating model."""

    SHARED_OPS = "Shared Ops"
    WEBSHOP = "Webshop"
    WEBSHOP_ADMIN = "Webshop Admin"
    STOCK_IMPORT = "Stock Import"
    PLATFORM_EXPORT = "Platform Export"
    VEHICLE_DATA = "Vehicle Data"
    ERP_MIDDLEWARE = "ERP Middleware"
    MARKETING_CRM = "Marketing/CRM"
    ALL_ISLANDS = "All islands"


class Priority(StrEnum):
    """How much a failed firing hurts: H pages at the first, M and L at the second in a row."""

    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often and how patiently the parent starts the job again.

    The wait before attempt n+1 is drawn evenly from 0 to ``min(cap, base * factor**(n-1))``.
    """

    attempts: int
    base: timedelta
    factor: float
    cap: timedelta
    on: tuple[type[Retryable], ...]

    @classmethod
    def thrice(cls, *, on: tuple[type[Retryable], ...]) -> Self:
        """Three attempts, at most 20 and 40 s apart: outlasts a restart, and costs no slot."""
        return cls(
            attempts=3, base=timedelta(seconds=20), factor=2, cap=timedelta(seconds=120), on=on
        )

    @classmethod
    def never(cls) -> Self:
        """One attempt; whatever fails, fails the run."""
        return cls(attempts=1, base=timedelta(0), factor=1, cap=timedelta(0), on=())

    def ceiling(self, attempt: int) -> timedelta:
        """The longest wait after the given attempt, counted from 1."""
        return min(self.cap, self.base * self.factor ** (attempt - 1))

    def __str__(self) -> str:
        if self.attempts == 1:
            return "1 attempt"
        return f"{self.attempts} attempts, up to {self.cap.total_seconds():g} s apart"


class IdempotencyKind(StrEnum):
    """Why running the same firing twice is harmless, or that it is not."""

    NATURAL = "natural"
    KEYED = "keyed"
    CHECKPOINTED = "checkpointed"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Idempotency:
    """The kind, what it rests on (a key, a ledger, a reason) and a note for the operator."""

    kind: IdempotencyKind
    by: str
    note: str


class CatchUpKind(StrEnum):
    """What happens to firings that nobody started in time."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class CatchUp:
    """Run none of the late firings, the newest one, or the newest ``most``."""

    kind: CatchUpKind
    most: int

    @classmethod
    def none(cls) -> Self:
        return cls(kind=CatchUpKind.NONE, most=0)

    @classmethod
    def last(cls) -> Self:
        return cls(kind=CatchUpKind.LAST, most=1)

    @classmethod
    def all(cls, most: int) -> Self:
        return cls(kind=CatchUpKind.ALL, most=most)


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What a start does while another run holds the lock: wait up to ``wait``, then skip.

    ``starved_after`` skips in a row the run ends ``starved`` (exit 5) instead of skipped.
    """

    wait: timedelta
    starved_after: int

    @classmethod
    def skip(cls, *, starved_after: int) -> Self:
        return cls(wait=timedelta(0), starved_after=starved_after)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """All that the runtime must know of a command; a field left out fails at import.

    ``lock`` is a template filled from the request: ``cron.suppliers.import.{scope}``. Several of
    them, with blanks between, are taken together; the first names the run.
    ``timeout`` covers all attempts and waits; ``grace`` is the time to leave after it.
    ``expected_min_items`` is the least number of items that a healthy run handles.
    """

    name: str
    covers: tuple[str, ...]
    summary: str
    lock: str
    timeout: timedelta
    grace: timedelta
    overlap: Overlap
    retry: Retry
    idempotency: Idempotency
    catch_up: CatchUp
    destructive: bool
    accountable: tuple[Owner, ...]
    responsible: Owner
    consulted: tuple[Owner, ...]
    priority: Priority
    expected_min_items: int

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise ConfigurationInvalid(f"contract of {self.name}: " + "; ".join(faults))

    def _faults(self) -> list[str]:
        checks = {
            "name is not cron:group:verb": not NAME.fullmatch(self.name),
            "covers no CR": not self.covers or not all(map(CR.fullmatch, self.covers)),
            "summary is empty": not self.summary.strip(),
            "lock is empty": not self.lock.strip(),
            "timeout is not above zero": self.timeout <= timedelta(0),
            "grace is not above zero": self.grace <= timedelta(0),
            "retry has no attempt": self.retry.attempts < 1,
            "several attempts but no error class to retry": (
                self.retry.attempts > 1 and not self.retry.on
            ),
            "idempotency none forces one attempt": (
                self.idempotency.kind is IdempotencyKind.NONE and self.retry.attempts > 1
            ),
            "idempotency needs its key, ledger or reason and a note": not (
                self.idempotency.by.strip() and self.idempotency.note.strip()
            ),
            "no accountable owner": not self.accountable,
            "starved_after is below 1": self.overlap.starved_after < 1,
        }
        return [fault for fault, broken in checks.items() if broken]

    @property
    def budget(self) -> timedelta:
        """Timeout and grace: the longest a run may take, all attempts and waits included."""
        return self.timeout + self.grace

    def lock_keys(self, request: object) -> tuple[str, ...]:
        """Fill the lock's templates from the request's attributes."""
        fields = [name for _, name, _, _ in string.Formatter().parse(self.lock) if name]
        values = {name: getattr(request, name) for name in fields}
        return tuple(template.format(**values) for template in self.lock.split())
