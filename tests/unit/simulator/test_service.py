"""When the simulator's set is sent, and when not."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO

import pytest

from domain.errors import SecretMissing
from domain.jobs.simulator.ports import BuiltFile, Layout, SentSet
from domain.jobs.simulator.request import SimulatorRequest
from domain.jobs.simulator.service import ImplausibleSet, SimulatorFiles
from domain.operating.ports import ActiveRun
from domain.operating.run import Outcome
from domain.transfers.failures import QuotaReached
from fakes.partners import MemoryFolder, OnePartner
from fakes.supplier_import import FakeRun

LAYOUT = Layout(
    partner="mak",
    most_silence=timedelta(hours=168),
    most_drop_percent=30,
    least_lines={"vehicles.csv": 2},
)
FORCE = SimulatorRequest(force=True, reason="because")


@dataclass
class TextFile:
    """A file of so many equal lines."""

    name: str
    lines: int
    replaced: int = 0

    @property
    def _content(self) -> bytes:
        return b"line\n" * self.lines

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self._content).hexdigest()

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        yield io.BytesIO(self._content)


@dataclass
class Place:
    """Workshop and book in memory, with a partner's folder."""

    vehicles: TextFile = field(default_factory=lambda: TextFile("vehicles.csv", 10))
    last: SentSet | None = None
    folder: MemoryFolder = field(default_factory=MemoryFolder)
    entered: list[str] = field(default_factory=list)
    was_built: bool = False

    @contextmanager
    def built(self, run: ActiveRun) -> Iterator[Sequence[BuiltFile]]:
        self.was_built = True
        yield [self.vehicles, TextFile("manifest.csv", self.vehicles.lines)]

    def newest(self, subject: str, partner: str) -> SentSet | None:
        return self.last

    def enter(self, subject: str, partner: str, files: Sequence[BuiltFile], run: ActiveRun) -> None:
        self.entered.append(f"{subject} {partner} {files[-1].digest[:4]}")

    def had(self, lines: int, *, hours: float = 1) -> None:
        digest = TextFile("manifest.csv", lines).digest
        age = timedelta(hours=hours)
        self.last = SentSet(digest=digest, age=age, lines={"vehicles.csv": lines})

    def outcome(
        self, request: SimulatorRequest | None = None, run: FakeRun | None = None
    ) -> Outcome:
        files = SimulatorFiles(LAYOUT, self, self, OnePartner(self.folder))
        return files(request or SimulatorRequest(), run or FakeRun()).outcome


@pytest.fixture
def place() -> Place:
    return Place()


def test_the_first_set_is_sent_and_noted(place: Place) -> None:
    assert place.outcome() is Outcome.SUCCEEDED
    assert set(place.folder.content) == {"vehicles.csv", "manifest.csv"}
    assert len(place.entered) == 1


@pytest.mark.parametrize(
    ("lines", "hours", "request_", "outcome"),
    [
        (10, 1, SimulatorRequest(), Outcome.EMPTY),
        (10, 167.9, SimulatorRequest(), Outcome.EMPTY),
        (10, 168, SimulatorRequest(), Outcome.SUCCEEDED),
        (10, 1, FORCE, Outcome.SUCCEEDED),
        (9, 1, SimulatorRequest(), Outcome.SUCCEEDED),
    ],
    ids=["unchanged", "not yet due", "due again", "forced", "changed"],
)
def test_a_set_is_sent_when_it_is_news(
    place: Place, lines: int, hours: float, request_: SimulatorRequest, outcome: Outcome
) -> None:
    place.had(lines, hours=hours)

    assert place.outcome(request_) is outcome
    assert bool(place.entered) == bool(place.folder.content) == (outcome is Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("lines", "before", "complaint"),
    [(1, None, "1 lines, expected are at least 2"), (6, 10, "6 lines after 10, .* 30 % fewer")],
)
def test_an_implausible_set_is_sent_by_force_only(
    place: Place, lines: int, before: int | None, complaint: str
) -> None:
    place.vehicles.lines = lines
    if before:
        place.had(before)

    with pytest.raises(ImplausibleSet, match=f"{complaint}.*Look at the last cron:driveright:sync"):
        place.outcome()
    assert place.folder.content == {}
    assert place.outcome(FORCE) is Outcome.SUCCEEDED


def test_a_drop_that_is_just_allowed_is_sent(place: Place) -> None:
    place.vehicles.lines = 7
    place.had(10)

    assert place.outcome() is Outcome.SUCCEEDED


def test_a_set_that_did_not_arrive_is_not_noted(place: Place) -> None:
    place.folder.faults = [("put manifest.csv.part", QuotaReached("552"))]

    with pytest.raises(QuotaReached):
        place.outcome()

    assert (place.entered, place.folder.content) == ([], {})


def test_a_missing_secret_is_met_before_anything_is_built(place: Place) -> None:
    class Unverified(OnePartner):
        """A partner whose password is not mounted."""

        def verify(self, partner: str) -> None:
            raise SecretMissing(partner)

    with pytest.raises(SecretMissing):
        SimulatorFiles(LAYOUT, place, place, Unverified(place.folder))(
            SimulatorRequest(), FakeRun()
        )

    assert not place.was_built


def test_a_dry_run_sends_nothing_and_tells_the_same(place: Place) -> None:
    assert place.outcome(run=FakeRun(dry_run=True)) is Outcome.SUCCEEDED
    assert (place.entered, place.folder.content) == ([], {})


def test_characters_that_were_replaced_are_told(place: Place) -> None:
    place.vehicles.replaced = 3
    files = SimulatorFiles(LAYOUT, place, place, OnePartner(place.folder))

    summary = files(SimulatorRequest(), FakeRun())

    assert summary.units[0].message == "3 characters that the encoding lacks were replaced"
