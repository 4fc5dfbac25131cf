"""config/alerts.toml: every fault named by its key, no secret repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigurationInvalid
from domain.operating.contract import Owner
from infra.alerts.settings import owners_of, route_faults, routes
from kernel.contracts import contracts
from private_shop import CHECKOUT

SOUND = """
[channel.mail]
kind = "smtp"
host = "mail.shop.example"
port = 587
security = "starttls"
user = "crontract"
password = "secret:smtp/password"
from = "crontract@shop.example"
to = ["ops@shop.example"]
[channel.am]
kind = "alertmanager"
url = "https://am.shop.example/sub"
[channel.chat]
kind = "apprise"
url = "ntfys://host/topic?token={secret:ntfy}"
[owner]
"Shared Ops" = ["am", "mail"]
[impact]
CR-009 = "Stock is old."
"""


def written(root: Path, text: str) -> Path:
    (root / "config").mkdir(exist_ok=True)
    (root / "config" / "alerts.toml").write_text(text, encoding="utf-8")
    return root


def test_a_sound_file_gives_channels_in_order_and_the_impact(tmp_path: Path) -> None:
    known = routes(written(tmp_path, SOUND))

    assert known.owners == {Owner.SHARED_OPS: ("am", "mail")}
    assert set(known.channels) == {"mail", "am", "chat"}
    assert known.impact_of(contracts()["cron:suppliers:import-stock"]) == ("Stock is old.",)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('kind = "smtp"', 'kind = "fax"', "[channel.mail] kind is one of smtp, alertmanager"),
        ("port = 587", "port = 0", "[channel.mail] port is not a port"),
        ("port = 587", "port = true", "[channel.mail] port is not a port"),
        ("port = 587\n", "", "[channel.mail] port is missing"),
        ("starttls", "ssl", "[channel.mail] security is not one of starttls, tls, none"),
        ("secret:smtp/password", "hunter22", "[channel.mail] password is not a reference"),
        ('user = "crontract"\n', "", "[channel.mail] user and password go together"),
        ('"starttls"', '"none"', '[channel.mail] a password needs security = "starttls"'),
        ("ops@shop.example", "ops", "[channel.mail] to is not a list of mail addresses"),
        ("ops@shop.example", "a@b\\nBcc: c@d", "[channel.mail] to is not a list of mail"),
        ("crontract@shop", "a, b@shop", "[channel.mail] from is not a mail address"),
        ("host =", "hots =", "[channel.mail] unknown key hots"),
        ("https://am", "ftp://am", "[channel.am] url is not an http or https address"),
        ("ntfys://", "ntfys:", "[channel.chat] url is not an address with a scheme"),
        ('"Shared Ops" =', '"Shared Oops" =', '[owner] "Shared Oops" is no owner: there are'),
        ('["am", "mail"]', '["am", "male"]', '[owner] "Shared Ops": there is no [channel.male]'),
        ('["am", "mail"]', '"am"', '[owner] "Shared Ops": write a list of channel names'),
        ("CR-009 =", "CR-9 =", "[impact] CR-9: write CR-009"),
        ("[impact]", "[impacts]", "unknown section [impacts]"),
        ("[channel.am]\n", "[channel]\nam = 3\n[channel.x]\n", "[channel.am] is no section"),
    ],
)
def test_a_fault_is_named_by_its_key_and_no_value_is_repeated(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    assert before in SOUND

    with pytest.raises(ConfigurationInvalid) as refused:
        routes(written(tmp_path, SOUND.replace(before, after, 1)))

    assert f"alerts.toml: {fault}" in str(refused.value)
    assert "hunter22" not in str(refused.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    text = SOUND.replace("port = 587", "port = 0").replace('["am", "mail"]', '["fax"]')

    assert len(route_faults(written(tmp_path, text), (), required=True)) == 2


@pytest.mark.parametrize("text", ["owner = 3\n", "[[channel]]\n"])
def test_sections_of_another_kind_are_refused(tmp_path: Path, text: str) -> None:
    (fault,) = route_faults(written(tmp_path, text), (), required=False)

    assert "are sections" in fault


def test_each_owner_of_a_contract_needs_a_channel(tmp_path: Path) -> None:
    owners = owners_of(contracts().values())

    faults = route_faults(written(tmp_path, SOUND), owners, required=False)

    assert Owner.STOCK_IMPORT in owners
    assert Owner.MARKETING_CRM not in owners
    assert len(faults) == len(owners) - 1
    assert 'alerts.toml: owner "Stock Import" has no channel: add it below [owner]' in faults


def test_the_shipped_file_is_sound_and_its_proposals_too(tmp_path: Path) -> None:
    shipped = (CHECKOUT / "config" / "alerts.toml").read_text("utf-8")
    switched_on = shipped.replace("\n# [", "\n[").replace("\n# ", "\n").replace('\n"', '\n"')
    code = [line for line in switched_on.splitlines() if "=" in line or line.startswith("[")]
    prose = ("Secrets stand", "says so once")
    text = "\n".join(line for line in code if not line.startswith(prose))
    owners = owners_of(contracts().values())

    assert route_faults(CHECKOUT, owners, required=False) == []
    assert route_faults(CHECKOUT, owners, required=True) != []
    assert route_faults(written(tmp_path, text), owners, required=True) == []
    assert set(routes(tmp_path).impact) == {f"CR-{number:03}" for number in range(1, 15)}
