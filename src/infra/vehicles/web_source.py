"""Vehicles from a web address of DriveRight's kind: JSON, make by make, page by page.

``GET makes`` answers ``{"makes": [{"name": "BMW"}, …]}``; ``GET vehicles?make=BMW&page=1`` answers
``{"page": 1, "pages": 3, "total": 450, "vehicles": […]}``. A request is made once: the run is
tried again as a whole, and goes on behind the last make that was kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.jobs.vehicle_sync.ports import SourceRefused
from domain.operating.ports import ActiveRun, Clock
from domain.transfers.failures import LoginRefused, TransferBroken
from domain.vehicles.reading import Record
from infra.secrets import resolve
from infra.vehicles.settings import WebSection
from infra.web.client import Answer, WebClient

MOST_PAGES = 10_000
_DENIED = (401, 403)
_MOST_DIGITS = 12
"""Of an age in seconds: more are no span of time any more."""

# A field of the answer and the shop's name for it, where they differ.
_VEHICLE_NAMES = {"drd_chassis_id": "vehicle_id", "id": "vehicle_id"}
_FITMENT_NAMES = {
    "oe_primary_fitment_id": "fitment_id",
    "id": "fitment_id",
    "offset": "offset_mm",
    "et": "offset_mm",
    "center_bore": "centre_bore",
    "pcd": "bolt_pattern",
    "size": "tyre_size",
}


class WebSources:
    """The Sources port on a web address."""

    def __init__(self, section: WebSection, secrets: Path, clock: Clock) -> None:
        self._section, self._secrets, self._clock = section, secrets, clock

    @contextmanager
    def opened(self, run: ActiveRun) -> Iterator[WebSource]:
        section = self._section
        headers = {}
        if section.api_key:
            headers[section.api_key_header] = resolve(section.api_key, self._secrets).reveal()
        client = WebClient(
            section.url,
            self._clock,
            ca_file=Path(section.ca_file) if section.ca_file else None,
            timeout_seconds=section.timeout_seconds,
        )
        try:
            yield WebSource(client, headers, section, self._clock, run)
        finally:
            client.close()


@dataclass
class _Read:
    """All pages of a make, and what each of them said how many there are."""

    records: list[object] = field(default_factory=list)
    totals: set[int] = field(default_factory=set)


class WebSource:
    """One connection to the source, which asks no faster than it may."""

    def __init__(
        self,
        client: WebClient,
        headers: Mapping[str, str],
        section: WebSection,
        clock: Clock,
        run: ActiveRun,
    ) -> None:
        self._client, self._headers, self._section = client, headers, section
        self._clock, self._run = clock, run
        self._next = clock.monotonic()

    @property
    def identity(self) -> str:
        return sha256(f"web {self._section.url}".encode()).hexdigest()

    def makes(self) -> Sequence[str]:
        answer = self._ask("makes", {})
        makes = _field(answer, "makes", list)
        names = [it.get("name") if isinstance(it, dict) else it for it in makes]
        known = {name for name in names if isinstance(name, str) and name.strip()}
        if len(known) < len(names):
            raise SourceRefused(f"{self._client.base}makes names one twice, or one that is no text")
        return sorted(known)

    def records(self, make: str) -> Iterator[Record]:
        """Read all pages; those that shifted in between are read once more."""
        read = self._read(make)
        if read.totals != {len(read.records)} or _has_doubles(read.records):
            read = self._read(make)
        if read.totals != {len(read.records)}:
            said = " or ".join(f"{total:,}" for total in sorted(read.totals))
            raise TransferBroken(
                f"{make}: {len(read.records):,} of {said} vehicles came:"
                " the pages do not fit together"
            )
        return (_record(it) for it in read.records)

    def _read(self, make: str) -> _Read:
        read = _Read()
        page, pages, size = 1, 1, self._section.page_size
        while page <= pages:
            answer = self._ask("vehicles", {"make": make, "page": page, "page_size": size})
            pages = _field(answer, "pages", int)
            if pages > MOST_PAGES:
                raise SourceRefused(f"{make} has {pages:,} pages: more than {MOST_PAGES:,}")
            read.totals.add(_field(answer, "total", int))
            read.records += _field(answer, "vehicles", list)
            page += 1
        return read

    def _ask(self, path: str, fields: Mapping[str, object]) -> Any:
        self._wait_for_its_turn()
        answer = self._client.call(
            "GET",
            path,
            within=self._run.remaining,
            headers={"Accept": "application/json", **self._headers},
            fields={name: str(value) for name, value in fields.items()},
        )
        if answer.status in _DENIED:
            raise LoginRefused(f"{answer.url} refuses the key: correct vehicles.web.api_key")
        if not answer.is_good:
            raise answer.failure()
        self._check_age(answer)
        return self._content(answer)

    def _wait_for_its_turn(self) -> None:
        wait = self._next - self._clock.monotonic()
        if wait > 0:
            self._clock.sleep(wait)
        self._next = self._clock.monotonic() + 60 / self._section.requests_per_minute

    def _check_age(self, answer: Answer) -> None:
        """A cache in between may answer for a day; what is older would turn the clock back."""
        age = _age(answer.headers)
        most = timedelta(hours=self._section.most_cached_hours)
        if age > most:
            hours = age.total_seconds() / 3600
            raise TransferBroken(
                f"{answer.url} answered from a cache what is {hours:.0f} h old, more than"
                f" {self._section.most_cached_hours:g} h"
            )

    def _content(self, answer: Answer) -> Any:
        charset = _charset(answer.headers)
        if charset in ("utf-8", "us-ascii"):
            return answer.json()
        try:
            text = answer.body.decode(charset)
        except (LookupError, UnicodeDecodeError) as error:
            raise TransferBroken(f"{answer.url} is not {charset} as it says") from error
        return Answer(
            status=answer.status,
            headers=answer.headers,
            body=text.encode(),
            url=answer.url,
            retry_after=None,
        ).json()


def _age(headers: Mapping[str, str]) -> timedelta:
    said = headers.get("Age", "").strip()
    is_number = said.isascii() and said.isdigit()
    return timedelta(seconds=int(said[:_MOST_DIGITS])) if is_number else timedelta()


def _charset(headers: Mapping[str, str]) -> str:
    said = Message()
    said["Content-Type"] = headers.get("Content-Type", "")
    return str(said.get_content_charset("utf-8"))


def _field(answer: object, name: str, kind: type) -> Any:
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind):
        raise TransferBroken(f"the answer has no {name}: another version of the interface?")
    return value


def _has_doubles(records: Sequence[object]) -> bool:
    """A vehicle on two pages is a sign that another one was on none."""
    ids = [_record(it).get("vehicle_id") for it in records]
    known = [str(it) for it in ids if it is not None]
    return len(set(known)) < len(known)


def _record(said: object) -> dict[str, object]:
    if not isinstance(said, dict):
        return {"vehicle_id": None}  # is put aside with a word on it
    record = _named(said, _VEHICLE_NAMES)
    fitments = record.get("fitments")
    if isinstance(fitments, list):
        record["fitments"] = [
            _axles(_named(it, _FITMENT_NAMES)) if isinstance(it, dict) else it for it in fitments
        ]
    return record


def _axles(fitment: dict[str, object]) -> dict[str, object]:
    """Name what stands below one axle as well."""
    for axle in ("front", "rear"):
        if isinstance(own := fitment.get(axle), dict):
            fitment[axle] = _named(own, _FITMENT_NAMES)
    return fitment


def _named(said: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {names.get(name, name): value for name, value in said.items()}
