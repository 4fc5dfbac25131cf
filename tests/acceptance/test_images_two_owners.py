"""CR-001 has two accountable owners: both hear what its failure means, by a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.alert_shop import SLOTS, AlertShop, heard, mail_channel, owners
from image_lists import ENQUEUE, lines, write_list
from servers import KINDS, database, private
from servers.mail import MailServer

TOLD = [("ops", "page"), ("admin", "impact"), ("stock", "impact")]
WELL = [("ops", "recovered"), ("admin", "recovered"), ("stock", "recovered")]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as server:
        yield server


def shop_with_three_owners(root: Path, mail: MailServer, *, url: str = "") -> AlertShop:
    """Its inbox is not mounted yet."""
    root.mkdir()
    channels = (
        mail_channel(name, mail.port, f"{name}@shop.example") for name in ("ops", "admin", "stock")
    )
    routes = owners(Shared_Ops=["ops"], Webshop_Admin=["admin"], Stock_Import=["stock"])
    shop = AlertShop(root, "".join(channels) + routes, url=url)
    # No cadence is declared, or the firings of these tests would be late ones of it.
    (root / "config" / "schedules.toml").write_text("", "utf-8")
    return shop


def mount(shop: AlertShop) -> Path:
    inbox = shop.root / "var" / "images" / "inbox"
    inbox.mkdir(parents=True)
    write_list(inbox, "images_a.csv", *lines(3))
    return inbox


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_failure_in_a_row_pages_ops_and_tells_both_owners_and_so_does_its_end(
    tmp_path: Path, mail: MailServer, kind: str
) -> None:
    with database(kind) as url:
        shop = shop_with_three_owners(tmp_path / "shop", mail, url=url)

        first = shop.fire(SLOTS[0], ENQUEUE), heard(mail.mails())
        codes = [shop.fire(slot, ENQUEUE) for slot in SLOTS[1:3]]
        told = sorted(heard(mail.mails()))
        mount(shop)
        codes.append(shop.fire(SLOTS[3], ENQUEUE))

        assert first == (70, [])
        assert codes == [70, 70, 0]
        assert told == sorted(TOLD)
        assert sorted(heard(mail.mails())[3:]) == sorted(WELL)
        assert [one["state"] for one in shop.incidents("--all")] == ["recovered"]


def test_ops_hear_how_to_mend_it_and_each_owner_what_it_means(
    tmp_path: Path, mail: MailServer
) -> None:
    shop = shop_with_three_owners(tmp_path / "shop", mail)
    for slot in SLOTS[:2]:
        shop.fire(slot, ENQUEUE)

    texts = {str(it["To"]).partition("@")[0]: it.get_content() for it in mail.mails()}

    assert "ops/runbooks/CR-001.md" in texts["ops"]
    assert "is no folder: create it or correct images.inbox" in texts["ops"]
    for owner in ("admin", "stock"):
        assert "articles show old pictures or none" in texts[owner]
        assert "Shared Ops mends it" in texts[owner]
        assert "runs:show" not in texts[owner]


def test_a_list_that_is_set_aside_tells_both_owners_and_pages_nobody(
    tmp_path: Path, mail: MailServer
) -> None:
    shop = shop_with_three_owners(tmp_path / "shop", mail)
    inbox = mount(shop)
    codes = []
    for number, slot in enumerate(SLOTS[:2]):
        write_list(inbox, f"images_bad_{number}.csv", "A-1;1.png", header="thing;bild")
        write_list(inbox, f"images_good_{number}.csv", f"A-{number};1.png", header="sku;bild")
        codes.append(shop.fire(slot, ENQUEUE))

    assert codes == [4, 4]
    assert sorted(heard(mail.mails())) == [("admin", "impact"), ("stock", "impact")]
