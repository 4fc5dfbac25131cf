"""The sample shop beside lists that a person put there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.errors import Refused
from import_shop import ImportShop
from infra.files.sample_images import SampleImages
from infra.files.settings_file import load_settings
from infra.sql.engine import make_engine
from infra.sql.sample_shop import SampleFolders, SampleShop
from servers import KINDS, database

SOURCE = Path(__file__).resolve().parents[2] / "ops" / "sample-shop"
NORD = 31


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImportShop]:
    with database(request.param) as url:
        shop = ImportShop(tmp_path, url)
        shop.settings |= {one.supplier_id: one for one in load_settings(SOURCE / "settings.toml")}
        yield shop


@pytest.fixture
def engine(shop: ImportShop) -> Iterator[Engine]:
    engine = make_engine(shop.url)
    yield engine
    engine.dispose()


def _load(shop: ImportShop, engine: Engine, env: str = "dev") -> None:
    folders = (shop.folder / name for name in ("inbox", "source", "media"))
    images = SampleImages(SOURCE, *folders)
    own = {name: shop.folder / name for name in ("vehicles", "orders", "sessions")}
    taken = SampleFolders(imports=shop.folder / "import", **own)
    SampleShop(engine, SOURCE, taken, images, env).load()


def _inbox(shop: ImportShop) -> Path:
    return shop.folder / "import" / "reifen-nord"


def test_a_supplier_once_imported_gets_no_sample_file_again(
    shop: ImportShop, engine: Engine
) -> None:
    _load(shop, engine)
    shop.imports(supplier=NORD)

    _load(shop, engine)

    assert [path.name for path in _inbox(shop).iterdir()] == ["archive"]


def test_a_list_put_there_by_a_person_is_not_overwritten(shop: ImportShop, engine: Engine) -> None:
    _inbox(shop).mkdir(parents=True)
    mine = _inbox(shop) / "lagerliste.csv"
    mine.write_text("mine", "utf-8")

    _load(shop, engine)

    assert mine.read_text("utf-8") == "mine"


def test_a_month_later_there_is_nothing_to_do_and_nothing_wrong(
    shop: ImportShop, engine: Engine
) -> None:
    _load(shop, engine)
    shop.imports(supplier=NORD)
    shop.clock.sleep(30 * 24 * 3600)
    _load(shop, engine)

    assert shop.imports(supplier=NORD).units[0].message.startswith("nothing new since")


def test_the_sample_shop_stays_out_of_prod(shop: ImportShop, engine: Engine) -> None:
    with pytest.raises(Refused, match="for dev and test"):
        _load(shop, engine, env="prod")

    assert shop.rows("SELECT count(*) FROM article") == [(0,)]


def test_a_list_of_images_that_was_read_does_not_come_again(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    sample = SampleImages(SOURCE, inbox, tmp_path / "source", tmp_path / "media")
    assert sample.load() == 4
    (inbox / "processed").mkdir()
    (inbox / "images_sample.csv").rename(inbox / "processed" / "20261121_abcd_images_sample.csv")

    sample.load()

    assert list(inbox.glob("*.csv")) == []


def test_orders_that_were_pulled_do_not_come_again(shop: ImportShop, engine: Engine) -> None:
    folder = shop.folder / "orders" / "sample"
    _load(shop, engine)
    came = sorted(path.name for path in folder.iterdir())
    for path in folder.iterdir():
        path.unlink()

    _load(shop, engine)

    assert came == ["order-4711.xml", "web-shop.json"]
    assert list(folder.iterdir()) == []
