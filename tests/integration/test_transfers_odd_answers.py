"""Partners' servers that answer what no standard knows, and folders that change meanwhile."""

from __future__ import annotations

import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import paramiko
import pytest

from domain.transfers.failures import PartnerRefused, TransferBroken
from infra.files.arrivals import FileArrival
from infra.transfers.directory import DirectoryFolder
from infra.transfers.sftp import SftpFolder
from partner_script import scripted
from partner_sftp import sftp_host
from partner_site import Reply, Request
from partner_web import WebDisk, web_host

NO_FACTS = {"MLSD": "500 what?"}


@pytest.mark.parametrize(
    ("answers", "data", "error"),
    [
        ({**NO_FACTS, "SIZE": "213 many"}, b"a.csv\r\n", PartnerRefused),
        ({**NO_FACTS, "SIZE": f"213 {'9' * 5000}"}, b"a.csv\r\n", PartnerRefused),
        ({**NO_FACTS, "PASV": "227 no numbers"}, b"", TransferBroken),
        ({**NO_FACTS, "TYPE": "hello"}, b"", TransferBroken),
        (NO_FACTS, b"x" * 20_000, TransferBroken),
        (NO_FACTS, b"\xe4.csv\r\n", PartnerRefused),
    ],
)
def test_what_an_ftp_server_cannot_mean_is_its_fault_and_no_defect(
    tmp_path: Path, answers: dict[str, str], data: bytes, error: type[Exception]
) -> None:
    with (
        scripted(tmp_path, answers, data) as host,
        pytest.raises(error),
        host.reached(tmp_path) as folder,
    ):
        folder.files()


def test_of_an_odd_listing_the_plain_names_are_files(tmp_path: Path) -> None:
    lines = (
        *("no facts at all", ";;; ", "size=12²;type=file; a.csv", "type=dir; d", "size=4; -rf"),
        *(
            "type=OS.unix=slink:/etc/passwd; b.csv",
            "size=1; ../c.csv",
            "size=1; ..",
            "size=1; a\tb",
        ),
    )
    with (
        scripted(tmp_path, {}, "".join(f"{line}\r\n" for line in lines).encode()) as host,
        host.reached(tmp_path) as folder,
    ):
        found = {file.name: file.size_bytes for file in folder.files()}

    assert found == {"a.csv": None, "-rf": 4, "facts at all": None}


@pytest.mark.parametrize("said", ["Sat, 21 Nov 2026 08:00:00 -0000", "Sat, 21 Nov 2026 08:00:00"])
def test_a_date_without_a_zone_is_utc(tmp_path: Path, said: str) -> None:
    class Zoneless(WebDisk):
        def answer(self, request: Request) -> Reply:
            return Reply(headers={"Last-Modified": said})

    with web_host(Zoneless(tmp_path / "files")) as host, host.reached(tmp_path) as folder:
        times = {file.modified for file in folder.files()}

    assert times == {datetime(2026, 11, 21, 8, tzinfo=UTC)}


def test_a_name_that_is_no_utf8_is_said(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files") as host:
        Path(os.fsdecode(os.fsencode(host.folder) + b"/\xe4.csv")).write_text("a", "utf-8")

        with (
            host.reached(tmp_path) as folder,
            pytest.raises(PartnerRefused, match="names that are not UTF-8"),
        ):
            folder.files()


def test_a_file_of_which_no_length_is_told_is_not_taken_for_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sftp_host(tmp_path / "files") as host, host.reached(tmp_path) as folder:
        assert isinstance(folder, SftpFolder)
        (host.folder / "a").write_text("content", "utf-8")
        monkeypatch.setattr(paramiko.SFTPFile, "stat", lambda _file: paramiko.SFTPAttributes())

        with (
            (tmp_path / "into").open("wb") as into,
            pytest.raises(PartnerRefused, match="how long"),
        ):
            folder.get("a", into)


def test_a_file_that_goes_away_while_a_folder_is_listed_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.csv").write_text("b", "utf-8")
    (tmp_path / "a.part").write_text("a", "utf-8")
    with os.scandir(tmp_path) as entries:
        listed = list(entries)
    (tmp_path / "a.part").rename(tmp_path / "a.csv")
    monkeypatch.setattr(os, "scandir", lambda _folder: nullcontext(listed))

    assert [file.name for file in DirectoryFolder(tmp_path).files()] == ["b.csv"]


def test_a_name_as_long_as_names_may_be_arrives(tmp_path: Path) -> None:
    name = "ü" * 125 + ".csv"
    arrival = FileArrival(tmp_path, name)
    with arrival.continued() as into:
        into.write(b"a")

    arrival.settle(datetime.now(UTC))

    assert [path.name for path in tmp_path.iterdir()] == [name]
