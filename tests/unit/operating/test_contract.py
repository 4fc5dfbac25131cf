"""A contract is whole or it is not a contract."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import ConfigurationInvalid
from domain.operating.contract import (
    CatchUp,
    CatchUpKind,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Retry,
)
from fakes.operating import CONTRACT, FeedAway

FIELDS = [field.name for field in fields(Contract)]
COMPLETE: dict[str, Any] = {name: getattr(CONTRACT, name) for name in FIELDS}

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"name": "suppliers:import"}, "name is not cron:group:verb"),
    ({"name": "cron:Suppliers:import"}, "name is not cron:group:verb"),
    ({"covers": ()}, "covers no CR"),
    ({"covers": ("CR-10",)}, "covers no CR"),
    ({"summary": "  "}, "summary is empty"),
    ({"lock": ""}, "lock is empty"),
    ({"timeout": timedelta(0)}, "timeout is not above zero"),
    ({"grace": timedelta(seconds=-1)}, "grace is not above zero"),
    ({"retry": replace(CONTRACT.retry, attempts=0)}, "retry has no attempt"),
    ({"retry": replace(CONTRACT.retry, on=())}, "several attempts but no error class"),
    ({"accountable": ()}, "no accountable owner"),
    ({"overlap": Overlap.skip(starved_after=0)}, "starved_after is below 1"),
    (
        {"idempotency": Idempotency(kind=IdempotencyKind.KEYED, by="", note="once")},
        "idempotency needs its key",
    ),
    (
        {"idempotency": Idempotency(kind=IdempotencyKind.KEYED, by="digest", note=" ")},
        "idempotency needs its key",
    ),
    (
        {"idempotency": Idempotency(kind=IdempotencyKind.NONE, by="mails", note="twice is twice")},
        "idempotency none forces one attempt",
    ),
]


@dataclass(frozen=True)
class OneSupplier:
    scope: str = "supplier.23"
    supplier: int = 23


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_has_a_default(name: str) -> None:
    incomplete = {key: value for key, value in COMPLETE.items() if key != name}

    with pytest.raises(TypeError, match=name):
        Contract(**incomplete)


@pytest.mark.parametrize(("change", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_a_fault_is_refused_by_the_name_of_its_contract(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=f"contract of .*{fault}"):
        replace(CONTRACT, **change)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(ConfigurationInvalid) as refused:
        replace(CONTRACT, summary="", covers=(), accountable=())

    for fault in ("summary is empty", "covers no CR", "no accountable owner"):
        assert fault in str(refused.value)


def test_a_job_that_is_not_idempotent_may_have_its_one_attempt() -> None:
    once = Idempotency(kind=IdempotencyKind.NONE, by="a mail", note="sent twice is seen twice")

    assert replace(CONTRACT, idempotency=once, retry=Retry.never()).retry.attempts == 1


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        ("cron.suppliers.import.{scope}", ("cron.suppliers.import.supplier.23",)),
        ("cron.suppliers.{supplier}", ("cron.suppliers.23",)),
        ("cron.stock.export", ("cron.stock.export",)),
        ("cron.stock.{supplier} cron.export", ("cron.stock.23", "cron.export")),
    ],
)
def test_the_lock_is_filled_from_the_request(template: str, keys: tuple[str, ...]) -> None:
    assert replace(CONTRACT, lock=template).lock_keys(OneSupplier()) == keys


def test_a_lock_that_names_what_the_request_lacks_fails() -> None:
    with pytest.raises(AttributeError, match="queue"):
        replace(CONTRACT, lock="cron.queue.{queue}").lock_keys(OneSupplier())


def test_the_budget_is_timeout_and_grace() -> None:
    assert CONTRACT.budget == timedelta(minutes=10, seconds=30)


def test_waits_grow_up_to_the_cap() -> None:
    retry = Retry(
        attempts=5,
        base=timedelta(seconds=20),
        factor=2,
        cap=timedelta(seconds=70),
        on=(FeedAway,),
    )

    assert [retry.ceiling(number).total_seconds() for number in (1, 2, 3, 4)] == [20, 40, 70, 70]


def test_a_retry_says_how_patient_it_is() -> None:
    assert str(CONTRACT.retry) == "3 attempts, up to 30 s apart"
    assert str(Retry.never()) == "1 attempt"


def test_catching_up_none_last_or_the_newest_few() -> None:
    assert (CatchUp.none().kind, CatchUp.none().most) == (CatchUpKind.NONE, 0)
    assert (CatchUp.last().kind, CatchUp.last().most) == (CatchUpKind.LAST, 1)
    assert (CatchUp.all(4).kind, CatchUp.all(4).most) == (CatchUpKind.ALL, 4)


def test_a_contract_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        CONTRACT.lock = "another"  # type: ignore[misc]  # that it is refused is the point
