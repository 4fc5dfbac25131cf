"""One export to a marketplace's API: only what changed, in batches, within a share of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from domain.errors import JobError
from domain.jobs.stock_export.changes import Change, Plan, compare
from domain.jobs.stock_export.failures import MarketBusy
from domain.jobs.stock_export.offers import Sent
from domain.jobs.stock_export.plausibility import judge
from domain.jobs.stock_export.ports import (
    Entry,
    Market,
    Markets,
    SentBook,
    Status,
    StockTable,
    Told,
)
from domain.jobs.stock_export.request import ExportRequest
from domain.jobs.stock_export.setting import ExportSetting
from domain.operating.ports import ActiveRun, Clock, Entropy
from domain.operating.run import Unit, UnitResult
from domain.platforms.patience import Patience
from domain.platforms.ports import BudgetSpent
from domain.transfers.failures import PartnerRefused, TransferBroken

RESERVE = timedelta(seconds=20)
"""Of the run's time, to end in order."""

_NO_FAULT = (BudgetSpent, MarketBusy)
"""What is left goes with the next run, and nobody need be told."""

_LONGEST_REFUSAL = 255


@dataclass(frozen=True, kw_only=True)
class MarketDesk:
    """All that a marketplace's turn needs."""

    stock: StockTable
    markets: Markets
    book: SentBook
    clock: Clock
    entropy: Entropy


class MarketExport:
    """Compares the stock with what the marketplace accepted last, and tells it the difference."""

    def __init__(self, desk: MarketDesk) -> None:
        self._desk = desk

    def __call__(self, setting: ExportSetting, request: ExportRequest, run: ActiveRun) -> Unit:
        place, desk = setting.marketplace, self._desk
        if place is None:  # pragma: no cover - no setting without a target is stored
            raise AssertionError(setting.label)
        if request.skip_generation:
            said = "a marketplace is told changes: there is no file to deliver again"
            return Unit(name=setting.label, result=UnitResult.SKIPPED, message=said)
        desk.markets.verify(place)  # before anything is read
        budget = min(place.budget, run.remaining - RESERVE)
        patience = Patience(desk.clock, desk.entropy, budget, run.checkpoint)
        market = desk.markets.open(place, patience, run)
        try:
            turn = _Turn(desk, setting, market, run)
            return turn.taken(request, patience, market.room(budget))
        finally:
            market.close()


class _Turn:
    """One export's turn at its marketplace."""

    def __init__(
        self, desk: MarketDesk, setting: ExportSetting, market: Market, run: ActiveRun
    ) -> None:
        self._desk, self._setting, self._market, self._run = desk, setting, market, run
        self._sent = self._refused = 0
        self._place = desk.book.place(setting.export_id)

    def taken(self, request: ExportRequest, patience: Patience, room: int) -> Unit:
        plan = self._planned(room)
        judge(self._setting, plan.articles, plan.known, request, self._run)
        if not plan.changes:
            said = f"{plan.articles:,} articles, none has changed"
            return Unit(name=self._setting.label, result=UnitResult.UNCHANGED, message=said)
        if self._run.dry_run:
            return self._unit(plan, f"{plan.changes:,} changes would be sent")
        stopped = self._told(plan, patience)
        self._enter(plan, stopped)
        if stopped and not isinstance(stopped, _NO_FAULT):
            raise type(stopped)(f"{self._said(plan)}; {stopped}") from stopped
        return self._unit(plan, f"{self._said(plan)}{f'; {stopped}' if stopped else ''}")

    def _planned(self, room: int) -> Plan:
        number, desk = self._setting.export_id, self._desk
        plan = Plan(room=room, after=self._place)
        with (
            self._run.stage("compare"),
            desk.stock.offers(self._setting) as offers,
            desk.book.sent(number) as sent,
        ):
            compare(offers, sent, self._market.wording, plan)
        self._run.checkpoint("compared")
        return plan

    # --- tell -----------------------------------------------------------------------------------

    def _told(self, plan: Plan, patience: Patience) -> JobError | None:
        """Send batch by batch; gives what ended it before its end, if anything did."""
        todo = plan.to_send
        with self._run.stage("send"):
            for batch in _batches(todo, self._market.most_articles):
                try:
                    self._batch(batch, patience)
                except (BudgetSpent, TransferBroken, PartnerRefused) as error:
                    return error
                self._run.progress("articles sent", self._sent, len(todo))
        return None

    def _batch(self, batch: Sequence[Change], patience: Patience) -> None:
        """Send one; where some are refused, none of it was taken, and the others go again."""
        refusals = self._sent_once(batch, patience)
        if refusals:
            refused = [it for place, it in enumerate(batch) if place in refusals]
            self._note(refused, [refusals[place] for place in sorted(refusals)])
            batch = [it for place, it in enumerate(batch) if place not in refusals]
            if batch:
                self._batch(batch, patience)
            return
        self._note(batch, [""] * len(batch))
        self._sent += len(batch)
        self._place = batch[-1].article

    def _sent_once(self, batch: Sequence[Change], patience: Patience) -> Mapping[int, str]:
        self._run.checkpoint("batch")
        said = [it.said for it in batch]
        refusals = patience.persist(partial(self._market.send, said))
        self._run.checkpoint("accepted")
        return refusals

    def _note(self, batch: Sequence[Change], refusals: Sequence[str]) -> None:
        """Keep what was told: a run that dies sends no more than one batch again."""
        told = [
            Sent(article=it.article, said=it.said, refusal=why[:_LONGEST_REFUSAL])
            for it, why in zip(batch, refusals, strict=True)
        ]
        self._desk.book.note(self._setting.export_id, told, self._desk.clock.now(), self._run)
        self._refused += sum(bool(why) for why in refusals)
        self._run.checkpoint("noted")

    # --- say ------------------------------------------------------------------------------------

    def _enter(self, plan: Plan, stopped: JobError | None) -> None:
        told = Told(
            articles=plan.articles,
            sent=self._sent,
            remaining=self._remaining(plan),
            place=self._place,
        )
        broken = stopped is not None and not isinstance(stopped, _NO_FAULT)
        entry = Entry(
            export_id=self._setting.export_id,
            status=Status.FAILED if broken else Status.DELIVERED,
            at=self._desk.clock.now(),
            error=str(stopped or ""),
            told=told,
        )
        self._desk.book.enter(entry, self._run)

    def _remaining(self, plan: Plan) -> int:
        return plan.changes - self._sent - self._refused

    def _said(self, plan: Plan) -> str:
        said = f"{self._sent:,} of {plan.changes:,} changes accepted"
        return f"{said}, the next run goes on" if self._remaining(plan) else said

    def _unit(self, plan: Plan, message: str) -> Unit:
        counts = {
            "articles": plan.articles,
            "sent": self._sent,
            "refused": self._refused,
            "remaining": self._remaining(plan),
        }
        done = self._sent or self._refused or self._run.dry_run
        return Unit(
            name=self._setting.label,
            result=UnitResult.DONE if done else UnitResult.SKIPPED,
            message=message,
            counts=counts,
        )


def _batches(changes: Sequence[Change], size: int) -> Iterator[Sequence[Change]]:
    for start in range(0, len(changes), size):
        yield changes[start : start + size]
