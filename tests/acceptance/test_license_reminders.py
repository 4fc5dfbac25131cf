"""CR-003 through bin/console and a mail server: nobody twice, nobody not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from license_shop import REMIND, LicenseShop
from private_shop import events
from servers import KINDS, database, private
from servers.mail import MailServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as started:
        yield started


def recipients(server: MailServer) -> Counter[str]:
    return Counter(str(it["X-Envelope-To"]).partition("@")[0] for it in server.mails())


def two_customers(shop: LicenseShop) -> LicenseShop:
    """One is due at fourteen days; the other's fourteenth day was missed."""
    shop.has(1, "2026-12-05")
    shop.has(2, "2026-11-26", language="de_AT", name="Jörg <b>")
    return shop


@pytest.mark.parametrize("kind", KINDS)
def test_each_customer_is_told_once_in_the_own_language(
    tmp_path: Path, server: MailServer, kind: str
) -> None:
    with database(kind) as url:
        shop = two_customers(LicenseShop(tmp_path / "shop", server, url=url))

        first, second = shop.remind(), shop.remind()

        assert [(code, told["outcome"]) for code, told in (first, second)] == [
            (0, "succeeded"),
            (0, "empty"),
        ]
        german, english = server.mails()
        assert (german["Subject"], english["Subject"]) == (
            "Ihre Minishop-Lizenz 2 endet in 5 Tagen",
            "Your minishop licence 1 ends in 14 days",
        )
        html = german.get_body(("html",))
        assert html is not None
        assert "Jörg &lt;b&gt;" in html.get_content()
        assert shop.ledger() == [
            (1, "2026-12-05", 14, "SENT", "<license-1.2026-12-05.14@shop.example>"),
            (2, "2026-11-26", 7, "SENT", "<license-2.2026-11-26.7@shop.example>"),
            (2, "2026-11-26", 14, "SUPERSEDED", ""),
        ]


def test_killed_at_any_checkpoint_no_reminder_is_lost_and_at_most_one_comes_twice(
    tmp_path: Path, server: MailServer
) -> None:
    undisturbed = two_customers(LicenseShop(tmp_path / "undisturbed", server))
    names = tmp_path / "checkpoints"
    words = (REMIND, "--date=2026-11-21")
    undisturbed.start_faulty(f"record:{names}", *words).communicate(timeout=60)
    expected = undisturbed.ledger()
    checkpoints = names.read_text("utf-8").split("\n")[:-1]
    assert {"licences", "licence", "claimed", "handed over"} == set(checkpoints)

    for number, name in enumerate(checkpoints, start=1):
        shop = two_customers(LicenseShop(tmp_path / f"killed-{number}", server))
        before = recipients(server)
        killed = shop.start_faulty(f"kill:{number}", *words)
        killed.communicate(timeout=60)
        assert killed.returncode == 70, name
        assert skipped(shop) == (name in {"claimed", "handed over"}), name
        shop.an_hour_passes()
        shop.remind()
        assert shop.ledger() == expected, (number, name)
        twice = (recipients(server) - before) - Counter(c1=1, c2=1)
        assert twice.total() == (name == "handed over"), (number, name)


def skipped(shop: LicenseShop) -> int:
    """Remind; gives how many reminders were left for later."""
    _, told = shop.remind()
    return sum(unit["result"] == "skipped" for unit in told["units"])


def test_a_server_that_is_away_is_asked_three_times_and_nothing_is_marked(
    tmp_path: Path, server: MailServer
) -> None:
    shop = two_customers(LicenseShop(tmp_path / "shop", server))
    server.close()

    process = shop.start_faulty("hasty:", REMIND, "--date=2026-11-21")
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 75
    assert len(events(stderr, "attempt.failed")) == 3
    assert "cannot be reached" in stderr
    assert shop.ledger() == []


def test_one_that_is_refused_stops_no_other_and_one_put_off_goes_with_the_next_run(
    tmp_path: Path, server: MailServer
) -> None:
    shop = two_customers(LicenseShop(tmp_path / "shop", server))
    server.refuse("550 5.1.1 no such user", only="c1@")
    refused = shop.remind()
    shop.has(3, "2026-11-22")
    server.refuse("451 4.7.1 greylisted", only="c3@")
    put_off = shop.remind()
    server.accept()

    later = shop.remind()

    assert [told["outcome"] for _, told in (refused, put_off, later)] == [
        "partial",
        "empty",
        "succeeded",
    ]
    assert recipients(server) == Counter(c2=1, c3=1)
    assert [row[3] for row in shop.ledger() if row[3] != "SUPERSEDED"] == [
        *("REFUSED", "SENT", "SENT")
    ]


