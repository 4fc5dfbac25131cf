from __future__ import annotations

import pytest

from domain.errors import ConfigurationInvalid
from infra.sql.address import address_of, shown
from infra.sql.drivers.named import clean, printf_style


@pytest.mark.parametrize(
    ("url", "kind", "port"),
    [
        ("postgresql://shop@db/shop", "postgresql", 5432),
        ("postgres://shop@db:6432/shop", "postgresql", 6432),
        ("postgresql+psycopg://shop@db/shop", "postgresql", 5432),
        ("mysql://shop@db/shop", "mariadb", 3306),
        ("mariadb+pymysql://shop@db:3307/shop", "mariadb", 3307),
    ],
)
def test_a_server_is_found_by_the_usual_spellings(url: str, kind: str, port: int) -> None:
    address = address_of(url)

    assert (address.kind, address.port) == (kind, port)
    assert (address.host, address.user, address.database) == ("db", "shop", "shop")
    assert address.is_server


def test_a_file_is_a_path() -> None:
    address = address_of("sqlite:////var/lib/crontract.db")

    assert str(address.path) == "/var/lib/crontract.db"
    assert not address.is_server


def test_odd_characters_and_options_are_read_as_written() -> None:
    address = address_of("postgresql://a%40b:p%3A%2Fss@[::1]/n%20ame?sslmode=require&x=1")

    assert (address.user, address.password, address.database) == ("a@b", "p:/ss", "n ame")
    assert address.host == "::1"
    assert address.options == {"sslmode": "require", "x": "1"}


@pytest.mark.parametrize(
    "url", ["oracle://db/shop", "shop", "", "postgres:shop", "sqlite://", "sqlite:///"]
)
def test_another_database_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"write sqlite:///.* or mariadb://"):
        address_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:hunter2@db",
        "mysql://shop:hunter2@db:port/x",
        "x:hunter2@db",
        "postgres:shop:hunter2@db/shop",
        "postgresql://shop:hunter2#x@db/shop",
    ],
)
def test_a_password_in_a_refused_address_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationInvalid) as refused:
        address_of(url)

    assert "hunter2" not in str(refused.value)


def test_an_address_is_shown_without_its_password() -> None:
    url = "mysql://shop:hunter2@db/shop"

    assert shown(url) == "mariadb://shop@db:3306/shop"
    assert "hunter2" not in repr(address_of(url)) + address_of(url).place
    assert shown("sqlite:///var/shop.db") == "sqlite:///var/shop.db"


def test_named_parameters_become_the_driver_s_and_a_cast_stays() -> None:
    statement = "SELECT x::text, '10 %' FROM t WHERE a = :name AND b IN (:one_more)"

    assert printf_style(statement) == (
        "SELECT x::text, '10 %%' FROM t WHERE a = %(name)s AND b IN (%(one_more)s)"
    )


def test_what_a_server_refuses_in_a_text_is_replaced() -> None:
    values = {"nul": "a\0b", "half": "x\udc80", "whole": "Ü 🛞", "number": 7, "none": None}

    assert clean(values) == {
        "nul": "a\ufffdb",
        "half": "x?",
        "whole": "Ü 🛞",
        "number": 7,
        "none": None,
    }
