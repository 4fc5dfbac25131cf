"""Sets of files on their way to a partner."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from domain.errors import StopRequested
from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    QuotaReached,
    TransferBroken,
)
from domain.transfers.mending import MOST_DROPS
from domain.transfers.sending import Outgoing, send
from fakes.partners import MemoryFolder, OnePartner
from fakes.supplier_import import FakeRun

DROP = TransferBroken("the line was cut")
SET = {"a.csv": b"aaaa", "b.csv": b"bbbbbb", "manifest.txt": b"a b"}


def outgoing(name: str, content: bytes) -> Outgoing:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        yield io.BytesIO(content)

    return Outgoing(name=name, size_bytes=len(content), open=opened)


FILES = [outgoing(name, content) for name, content in SET.items()]


@pytest.fixture
def folder() -> MemoryFolder:
    return MemoryFolder()


def sent(folder: MemoryFolder, run: FakeRun | None = None) -> OnePartner:
    partner = OnePartner(folder)
    send(partner, "mak", FILES, run or FakeRun())
    return partner


def test_all_are_there_before_the_first_is_renamed_and_the_manifest_comes_last(
    folder: MemoryFolder,
) -> None:
    sent(folder)

    assert folder.content == SET
    first = folder.calls.index("rename a.csv.part")
    assert {f"put {name}.part" for name in SET} < set(folder.calls[:first])
    assert folder.calls[-1] == "rename manifest.txt.part"


def test_what_a_killed_run_left_is_not_taken_for_ours(folder: MemoryFolder) -> None:
    folder.content["a.csv.part"] = b"ol"

    sent(folder)

    assert folder.content == SET


def test_a_cut_file_goes_on_where_it_was_cut(folder: MemoryFolder) -> None:
    folder.partly, folder.faults = 2, [("put b.csv.part", DROP)]

    partner = sent(folder)

    assert folder.content == SET
    assert "put b.csv.part from 2" in folder.calls
    assert folder.calls.count("put a.csv.part") == 1
    assert partner.connections == 2


def test_a_partner_that_takes_no_half_files_gets_the_file_anew(folder: MemoryFolder) -> None:
    folder.partly = 2
    folder.faults = [
        ("put b.csv.part", DROP),
        ("put b.csv.part from 2", PartnerRefused("501 no REST")),
    ]

    sent(folder)

    assert folder.content == SET
    assert folder.calls.count("put b.csv.part") == 2


@pytest.mark.parametrize("done", [True, False], ids=["the answer got lost", "it was not done"])
def test_a_line_cut_at_a_rename_leaves_the_set_whole(folder: MemoryFolder, done: bool) -> None:
    folder.answers_get_lost, folder.faults = done, [("rename b.csv.part", DROP)]

    sent(folder)

    assert folder.content == SET


def test_a_line_that_is_cut_again_and_again_fails_and_leaves_nothing(folder: MemoryFolder) -> None:
    folder.faults = [("put a.csv.part", DROP)] * (MOST_DROPS + 1)

    with pytest.raises(TransferBroken):
        sent(folder)

    assert folder.content == {}


@pytest.mark.parametrize("call", ["put b.csv.part", "put manifest.txt.part", "rename a.csv.part"])
def test_a_set_that_cannot_be_completed_shows_nothing_and_leaves_nothing(
    folder: MemoryFolder, call: str
) -> None:
    folder.content["b.csv"] = b"as before"
    folder.faults = [(call, QuotaReached("552 no room"))]

    with pytest.raises(QuotaReached):
        sent(folder)

    assert folder.content == {"b.csv": b"as before"}


def test_a_refusal_between_two_renames_tells_what_is_missing(folder: MemoryFolder) -> None:
    folder.faults = [("rename b.csv.part", PartnerRefused("550 no"))]

    with pytest.raises(PartnerRefused, match=r"missing or old are: b\.csv, manifest\.txt"):
        sent(folder)

    assert folder.content == {"a.csv": b"aaaa"}


def test_a_size_that_does_not_fit_is_a_broken_transfer(folder: MemoryFolder) -> None:
    class Shortening(MemoryFolder):
        """Says yes to everything and loses the last byte."""

        def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
            super().put(name, content, offset=offset)
            self.content[name] = self.content[name][:-1]

    with pytest.raises(TransferBroken, match=r"mak has 3 of 4 bytes of a\.csv\.part"):
        sent(Shortening())


def test_a_wrong_password_is_said_once(folder: MemoryFolder) -> None:
    partner = OnePartner(folder)
    partner.refusal, partner.closes_after = LoginRefused("530 no"), 1
    folder.faults = [("put b.csv.part", DROP)]

    with pytest.raises(LoginRefused):
        send(partner, "mak", FILES, FakeRun())

    assert partner.connections == 2


def test_a_partner_that_is_away_is_not_asked_in_a_row() -> None:
    partner = OnePartner(MemoryFolder())
    partner.refusal, partner.closes_after = DROP, 0

    with pytest.raises(TransferBroken):
        send(partner, "mak", FILES, FakeRun())

    assert partner.connections == 1


def test_a_stop_between_two_files_leaves_nothing(folder: MemoryFolder) -> None:
    with pytest.raises(StopRequested):
        sent(folder, FakeRun(stop_at="sent"))

    assert folder.content == {}


def test_where_nothing_is_renamed_each_file_goes_under_its_name_and_the_manifest_last() -> None:
    folder = MemoryFolder(stages=False)
    folder.faults = [("put b.csv", DROP)]

    sent(folder)

    assert folder.content == SET
    assert folder.calls == ["put a.csv", "put b.csv", "put b.csv", "put manifest.txt"]


def test_two_files_of_one_name_are_a_defect(folder: MemoryFolder) -> None:
    with pytest.raises(ValueError, match="one name"):
        send(OnePartner(folder), "mak", [FILES[0], FILES[0]], FakeRun())
