"""SFTP servers as partners have them: proven by their key, full, strict, and cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from domain.errors import ConfigurationInvalid
from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    PartnerUnproven,
    QuotaReached,
    TransferBroken,
)
from domain.transfers.sending import send
from fakes.supplier_import import FakeRun
from partner_hosts import PartnerHost
from partner_sets import LARGE, SET, outgoing, shown
from partner_sftp import Full, Plain, ReadOnly, sftp_host
from servers import proxy

PHRASE = "open sesame"
LOCKED_KEY = (
    asyncssh.generate_private_key("ssh-ed25519").export_private_key(passphrase=PHRASE).decode()
)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PartnerHost]:
    with sftp_host(tmp_path / "files") as host:
        yield host


def test_a_host_with_another_key_gets_neither_name_nor_password(
    host: PartnerHost, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()

    with pytest.raises(PartnerUnproven, match=f"shows SHA256:.* but {other}".replace("+", r"\+")):
        send(host.partners(tmp_path, host_key=other), "mak", SET, FakeRun())

    assert host.logins == []


def test_a_wrong_password_is_tried_once(host: PartnerHost, tmp_path: Path) -> None:
    host.secrets = {"mak/password": "mistyped"}

    with pytest.raises(LoginRefused, match="refuses shop"):
        send(host.partners(tmp_path), "mak", SET, FakeRun())

    assert host.logins == ["refused"]


def test_a_line_cut_in_mid_file_goes_on_where_it_was(host: PartnerHost, tmp_path: Path) -> None:
    with proxy("127.0.0.1", int(str(host.setting["port"]))) as line:
        files = [outgoing("large.csv", LARGE * 4, line.cut), *SET[1:]]

        send(host.partners(tmp_path, port=line.port), "mak", files, FakeRun())

    assert shown(host) == {file.name: file.size_bytes for file in files}
    assert (host.folder / "large.csv").read_bytes() == LARGE * 4
    assert host.logins == ["shop", "shop"]


@pytest.mark.parametrize(("server", "error"), [(Full, QuotaReached), (ReadOnly, PartnerRefused)])
def test_a_set_that_is_not_taken_shows_nothing_and_leaves_nothing(
    tmp_path: Path, server: type[asyncssh.SFTPServer], error: type[PartnerRefused]
) -> None:
    with sftp_host(tmp_path / "files", server) as host:
        with pytest.raises(error):
            send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert shown(host) == {}


def test_a_server_with_the_plain_rename_only_gets_the_older_file_removed(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files", Plain) as host:
        (host.folder / "large.csv").write_text("of yesterday")

        send(host.partners(tmp_path), "mak", SET, FakeRun())

        assert (host.folder / "large.csv").read_bytes() == LARGE


def test_folders_and_links_are_no_files(host: PartnerHost, tmp_path: Path) -> None:
    (host.folder / "archive").mkdir()
    (host.folder / "link").symlink_to("stock.csv")
    (host.folder / "stock.csv").write_text("1")

    with host.reached(tmp_path) as folder:
        assert [file.name for file in folder.files()] == ["stock.csv"]
        assert [folder.size(name) for name in ("archive", "link")] == [None, None]


def test_a_server_that_is_away_may_be_back_later(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files") as host:
        pass

    with pytest.raises(TransferBroken, match=r"127\.0\.0\.1"), host.reached(tmp_path):
        pass


def test_a_host_that_hangs_is_left_after_the_time_out(host: PartnerHost, tmp_path: Path) -> None:
    with (
        proxy("127.0.0.1", int(str(host.setting["port"]))) as line,
        host.reached(tmp_path, port=line.port, timeout_seconds=1) as folder,
    ):
        line.delay(5)

        with pytest.raises(TransferBroken):
            folder.files()


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        ("no key at all", "make no private key"),
        (LOCKED_KEY, "needs a passphrase"),
    ],
)
def test_a_key_that_cannot_be_used_is_the_settings_fault(
    host: PartnerHost, tmp_path: Path, secret: str, complaint: str
) -> None:
    setting = {k: v for k, v in host.setting.items() if k != "password"}
    keyed = PartnerHost({**setting, "key_file": "secret:key"}, host.folder, {"key": secret})

    with pytest.raises(ConfigurationInvalid, match=complaint), keyed.reached(tmp_path):
        pass
