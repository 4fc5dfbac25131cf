"""CR-003: remind customers before the licence of their shop ends."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.base import CronCommand
from domain.errors import StoreUnavailable
from domain.jobs.license_reminders.offsets import offsets_of
from domain.jobs.license_reminders.request import ReminderRequest
from domain.mail.failures import MailServerAway
from domain.operating.contract import (
    CatchUp,
    Contract,
    Idempotency,
    IdempotencyKind,
    Overlap,
    Owner,
    Priority,
    Retry,
)
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary

if TYPE_CHECKING:  # the service loads in the job's own process
    from domain.jobs.license_reminders.service import LicenseReminders

Offsets = Annotated[
    str | None,
    typer.Option("--offsets", metavar="DAYS", help="Days before the end, like 14,7,1."),
]
AsOf = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="The day that counts as today."),
]
Exact = Annotated[
    bool,
    typer.Option("--exact", help="Only on the very day of an offset; what was missed stays so."),
]


_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


class CustomersNotifyLicenseExpiration(CronCommand[ReminderRequest]):
    """Sends each reminder once; a day that was missed is made good by the next run."""

    contract = Contract(
        name="cron:customers:notify-license-expiration",
        covers=("CR-003",),
        summary="Remind customers 14, 7 and 1 days before a licence ends",
        lock="cron.customers.license-expiry",
        timeout=timedelta(minutes=30),
        grace=timedelta(minutes=1),
        overlap=Overlap.skip(starved_after=2),
        retry=Retry.thrice(on=(StoreUnavailable, MailServerAway)),
        idempotency=Idempotency(
            kind=IdempotencyKind.CHECKPOINTED,
            by="license_notification",
            note="one mail per licence, expiry date and offset",
        ),
        catch_up=CatchUp.last(),
        destructive=False,
        accountable=(Owner.WEBSHOP,),
        responsible=Owner.SHARED_OPS,
        consulted=(Owner.MARKETING_CRM,),
        priority=Priority.MEDIUM,
        expected_min_items=0,
    )
    examples = (
        "bin/console cron:customers:notify-license-expiration",
        "bin/console cron:customers:notify-license-expiration --dry-run",
        "bin/console cron:customers:notify-license-expiration --offsets=30,14,7,1",
        "bin/console cron:customers:notify-license-expiration --date=2026-11-21 --exact",
    )

    def __init__(self, reminders: LicenseReminders) -> None:
        self._reminders = reminders

    @staticmethod
    def request(
        *, offsets: Offsets = None, date: AsOf = None, exact: Exact = False
    ) -> ReminderRequest:
        return ReminderRequest(
            offsets=_offsets(offsets) if offsets is not None else None,
            date=_day(date) if date is not None else None,
            exact=exact,
        )

    def handle(self, request: ReminderRequest, run: ActiveRun, /) -> Summary:
        return self._reminders(request, run)


def _offsets(text: str) -> tuple[int, ...]:
    try:
        return offsets_of(text)
    except ValueError as error:
        raise typer.BadParameter(f"--offsets: {error}") from error


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--date {text}: write YYYY-MM-DD") from error
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise typer.BadParameter(f"--date {text}: write a day from {_FIRST_DAY} to {_LAST_DAY}")
    return day
