"""alert:test and alert:flush: prove the ways to the owners, and send what waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

import typer

from commands.ops.jobs import Contracts
from commands.result import Table, Text
from domain.operating.contract import Contract
from domain.operating.incidents import Addressee, Kind, audience
from domain.operating.notices import Courier, Incident, Letter, Notice
from domain.operating.ports import Clock, Entropy
from domain.operating.run import ExitCode

Row = tuple[str, str, str, str, str]


class AlertTest:
    """Sends a test by every channel of a job's owners; fails where one of them hears nothing."""

    examples: ClassVar[tuple[str, ...]] = (
        "bin/console alert:test CR-008",
        "bin/console alert:test cron:suppliers:import-stock --format=json",
    )

    def __init__(
        self,
        contracts: Contracts,
        courier: Callable[[], Courier],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._contracts, self._courier = contracts, courier
        self._clock, self._entropy = clock, entropy

    def __call__(
        self, command: Annotated[str, typer.Argument(help="The job, or a CR it covers.")]
    ) -> Table:
        contract = self._contract(command)
        rows, deaf = [], []
        for addressee in audience(Kind.PAGE, contract):
            reached, told = self._tried(addressee, contract)
            rows += told
            deaf += [] if reached else [f"{addressee.owner} cannot be reached"]
        return Table(
            title=f"{contract.name} ({', '.join(contract.covers)})",
            columns=("owner", "text", "channel", "state", "receipt"),
            rows=rows,
            notes=deaf,
            exit_code=ExitCode.UNAVAILABLE if deaf else ExitCode.OK,
        )

    def _contract(self, command: str) -> Contract:
        for contract in self._contracts.values():
            if command in (contract.name, *contract.covers):
                return contract
        raise typer.BadParameter(f"{command} is no job; bin/console jobs:list shows them")

    def _tried(self, addressee: Addressee, contract: Contract) -> tuple[bool, list[Row]]:
        """Try each channel of an owner, in a time of their own."""
        letter = self._letter(addressee, contract)
        receipts = self._courier().try_every_channel(letter)
        head = addressee.owner.value, addressee.part.value
        rows = [
            (*head, receipt.channel, "ok" if receipt.accepted else "failed", receipt.answer)
            for receipt in receipts
        ]
        none = (*head, "(none)", "failed", "no channel; see config/alerts.toml")
        return any(receipt.accepted for receipt in receipts), rows or [none]

    def _letter(self, addressee: Addressee, contract: Contract) -> Letter:
        now = self._clock.now()
        notice = Notice(
            notice_id=self._entropy.uuid7(),
            incident_id="",
            owner=addressee.owner,
            kind=Kind.TEST,
            part=addressee.part,
            number=0,
            created_at=now,
        )
        incident = Incident(
            incident_id="",
            command=contract.name,
            scope="",
            fingerprint="test",
            title="a test of the ways to the owners; nothing has failed",
            outcome="",
            severity=Kind.PAGE,
            opened_at=now,
            last_at=now,
            failures=0,
            run_id="",
            last_run_id="",
        )
        return Letter(notice=notice, incident=incident, contract=contract, now=now)


class AlertFlush:
    """Sends all that waits in the outbox now, what had no channel too."""

    examples: ClassVar[tuple[str, ...]] = ("bin/console alert:flush",)

    def __init__(self, flush: Callable[[], tuple[int, int]]) -> None:
        self._flush = flush

    def __call__(self) -> Text:
        waiting, sent = self._flush()
        return Text(
            text=f"{sent} of {waiting} notices sent",
            data={"waiting": waiting, "sent": sent},
            exit_code=ExitCode.OK if sent == waiting else ExitCode.UNAVAILABLE,
        )
