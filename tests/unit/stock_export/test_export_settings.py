"""Exports and price groups as TOML: read strictly, every fault at once, and written back."""

from __future__ import annotations

import pytest

from architecture.tree import ROOT
from domain.errors import ConfigurationInvalid
from domain.jobs.stock_export.setting import PriceRule
from infra.files.export_settings import EXPORTS, groups_as_toml, load_exports

SOUND = """
[export.7]
name = "Platform"
customer = 4711
[export.7.stock]
suppliers = [23, 31]
[export.7.price]
group = "platform"
[export.7.file]
name = "stock_{date}.csv"
columns = { "Article" = "article", "a;b" = "price" }
[export.7.delivery]
partner = "platform"
max_age_hours = 12
[export.9]
name = "Market"
[export.9.price]
group = "platform"
[export.9.marketplace]
adapter = "tyre24"
partner = "tyre24"
country = "de"
article_type = "R"
budget_minutes = 5
[price.platform]
rules = [{ maker = "Norvik", percent = 6.5 }, { from_price = 100.0, plus = -1.0 }]
"""


def faults_of(old: str, new: str) -> list[str]:
    assert old in SOUND
    with pytest.raises(ConfigurationInvalid) as caught:
        load_exports(SOUND.replace(old, new))
    return str(caught.value).splitlines()[1:]


def test_what_is_shipped_is_sound() -> None:
    assert load_exports(ROOT / "ops" / "sample-shop" / "exports.toml").exports


def test_settings_written_out_are_read_back() -> None:
    loaded = load_exports(SOUND)

    again = load_exports(f"{EXPORTS.dump(loaded.exports)}\n{groups_as_toml(loaded.prices)}")

    assert again == loaded
    assert loaded.prices["platform"] == (
        PriceRule(maker="Norvik", percent=6.5),
        PriceRule(from_price=100.0, plus=-1.0),
    )


def test_a_file_may_bring_prices_alone() -> None:
    loaded = load_exports("[price.fleet]\nrules = [{ percent = 1.0 }]\n")

    assert (loaded.exports, list(loaded.prices)) == ((), ["fleet"])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('name = "Platform"', 'name = " "', "[export.7] name: must not be empty"),
        ("customer = 4711", "customer = 0", "[export.7] customer: must be from 1"),
        ("suppliers = [23, 31]", "suppliers = [0]", "[export.7.stock] suppliers: must be numbers"),
        ("suppliers = [23, 31]", "safety = -1", "[export.7.stock] safety: must be from 0"),
        ('group = "platform"\n[export.7.file]', 'group = "A B"\n[export.7.file]', "group: must be"),
        ("stock_{date}.csv", "../stock.csv", "[export.7.file] name: must be a plain file name"),
        ("stock_{date}.csv", "stock_{time}.csv", "[export.7.file] name: must be a plain file name"),
        ('"Article" = "article"', '"Article" = "artikel"', "did you mean 'article'?"),
        ("max_age_hours = 12", "max_age_hours = 0", "max_age_hours: must be more than 0"),
        ('adapter = "tyre24"', 'adapter = "tyre25"', "'tyre25' is not known: known are tyre24"),
        ('country = "de"', 'country = "DE"', "country: must be two small letters"),
        ('article_type = "R"', 'article_type = ""', "article_type: must be one to three capitals"),
        ("budget_minutes = 5", "budget_minutes = 0", "budget_minutes: must be more than 0"),
        ("budget_minutes = 5", "identifiers = []", "identifiers: must name at least one"),
        ("percent = 6.5", "percent = -100", "[price.platform.rules.1] percent: must be more than"),
        ("percent = 6.5", "procent = 6.5", "procent is unknown; did you mean percent?"),
        ("[price.platform]", "[price.Plat_form]", "[price.Plat_form] a group's name is made of"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_table_and_key(old: str, new: str, fault: str) -> None:
    assert any(fault in line for line in faults_of(old, new)), faults_of(old, new)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('encoding = "utf-9"', "encoding: 'utf-9' is not an encoding"),
        ('encoding = "idna"', "encoding: 'idna' is not an encoding"),
        ('delimiter = ";;"', "delimiter: must be one ASCII character"),
        ('delimiter = "x"', "delimiter: must be one ASCII character"),
        ('delimiter = "\\""', "delimiter: must be one ASCII character"),
        ('quote = ""', "header 'a;b' holds a line break, or the delimiter unquoted"),
        ('quote = "ab"', "quote: must be one ASCII character"),
        ('decimal = ";"', 'decimal: must be "," or "."'),
        ('delimiter = ","\nquote = ""', "delimiter: is the decimal sign too"),
        ('encoding = "ascii"\nreplacement = "ü"', "replacement: holds what ascii cannot write"),
        ('replacement = ";"', "replacement: must be one character"),
    ],
)
def test_signs_of_a_file_fit_each_other(more: str, fault: str) -> None:
    found = faults_of("[export.7.delivery]", f"{more}\n[export.7.delivery]")

    assert any(fault in line for line in found), found


FILE = '[export.7.file]\nname = "x"\ncolumns = { "A" = "article" }\n'
DELIVERY = '[export.7.delivery]\npartner = "p"\n'
MARKET = """[export.7.marketplace]
adapter = "tyre24"
partner = "p"
country = "de"
article_type = "R"
"""


@pytest.mark.parametrize(
    ("targets", "fault"),
    [
        ("", "give either [.file] with [.delivery], or [.marketplace]"),
        (FILE + DELIVERY + MARKET, "give either [.file] with [.delivery], or [.marketplace]"),
        (FILE, "[.file] and [.delivery] belong together"),
        (DELIVERY + MARKET, "[.file] and [.delivery] belong together"),
    ],
)
def test_an_export_has_one_target(targets: str, fault: str) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        load_exports(f'[export.7]\nname = "x"\n[export.7.price]\ngroup = "g"\n{targets}')

    assert fault in str(caught.value)


def test_two_active_exports_do_not_replace_each_other_s_file_at_a_partner() -> None:
    first, prices = SOUND.partition("[export.9]")[0], SOUND[SOUND.index("[price") :]
    second = first.replace("[export.7", "[export.8").replace("stock_", "Stock_")

    with pytest.raises(ConfigurationInvalid, match="export 7 gives platform a file of that name"):
        load_exports(first + second + prices)

    for old, new in (
        ("customer", "active = false\ncustomer"),
        ('partner = "platform"', 'partner = "b"'),
    ):
        assert old in second
        assert len(load_exports(first + second.replace(old, new) + prices).exports) == 2
