"""The report of differences in words, from templates that a shop may change."""

from __future__ import annotations

from pathlib import Path

from domain.errors import ConfigurationInvalid, Refused
from domain.jobs.vehicle_sync.ports import Differences, How, Kind, Pulled, Reject, Report, Words
from infra.mail.templates import MailTemplates

_LANGUAGE = "en"

_TRIAL = Report(
    snapshot=1,
    run_id="0199",
    pulled=Pulled(makes=frozenset({"A&B"}), vehicles=2),
    differences=Differences(counts={(Kind.VEHICLE, How.NEW): 2}, live={Kind.VEHICLE: 2}),
    warnings=("A warning",),
    sections=(("New vehicles", 2, ("1: A&B",)),),
    rejects=(Reject("2", None, "make is missing", "{}"),),
    table=(("a", "b"),),
)


class TemplateWords:
    """The ReportWords port; the report is written for the shop's own people, in English."""

    def __init__(self, folder: Path, shop: str) -> None:
        self._templates, self._shop = MailTemplates(folder), shop

    def write(self, report: Report) -> Words:
        live, of = report.differences.live, report.differences.of
        values = {
            "shop": self._shop,
            "report": report,
            "live": {kind.value: live.get(kind, 0) for kind in Kind},
            "gone": of(How.GONE),
            "left_out": max(0, report.pulled.rejected - len(report.rejects)),
        }
        return Words(*self._templates.fill(_LANGUAGE, values))

    def check(self) -> None:
        """Fill both templates in once. Raises ConfigurationInvalid."""
        try:
            self.write(_TRIAL)
        except Refused as error:
            raise ConfigurationInvalid(str(error)) from error
