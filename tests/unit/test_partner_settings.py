"""config/partners.toml, partner by partner."""

from __future__ import annotations

from pathlib import Path

import pytest

from architecture.tree import ROOT
from domain.errors import ConfigurationInvalid
from infra.partner_settings import (
    DirectoryPartner,
    FtpsPartner,
    SftpPartner,
    WebPartner,
    partner_setting,
    partner_settings,
)

KEY = "SHA256:" + "a" * 43
SFTP = f'kind = "sftp"\nhost = "h"\nuser = "u"\nhost_key = "{KEY}"\n'


def written(folder: Path, text: str) -> Path:
    (folder / "config").mkdir()
    (folder / "config" / "partners.toml").write_text(text, "utf-8")
    return folder


def test_what_is_shipped_is_sound_and_needs_no_secret() -> None:
    shipped = partner_settings(ROOT)

    assert "mak" in shipped
    assert {partner.references for partner in shipped.values()} == {()}


def test_each_kind_has_its_own_keys(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        '[partner.here]\nkind = "directory"\nfolder = "out"\n'
        f'[partner.mak]\n{SFTP}key_file = "secret:mak/key"\n'
        '[partner.old]\nkind = "ftps"\nhost = "h"\nuser = "u"\npassword = "env:OLD"\n'
        '[partner.web]\nkind = "http"\nurl = "https://h/stock/"\nfiles = ["a.csv"]\n',
    )

    here, mak, old, web = partner_settings(root).values()

    assert isinstance(here, DirectoryPartner)
    assert isinstance(mak, SftpPartner)
    assert isinstance(old, FtpsPartner)
    assert isinstance(web, WebPartner)
    assert (here.place, mak.place, old.place, web.place) == (
        "out",
        "h:.",
        "h:.",
        "https://h/stock/",
    )
    assert (mak.references, old.references) == (("secret:mak/key",), ("env:OLD",))
    assert (mak.port, old.port, old.passive, web.files) == (22, 21, True, ("a.csv",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[parter.mak]", r"partners.toml: unknown section \[parter\]"),
        ('partner = "mak"', r"write \[partner.NAME\]"),
        ("[partner]\nmak = 1", "partner.mak.kind: must be one of directory, ftp"),
        ('[partner.mak]\nkind = "gopher"', "kind: must be one of directory, ftp, ftps, sftp, http"),
        ('[partner."M A K"]\nkind = "directory"\nfolder = "f"', "name is made of a-z"),
        ('[partner.mak]\nkind = "directory"', "partner.mak.folder is missing"),
        (
            '[partner.mak]\nkind = "directory"\nfolder = "f"\nfloder = 1',
            "unknown key partner.mak.floder",
        ),
        (f'[partner.mak]\n{SFTP}password = "hunter2"', "password: write env:NAME"),
        (f"[partner.mak]\n{SFTP}", "give either password or key_file"),
        (f'[partner.mak]\n{SFTP}password = "env:A"\nkey_file = "env:B"', "give either password"),
        (f'[partner.mak]\n{SFTP}password = "env:A"\npassphrase = "env:B"', "opens a key_file"),
        ('[partner.mak]\nkind = "sftp"\nhost_key = "MD5:1"', "host_key: write .*SHA256"),
        ('[partner.mak]\nkind = "sftp"\nport = 70000', "port: .*65535"),
        ('[partner.mak]\nkind = "http"\nurl = "ftp://h"', "url: write an address like https"),
        ('[partner.mak]\nkind = "http"\nurl = "https://u:pass@h/"', "login and token stand in"),
        (
            '[partner.mak]\nkind = "http"\nurl = "https://h/"\nuser = "u"',
            "user and password togeth",
        ),
    ],
)
def test_every_fault_is_named_and_no_value_repeated(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ConfigurationInvalid, match=complaint) as refused:
        partner_settings(written(tmp_path, text))

    assert "hunter2" not in str(refused.value)
    assert ":pass@" not in str(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    root = written(tmp_path, '[partner.a]\nkind = "ftp"\n[partner.b]\nkind = "directory"\n')

    with pytest.raises(ConfigurationInvalid) as refused:
        partner_settings(root)

    assert len(str(refused.value).split("; ")) == 4


def test_a_partner_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    root = written(tmp_path, '[partner.mak]\nkind = "directory"\nfolder = "f"\n')

    with pytest.raises(ConfigurationInvalid, match=r"called max; config/partners.toml has: mak"):
        partner_setting(root, "max")
