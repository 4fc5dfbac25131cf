"""Suppliers' files from partners' servers, through bin/console."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from partner_ftp import Ftpd, ftp_host
from partner_hosts import PartnerHost
from partner_sftp import sftp_host
from partner_web import WebDisk, web_host
from private_shop import IMPORT, SETTING, Shop

FETCHED = SETTING.replace('pattern = "*.csv"', 'pattern = "*"\npartner = "mak"')
STOCK = "article;quantity;price\nA-1;4;10,00\nA-2;2;12,50\n"

HOSTS: dict[str, Callable[[Path], AbstractContextManager[PartnerHost]]] = {
    "sftp": lambda root: sftp_host(root / "files"),
    "ftp without times": lambda root: ftp_host(
        root / "files", Ftpd(without=("MLSD", "MLST", "MDTM"))
    ),
    "http": lambda root: web_host(WebDisk(root / "files")),
}


def shop_of(root: Path, host: PartnerHost, *, setting: str = FETCHED) -> Shop:
    shop = Shop(root)
    host.written(root)
    shop.environment["CRONTRACT_SECRETS__DIRECTORY"] = str(root / "secrets")
    shop.add_supplier(58, setting=setting)
    return shop


def offer(host: PartnerHost, name: str = "a", content: str = STOCK, age: float = 60) -> None:
    file = host.folder / name
    file.write_text(content, "utf-8")
    dated(file, age)


def dated(file: Path, age: float) -> None:
    """Make a file so many seconds old by the clock that the program sees."""
    os.utime(file, (time.time() - age, time.time() - age))


def outcomes(shop: Shop, *words: str) -> tuple[int, str]:
    done = shop.console(IMPORT, *(words or ("--supplier=58",)), "--format=json")
    return done.returncode, json.loads(done.stdout)["outcome"]


@pytest.mark.parametrize("way", HOSTS)
def test_a_partners_file_is_imported_once_and_its_next_one_too(tmp_path: Path, way: str) -> None:
    with HOSTS[way](tmp_path) as host:
        offer(host)
        shop = shop_of(tmp_path / "shop", host)

        assert outcomes(shop) == (0, "succeeded")
        assert outcomes(shop) == (0, "empty")
        offer(host, content=STOCK.replace("4", "7"), age=30)
        assert outcomes(shop) == (0, "succeeded")

    stock = "SELECT supplier_article_no, qty FROM supplier_stock ORDER BY 1"
    assert shop.query(stock) == [("A-1", 7), ("A-2", 2)]
    archive = list((shop.root / "var" / "import" / "58" / "archive").iterdir())
    assert len(archive) == 2


def test_a_run_killed_while_it_fetches_is_made_good_by_the_next(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files") as host:
        offer(host)
        shop = shop_of(tmp_path / "shop", host)
        for number in (1, 2, 3):  # before it comes, when it has come, when it is noted
            shop.start_faulty(f"kill:{number}", IMPORT, "--supplier=58").communicate(timeout=60)

        assert outcomes(shop) == (0, "succeeded")
        assert shop.query("SELECT COUNT(*) FROM import_run WHERE status = 'booked'") == [(1,)]
        assert shop.query("SELECT name FROM supplier_fetch") == [("a",)]


def test_a_partner_that_is_away_fails_its_supplier_and_the_others_go_on(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files") as host:
        shop = shop_of(tmp_path / "shop", host)
    shop.add_supplier(59)
    dated(shop.deliver(59, [("B-1", 1, "1,00")]), age=60)

    done = shop.start_faulty("hasty:", IMPORT, "--all", "--format=json")
    told = json.loads(done.communicate(timeout=60)[0])

    assert (done.returncode, told["outcome"]) == (4, "partial")
    assert [unit["result"] for unit in told["units"]] == ["failed", "unchanged"]
    assert shop.query("SELECT supplier_id FROM supplier_stock") == [(59,)]


def test_what_is_fetched_goes_where_the_setting_says_so(tmp_path: Path) -> None:
    with sftp_host(tmp_path / "files") as host:
        offer(host)
        removing = FETCHED.replace('partner = "mak"', 'partner = "mak"\nremove_fetched = true')
        shop = shop_of(tmp_path / "shop", host, setting=removing)

        assert outcomes(shop) == (0, "succeeded")
        assert list(host.folder.iterdir()) == []
        assert (
            'partner = "mak"\nremove_fetched = true' in shop.console("suppliers:show", "58").stdout
        )


def test_a_setting_with_an_unknown_partner_is_not_loaded(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    file = tmp_path / "58.toml"
    file.write_text(FETCHED.format(number=58).replace('"mak"', '"makk"'))

    done = shop.console("suppliers:load", str(file))

    assert done.returncode == 78
    assert "[supplier.58] partner: config/partners.toml has no makk" in done.stderr
