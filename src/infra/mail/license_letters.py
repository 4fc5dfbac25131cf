"""The reminder of a licence in the customer's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from domain.errors import ConfigurationInvalid, Refused
from domain.jobs.license_reminders.ports import Licence, Words
from infra.job_settings import job_section
from infra.license_settings import LicenseSection
from infra.mail.settings import MailSection
from infra.mail.templates import MailTemplates

_DAYS_OF_A_TRIAL = (0, 1, 14)


def license_letters(root: Path) -> LicenseLetters:
    """Give the letters of the settings, each tried once. Raises ConfigurationInvalid."""
    section, mail = job_section(root, LicenseSection), job_section(root, MailSection)
    letters = LicenseLetters(
        root / section.templates, section.languages, section.fallback, mail.sender_name
    )
    letters.check()
    return letters


class LicenseLetters:
    """The Letters port."""

    def __init__(self, folder: Path, languages: Sequence[str], fallback: str, shop: str) -> None:
        self._templates = MailTemplates(folder)
        self._languages, self._fallback, self._shop = languages, fallback, shop

    def write(self, language: str, licence: Licence, until: date, days: int) -> Words:
        known = self._known(language)
        subject, text, html = self._templates.fill(
            known,
            {
                "name": licence.name,
                "license_id": licence.license_id,
                "valid_until": until,
                "days": days,
                "shop": self._shop,
            },
        )
        return Words(language=known, subject=subject, text=text, html=html)

    def check(self) -> None:
        """Fill in every template once. Raises ConfigurationInvalid that lists every fault."""
        sample = {"license_id": 1, "customer_id": 1, "valid_until": "", "email": "", "language": ""}
        licence = Licence(**sample, name="<A & B>", known=True, active=True)  # type: ignore[arg-type]  # all are given
        faults = []
        for language in self._languages:
            try:
                for days in _DAYS_OF_A_TRIAL:
                    self.write(language, licence, date(2028, 2, 29), days)
            except Refused as error:
                faults.append(f"jobs.toml: license-reminders.templates: {error}")
        if faults:
            raise ConfigurationInvalid("; ".join(faults))

    def _known(self, language: str) -> str:
        """Read ``de_AT`` and ``DE`` as German."""
        primary = language.strip().replace("_", "-").partition("-")[0].lower()
        return primary if primary in self._languages else self._fallback