def test_what_stands_in_the_shop_s_rows_harms_no_other_mail(
    tmp_path: Path, server: MailServer
) -> None:
    shop = LicenseShop(tmp_path / "shop", server)
    shop.has(1, "2026-12-05", name="Ann\r\nBcc: all@world.example")
    shop.has(2, "2026-12-05", email="b@customer.example\r\nRCPT TO:<all@world.example>")
    shop.has(3, "2026-12-05", email=None)
    shop.has(4, "2026-12-05", active=False)
    shop.has(5, None)
    shop.has(6, "2026-02-30")
    shop.has(7, "31.12.2026")
    shop.has(8, "2026-12-05", language="xx", name=None)

    code, told = shop.remind()

    assert (code, told["items"]) == (4, {"sent": 2})
    assert recipients(server) == Counter(c1=1, c8=1)
    assert [it["Bcc"] for it in server.mails()] == [None, None]
    assert [unit["unit"] for unit in told["units"] if unit["result"] == "failed"] == [
        "licence 2, 14 days",
        "licence 3, 14 days",
    ]
    assert any("licence 7: '31.12.2026' is no day" in note for note in told["notes"])


def test_a_dry_run_tells_who_would_get_what_and_changes_nothing(
    tmp_path: Path, server: MailServer
) -> None:
    shop = two_customers(LicenseShop(tmp_path / "shop", server))
    server.close()

    code, told = shop.remind("--dry-run")

    assert code == 0
    assert [unit["message"] for unit in told["units"]] == [
        "would go to c2@customer.example: Ihre Minishop-Lizenz 2 endet in 5 Tagen",
        "would go to c1@customer.example: Your minishop licence 1 ends in 14 days",
    ]
    assert shop.ledger() == []


def test_the_same_firing_twice_sends_once(tmp_path: Path, server: MailServer) -> None:
    shop = LicenseShop(tmp_path / "shop", server)
    shop.has(1, "2026-12-05")
    firing = f"--scheduled-at={datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"

    codes = [shop.remind(firing)[0] for _ in range(2)]

    assert codes == [0, 0]
    assert recipients(server) == Counter(c1=1)


@pytest.mark.parametrize(
    ("changes", "words", "said"),
    [
        ({"kind": "none"}, (), "[mail] names no server: set kind"),
        ({}, ("--env=prod",), "sends none, which --env=prod refuses"),
        ({"kind": "smtp"}, (), "host is empty"),
        ({"password": "winter-22"}, (), "a secret stands where its reference belongs"),
        ({"sender": "nobody"}, (), "is no mail address"),
        ({"offsets": [14, 14]}, (), "write each offset once"),
        ({"fallback": "fr"}, (), "fallback 'fr' is none of languages"),
        ({"templates": "config/nowhere"}, (), "config/nowhere/de.txt is missing"),
    ],
)
def test_without_a_sound_setting_nothing_runs_and_it_says_what_to_set(
    tmp_path: Path, changes: dict[str, object], words: tuple[str, ...], said: str
) -> None:
    shop = LicenseShop(tmp_path / "shop")
    shop.set(**changes)

    done = shop.console(REMIND, *words)

    assert done.returncode == 78, done.stderr
    assert said in done.stdout
    assert "winter-22" not in done.stdout + done.stderr


def test_a_template_that_is_broken_is_found_by_config_check_at_its_setting(tmp_path: Path) -> None:
    shop = LicenseShop(tmp_path / "shop")
    text = shop.root / "config" / "mail" / "license-reminder" / "en.txt"
    text.write_text("Subject: {{ nam }}\n", "utf-8")

    done = shop.console("config:check")

    assert done.returncode == 78
    said = done.stdout + done.stderr
    assert "config/jobs.toml" in said
    assert "'nam' is undefined" in said


@pytest.mark.parametrize(
    "words", ["--offsets=soon", "--offsets=400", "--date=tomorrow", "--date=9999-12-31"]
)
def test_words_that_make_no_sense_are_told(tmp_path: Path, words: str) -> None:
    done = LicenseShop(tmp_path / "shop").console(REMIND, words)

    assert done.returncode == 2
    assert words.partition("=")[0] in done.stderr
