"""A new job's names, all of them made from its command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import Refused
from domain.operating.contract import CR, NAME, Contract, Owner, Priority
from domain.operating.contract_rules import next_cr

LONGEST_SUMMARY = 60
"""The list of commands shows it on one line."""

_LONGEST_SCHEDULE_ID = 52
_SPOKEN = re.compile(r"[A-Z][\w ,.'&/+-]*")


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """One job to be: its command, its change, and whom it concerns."""

    command: str
    cr: str
    owner: Owner
    priority: Priority
    summary: str

    @property
    def module(self) -> str:
        """Name its files: ``cron:labels:sync`` is ``labels_sync``."""
        return re.sub("[:-]", "_", self.command.removeprefix("cron:"))

    @property
    def name(self) -> str:
        """Name its class: ``cron:labels:sync`` is ``LabelsSync``."""
        return "".join(map(str.capitalize, self.module.split("_")))

    @property
    def lock(self) -> str:
        return self.command.replace(":", ".")

    @property
    def schedule_id(self) -> str:
        spelled = f"{self.cr}-{self.module}".lower().replace("_", "-")
        return spelled[:_LONGEST_SCHEDULE_ID].rstrip("-")


def check(plan: JobPlan, contracts: Iterable[Contract]) -> None:
    """Raise Refused where the plan is none, or stands in the way of a job that is there."""
    known = list(contracts)
    if not NAME.fullmatch(plan.command):
        raise Refused(f"{plan.command} is no job's name: write cron:GROUP:VERB in small letters")
    if not CR.fullmatch(plan.cr):
        raise Refused(f"{plan.cr} is no CR: write CR-015")
    if not _SPOKEN.fullmatch(plan.summary) or len(plan.summary) > LONGEST_SUMMARY:
        raise Refused(
            f"--summary: write one line without quotes that begins with a capital letter, at most"
            f" {LONGEST_SUMMARY} characters"
        )
    for contract in known:
        if contract.name == plan.command:
            raise Refused(f"{plan.command} is there already: bin/console contract:show {plan.cr}")
        if plan.cr in contract.covers:
            raise Refused(f"{plan.cr} is {contract.name} already: the next one is {_next(known)}")
    if plan.cr != _next(known):
        raise Refused(f"{plan.cr} leaves a gap: the next one is {_next(known)}")


def _next(contracts: Iterable[Contract]) -> str:
    return next_cr(max(number for contract in contracts for number in contract.covers))
