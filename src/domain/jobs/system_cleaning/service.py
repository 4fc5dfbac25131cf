"""CR-011: each operation deletes what is older than its window and tells what it did.

Source: ``_shopupdating/cronjobs/atx/system/cleanData.php``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from domain.cleaning.allowance import Allowance, ask
from domain.cleaning.stretches import Deletion, OldRows, survey
from domain.errors import ConfigurationInvalid, LockLost, StoreUnavailable
from domain.jobs.system_cleaning.ports import Account, Accounts, Ended, Window
from domain.jobs.system_cleaning.request import SystemRequest
from domain.operating.ports import ActiveRun
from domain.operating.run import Summary, Unit, UnitResult
from domain.operating.units import guarded


@dataclass(frozen=True, kw_only=True)
class CacheRetention:
    """How long an operation's rows are of use, and how many may go unasked."""

    keep: timedelta
    allowance: Allowance

    def __post_init__(self) -> None:
        if self.keep <= timedelta(0):
            raise ConfigurationInvalid("a window of nothing would empty a cache that is in use")


class SystemCleaning:
    """Goes through the operations one after another; one that fails stops no other."""

    def __init__(self, accounts: Accounts, retentions: Mapping[str, CacheRetention]) -> None:
        self._accounts, self._retentions = accounts, retentions

    def __call__(self, request: SystemRequest, run: ActiveRun) -> Summary:
        """Do every operation asked for (CR-011)."""
        units = tuple(
            guarded(name, partial(self._unit, name, request, run), run)
            for name in request.operations
        )
        items = {
            name: sum(unit.counts.get(name, 0) for unit in units)
            for name in ("deleted", "remaining")
        }
        notes = ("dry run: nothing was written",) if run.dry_run else ()
        return Summary(units=units, items=items, notes=notes)

    def _unit(self, name: str, request: SystemRequest, run: ActiveRun) -> Unit:
        cutoff = self._accounts.now() - self._retentions[name].keep
        if run.dry_run:
            window = Window(oldest=self._accounts.oldest(name), cutoff=cutoff)
            return _told(name, window, self._work(name, window, request, run))
        self._accounts.begin(name, cutoff, run)
        with self._failure_told(name, run):
            window = Window(oldest=self._accounts.oldest(name), cutoff=cutoff)
            account = self._work(name, window, request, run)
        self._accounts.end(name, account, window.oldest, run)
        return _told(name, window, account)

    @contextmanager
    def _failure_told(self, name: str, run: ActiveRun) -> Iterator[None]:
        """A lost lock or database cannot be told: the next run finds the account open."""
        try:
            yield
        except (LockLost, StoreUnavailable):
            raise
        except Exception as error:
            account = Account(ended=Ended.FAILED, error=str(error))
            self._accounts.end(name, account, None, run)
            raise

    def _work(self, name: str, window: Window, request: SystemRequest, run: ActiveRun) -> Account:
        rows: OldRows[str] = self._accounts.rows(name, window.cutoff)
        with run.stage("survey"):
            found = survey(rows, run, lambda _going, _staying: False)  # all of it is accounted for
        ask(self._retentions[name].allowance.fault(found.going, found.stay), request, run)
        if run.dry_run:
            return Account(ended=Ended.DONE, deleted=found.going, kept=found.stay)
        deletion = Deletion(rows, run, name)
        with run.stage("delete"):
            deletion.work(found.stretches, found.going)
        remaining = deletion.remaining(found)
        return Account(
            ended=Ended.UNFINISHED if remaining else Ended.DONE,
            deleted=deletion.deleted.total(),
            remaining=remaining,
            kept=found.stay,
            notes=deletion.notes,
        )


def _told(name: str, window: Window, account: Account) -> Unit:
    counts = {
        "candidates": account.deleted + account.remaining,
        "deleted": account.deleted,
        "kept": account.kept,
        "remaining": account.remaining,
    }
    return Unit(
        name=name,
        result=UnitResult.DONE if account.deleted else UnitResult.UNCHANGED,
        message="; ".join((_span(window), *account.notes)),
        counts=counts,
    )


def _span(window: Window) -> str:
    cutoff = f"{window.cutoff:%Y-%m-%d %H:%M} UTC"
    if window.oldest is None or window.oldest >= window.cutoff:
        return f"nothing is from before {cutoff}"
    return f"{window.oldest:%Y-%m-%d %H:%M} to {cutoff}"
