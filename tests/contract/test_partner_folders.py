"""What every partner's folder promises, whatever way leads there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import asyncssh
import pytest

from domain.transfers.failures import PartnerRefused
from domain.transfers.ports import Folder
from partner_ftp import Ftpd, ftp_host
from partner_hosts import PartnerHost
from partner_sftp import sftp_host
from partner_web import WebDisk, web_host
from servers import private
from servers.partners import account

LARGE = bytes(range(256)) * 8192  # 2 MiB
NAME = "größe 5.csv"

Hosts = Callable[[Path], AbstractContextManager[PartnerHost]]


@contextmanager
def here(root: Path) -> Iterator[PartnerHost]:
    yield PartnerHost({"kind": "directory", "folder": "files"}, root / "files")


@contextmanager
def openssh(root: Path) -> Iterator[PartnerHost]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    with private("sshd", root / "sshd", key=key.export_public_key().decode()) as server:
        shown = asyncssh.read_public_key(server.data / "keys" / "ecdsa.pub")
        setting = {
            "kind": "sftp",
            "host": server.host,
            "port": server.port,
            "user": account(server),
            "key_file": "secret:key",
            "host_key": shown.get_fingerprint(),
        }
        secret = {"key": key.export_private_key().decode()}
        yield PartnerHost(setting, server.data / "files", secret)


@contextmanager
def vsftpd(root: Path) -> Iterator[PartnerHost]:
    with private("vsftpd", root / "vsftpd") as server:
        setting = {
            "kind": "ftps",
            "host": server.host,
            "port": server.port,
            "user": "anonymous",
            "password": "secret:mail",
            "ca_file": str(server.data / "certificate.pem"),
            "folder": "in",
        }
        yield PartnerHost(setting, server.data / "files" / "in", {"mail": "shop@example.com"})


HOSTS: dict[str, Hosts] = {
    "directory": here,
    "ftp": lambda root: ftp_host(root / "files"),
    "ftp without MLSD": lambda root: ftp_host(root / "files", Ftpd(without=("MLSD", "MLST"))),
    "ftps": lambda root: ftp_host(root / "files", Ftpd(tls=root)),
    "ftps with session reuse": vsftpd,
    "sftp by key": openssh,
    "sftp by password": lambda root: sftp_host(root / "files"),
    "http": lambda root: web_host(WebDisk(root / "files")),
}


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PartnerHost]:
    with HOSTS[request.param](tmp_path) as host:
        yield host


def got(folder: Folder, name: str, offset: int = 0) -> bytes:
    into = io.BytesIO()
    folder.get(name, into, offset=offset)
    return into.getvalue()


def test_a_folder_keeps_its_promises(host: PartnerHost, tmp_path: Path) -> None:
    """One connection for all of them: a server costs more to start than what is asked of it."""
    with host.reached(tmp_path) as folder:
        has_nothing(folder)
    with host.reached(tmp_path) as folder:  # after a refusal some servers' answers are out of step
        takes_and_gives(folder, host)
        replaces(folder)
        if folder.stages:
            continues_and_renames(folder)
        folder.remove(NAME)
        assert folder.size(NAME) is None


def has_nothing(folder: Folder) -> None:
    assert folder.files() == []
    assert folder.size(NAME) is None
    folder.remove(NAME)
    with pytest.raises(PartnerRefused):
        got(folder, NAME)


def takes_and_gives(folder: Folder, host: PartnerHost) -> None:
    folder.put(NAME, io.BytesIO(LARGE))

    (listed,) = folder.files()
    assert (listed.name, listed.size_bytes) == (NAME, len(LARGE))
    assert listed.modified is not None
    written = (host.folder / NAME).stat().st_mtime
    assert abs(listed.modified.timestamp() - written) < 2
    assert folder.size(NAME) == len(LARGE)
    assert got(folder, NAME) == LARGE == (host.folder / NAME).read_bytes()
    assert got(folder, NAME, offset=1_000_000) == LARGE[1_000_000:]


def replaces(folder: Folder) -> None:
    folder.put("a", io.BytesIO(b""))
    assert (folder.size("a"), got(folder, "a")) == (0, b"")
    folder.put("a", io.BytesIO(b"01234-old"))
    folder.put("a", io.BytesIO(b"short"))
    assert got(folder, "a") == b"short"


def continues_and_renames(folder: Folder) -> None:
    whole = io.BytesIO(b"01234+new")
    whole.seek(5)
    folder.put("a", whole, offset=5)
    folder.rename("a", NAME)

    assert got(folder, NAME) == b"short+new"
    assert folder.size("a") is None


def test_a_folder_that_is_not_there_is_refused(host: PartnerHost, tmp_path: Path) -> None:
    if host.setting["kind"] == "http":
        changed = {"url": f"{host.setting['url']}/none/"}
    else:
        changed = {"folder": str(tmp_path / "none")}

    with pytest.raises(PartnerRefused), host.reached(tmp_path, **changed) as folder:
        got(folder, "a")
