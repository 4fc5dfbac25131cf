"""partners:list and partners:check, and docs/how-to/connect-a-partner.md to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from partner_ftp import Ftpd, ftp_host
from partner_sftp import ReadOnly, sftp_host
from private_shop import CHECKOUT, Shop

PAGE = CHECKOUT / "docs" / "how-to" / "connect-a-partner.md"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.environment["CRONTRACT_SECRETS__DIRECTORY"] = str(shop.root / "secrets")
    return shop


def test_every_command_of_the_page_works_on_a_fresh_shop(shop: Shop) -> None:
    commands = re.findall(r"^ +bin/console (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)

    assert len(commands) == 4
    for command in commands:
        done = shop.console(*command.split())
        assert done.returncode == 0, (command, done.stderr)
    assert "crontract-probe.txt, and removed" in done.stdout
    assert list((shop.root / "var" / "partners" / "mak").iterdir()) == []


def test_a_list_shows_where_a_secret_is_and_not_what_it_is(shop: Shop, tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files") as host:
        host.written(shop.root)
        said = shop.console("partners:list").stdout

    assert "secret:mak/password" in said
    assert "127.0.0.1" in said
    assert host.secrets["mak/password"] not in said


def test_a_folder_is_listed_and_written_to(shop: Shop, tmp_path: Path) -> None:
    with ftp_host(tmp_path / "files", Ftpd(tls=tmp_path)) as host:
        host.written(shop.root)
        (host.folder / "stock.csv").write_text("1")

        done = shop.console("partners:check", "mak", "--write")

        assert done.returncode == 0, done.stderr
        assert "stock.csv" in done.stdout
        assert [path.name for path in host.folder.iterdir()] == ["stock.csv"]


@pytest.mark.parametrize(
    ("changed", "words", "code", "said"),
    [
        ({"host_key": "SHA256:" + "a" * 43}, (), 70, "was agreed"),
        ({"password": "secret:none"}, (), 78, "none cannot be read"),
        ({"folder": "/none"}, (), 70, "/none"),
        ({"port": 1}, (), 69, "127.0.0.1"),
        ({}, ("--write",), 70, "crontract-probe.txt: Permission denied"),
    ],
    ids=["another host", "no secret", "no folder", "away", "read only"],
)
def test_what_is_wrong_is_told_with_an_exit_code_of_its_kind(
    shop: Shop,
    tmp_path: Path,
    changed: dict[str, object],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    with sftp_host(tmp_path / "files", ReadOnly) as host:
        host.written(shop.root, **changed)

        done = shop.console("partners:check", "mak", *words)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_partner_that_is_not_there_is_told(shop: Shop) -> None:
    done = shop.console("partners:check", "max")

    assert done.returncode == 78
    assert "no partner is called max; config/partners.toml has: mak" in done.stderr
