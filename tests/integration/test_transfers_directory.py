"""A partner's folder on this host."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid, DiskFull
from domain.transfers.failures import PartnerRefused, QuotaReached
from infra.clock import SystemClock
from infra.transfers.directory import DirectoryFolder, directory
from infra.transfers.partners import ConfiguredPartners


@pytest.fixture
def folder(tmp_path: Path) -> DirectoryFolder:
    return DirectoryFolder(tmp_path)


def fetched(folder: DirectoryFolder, name: str, offset: int = 0) -> bytes:
    into = io.BytesIO()
    folder.get(name, into, offset=offset)
    return into.getvalue()


def test_what_is_put_is_listed_measured_and_got_back(folder: DirectoryFolder) -> None:
    folder.put("größe 5.csv", io.BytesIO(b"0123456789"))

    assert [(file.name, file.size_bytes) for file in folder.files()] == [("größe 5.csv", 10)]
    assert folder.files()[0].modified is not None
    assert folder.size("größe 5.csv") == 10
    assert fetched(folder, "größe 5.csv", offset=7) == b"789"


def test_a_file_goes_on_behind_what_is_there(folder: DirectoryFolder) -> None:
    folder.put("a", io.BytesIO(b"01234XXXXX"))

    folder.put("a", io.BytesIO(b"56789"), offset=5)

    assert fetched(folder, "a") == b"0123456789"


def test_a_shorter_file_leaves_nothing_of_the_longer_one(folder: DirectoryFolder) -> None:
    folder.put("a", io.BytesIO(b"longer"))

    folder.put("a", io.BytesIO(b"short"))

    assert fetched(folder, "a") == b"short"


def test_a_name_that_is_taken_is_taken_over(folder: DirectoryFolder) -> None:
    folder.put("new", io.BytesIO(b"new"))
    folder.put("old", io.BytesIO(b"old"))

    folder.rename("new", "old")

    assert fetched(folder, "old") == b"new"
    assert folder.size("new") is None


def test_what_is_not_there_may_be_removed(folder: DirectoryFolder) -> None:
    folder.put("a", io.BytesIO(b"a"))

    folder.remove("a")
    folder.remove("a")

    assert folder.files() == []


def test_links_and_folders_are_no_files(folder: DirectoryFolder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "inner").mkdir()
    os.mkfifo(tmp_path / "pipe")

    assert [file.name for file in folder.files()] == ["secret"]
    assert [folder.size(name) for name in ("link", "inner", "pipe")] == [None] * 3
    for name in ("link", "inner", "pipe"):
        with pytest.raises(PartnerRefused):
            fetched(folder, name)
        with pytest.raises(PartnerRefused):
            folder.put(name, io.BytesIO(b"over it"))
    assert (tmp_path / "secret").read_text() == "s"


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "a\\b", "a\nb", "a\0b"])
def test_a_name_leads_nowhere_else(folder: DirectoryFolder, name: str) -> None:
    with pytest.raises(PartnerRefused, match="plain name"):
        folder.put(name, io.BytesIO(b""))


def test_a_full_disk_is_the_partners_at_its_end_and_ours_at_our_end(tmp_path: Path) -> None:
    full = DirectoryFolder(Path("/dev"))
    here = DirectoryFolder(tmp_path)
    here.put("a", io.BytesIO(b"a" * 100_000))

    with Path("/dev/full").open("wb", buffering=0) as no_room, pytest.raises(DiskFull):
        here.get("a", no_room)
    with pytest.raises((QuotaReached, PartnerRefused)):
        full.put("full", io.BytesIO(b"a"))


def test_a_folder_within_the_installation_is_made_and_a_mount_is_not(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "partners.toml").write_text(
        '[partner.own]\nkind = "directory"\nfolder = "var/out"\n'
        f'[partner.mount]\nkind = "directory"\nfolder = "{tmp_path}/mnt"\n'
        '[partner.shut]\nkind = "ftp"\nhost = "h"\nuser = "u"\npassword = "secret:none"\n'
    )
    partners = ConfiguredPartners(tmp_path, tmp_path / "secrets", SystemClock())

    partners.verify("own")
    with partners.folder("own", timedelta(seconds=1)) as folder:
        folder.put("a", io.BytesIO(b"a"))

    assert (tmp_path / "var" / "out" / "a").read_bytes() == b"a"
    with (
        pytest.raises(PartnerRefused, match="mnt: No such file"),
        directory(tmp_path / "mnt", make=False),
    ):
        pass
    with (
        pytest.raises(PartnerRefused, match="mnt: No such file"),
        partners.folder("mount", timedelta(seconds=1)),
    ):
        pass
    with pytest.raises(ConfigurationInvalid, match=r"secrets/none"):
        partners.verify("shut")
