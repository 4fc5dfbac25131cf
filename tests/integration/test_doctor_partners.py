"""Doctor looks at partners without saying a word to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.operating.checkup import State
from infra.doctor.partners import reachable
from infra.partner_settings import PartnerSetting, partner_setting
from partner_hosts import PartnerHost
from partner_sftp import sftp_host
from partner_web import WebDisk, web_host


def setting_of(host: PartnerHost, root: Path, **changed: object) -> PartnerSetting:
    host.written(root, **changed)
    return partner_setting(root, "mak")


def test_a_server_that_listens_is_well_and_hears_of_no_login(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files") as host:
        seen = reachable(setting_of(host, tmp_path), tmp_path)

        assert seen.state is State.OK
        assert host.logins == []


def test_a_web_address_is_knocked_at(tmp_path: Path) -> None:
    with web_host(WebDisk(tmp_path / "files")) as host:
        assert reachable(setting_of(host, tmp_path), tmp_path).state is State.OK
    assert reachable(setting_of(host, tmp_path), tmp_path).exit_code == 69


@pytest.mark.parametrize(
    ("folder", "code"), [("var/out", 0), ("{}/here", 0), ("{}/gone", 78), ("{}/file", 78)]
)
def test_a_folder_within_is_made_later_and_a_mount_must_be_there(
    tmp_path: Path, folder: str, code: int
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    host = PartnerHost({"kind": "directory", "folder": folder.format(tmp_path)}, tmp_path)

    assert reachable(setting_of(host, tmp_path), tmp_path).exit_code == code
