"""FTP servers as partners have them: behind a router, full, strict, old, and cut off."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from domain.errors import DiskFull
from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    PartnerUnproven,
    QuotaReached,
    TransferBroken,
)
from domain.transfers.sending import send
from fakes.supplier_import import FakeRun
from partner_ftp import Ftpd, KeepsNames, ftp_host
from partner_sets import LARGE, SET, shown
from servers.certificate import certificate


def test_a_passive_answer_with_an_address_behind_the_router_is_not_followed(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(says="203.0.113.9")) as host:
        send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {file.name: file.size_bytes for file in SET}


def test_an_active_connection_is_made_where_the_setting_says_so(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files") as host:
        send(host.partners(tmp_path, passive=False), "mak", SET, FakeRun())

        assert shown(host) == {file.name: file.size_bytes for file in SET}


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files") as host:
        host.secrets = {"mak/password": "mistyped"}

        with pytest.raises(LoginRefused, match=r"127\.0\.0\.1 refuses shop: 530"):
            send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert host.logins == ["refused"]


@pytest.mark.parametrize(
    ("without", "logins"), [((), 2), (("REST",), 3)], ids=["goes on", "begins anew"]
)
def test_a_line_cut_in_mid_file_is_mended(
    tmp_path: Path, without: tuple[str, ...], logins: int
) -> None:
    with ftp_host(tmp_path / "files", Ftpd(cut_after=300_000, without=without)) as host:
        send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {file.name: file.size_bytes for file in SET}
        assert (host.folder / "large.csv").read_bytes() == LARGE
        assert len(host.logins) == logins


def test_a_full_quota_shows_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(quota=300_000)) as host:
        with pytest.raises(QuotaReached, match="552"):
            send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {}


def test_a_server_that_gives_no_name_twice_gets_the_older_file_removed(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(filesystem=KeepsNames)) as host:
        (host.folder / "large.csv").write_text("of yesterday")

        send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert (host.folder / "large.csv").read_bytes() == LARGE


def test_a_folder_to_read_only_refuses_the_set(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(rights="elr")) as host:
        with pytest.raises(PartnerRefused, match="550"):
            send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {}


def test_a_listing_by_names_leaves_folders_out(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(without=("MLSD", "MLST", "MDTM"))) as host:
        (host.folder / "archive").mkdir()
        (host.folder / "stock.csv").write_text("1")

        with host.reached(tmp_path) as folder:
            found = [(file.name, file.size_bytes, file.modified) for file in folder.files()]

        assert found == [("stock.csv", 1, None)]


def test_a_server_that_tells_no_size_but_in_its_listing_is_measured_by_that(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(without=("SIZE",))) as host:
        send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {file.name: file.size_bytes for file in SET}


def test_a_certificate_of_nobody_we_know_gets_no_password(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(tls=tmp_path)) as host:
        other = tmp_path / "other"
        other.mkdir()

        with (
            pytest.raises(PartnerUnproven),
            host.reached(tmp_path, ca_file=str(certificate(other).file)),
        ):
            pass

        assert host.logins == []


def test_a_server_that_is_away_may_be_back_later(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files") as host:
        pass

    with pytest.raises(TransferBroken, match=r"127\.0\.0\.1"), host.reached(tmp_path):
        pass


def test_a_full_disk_of_ours_is_not_the_partners_fault(tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files") as host, host.reached(tmp_path) as folder:
        folder.put("a", io.BytesIO(b"a"))

        with Path("/dev/full").open("wb", buffering=0) as no_room, pytest.raises(DiskFull):
            folder.get("a", no_room)
