"""The third stage: Vehicle Data reads what is about to change, once for a snapshot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from domain.jobs.vehicle_sync.ports import Hand, Report, ReportWords, Snapshots
from domain.jobs.vehicle_sync.reporting import report_of
from domain.jobs.vehicle_sync.stages import Snapshot, Stage
from domain.mail.failures import (
    MailDeferred,
    MailServerAway,
    MailServerRefused,
    RecipientRefused,
)
from domain.mail.ports import Attachment, Mail, Mailer
from domain.operating.events import Event
from domain.operating.ports import ActiveRun

_NOT_TAKEN = (MailServerAway, MailServerRefused, MailDeferred, RecipientRefused)


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Who is told how; ``first`` and ``most``: how many differences mail and table name."""

    mailer: Mailer
    words: ReportWords
    to: str
    first: int
    most: int

    def __call__(
        self, book: Snapshots, snapshot: Snapshot, warnings: Sequence[str], run: ActiveRun
    ) -> str:
        """Mail the report unless that was done; gives the receipt, or why none is mailed."""
        number = snapshot.number
        if not book.differences(number).total:
            said = "no differences to report"
        elif (hand := book.hand(number)) is not Hand.NONE:
            said = _told_before(number, hand, run)
        else:
            report = report_of(book, number, run.run_id, warnings, (self.first, self.most))
            run.checkpoint("written")
            return self._mailed(book, number, self._mail(snapshot, report))
        book.finished(number, Stage.EMAIL, said)
        return said

    def _mailed(self, book: Snapshots, number: int, mail: Mail) -> str:
        """Note it just before: what a kill leaves open is as short as the server's answer."""
        with self.mailer.session() as session:
            book.sending(number, self.mailer.message_id(mail.key))
            try:
                receipt = session.send(mail)
            except _NOT_TAKEN:
                book.unsent(number)
                raise
        book.sent(number, receipt)
        return receipt

    def _mail(self, snapshot: Snapshot, report: Report) -> Mail:
        words = self.words.write(report)
        name = f"vehicle-differences-{snapshot.number}.csv"
        table = Attachment(name=name, media="text/csv", content=_csv(report.table))
        return Mail(
            key=f"vehicle-report-{snapshot.run_id}-{snapshot.number}",
            to=self.to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            attachments=(table,) if report.table else (),
        )


def _told_before(number: int, hand: Hand, run: ActiveRun) -> str:
    if hand is Hand.SENT:
        return f"the report of snapshot {number} was mailed before"
    said = (
        f"the report of snapshot {number} was being handed over when its run ended: nobody knows"
        " whether it arrived, and it is not mailed twice"
    )
    run.warn(Event.REPORT_UNCERTAIN, said, snapshot=number)
    return said


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Write it as a spreadsheet opens it without asking; none of its cells is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
