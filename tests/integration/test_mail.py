"""Mails by a real server: what it takes, what it refuses, and what is known when it goes away."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationInvalid, JobError, Refused
from domain.mail.address import mail_address
from domain.mail.failures import (
    DeliveryUnknown,
    MailDeferred,
    MailServerAway,
    MailServerRefused,
    RecipientRefused,
)
from domain.mail.ports import Mail
from infra.mail.connection import MailServer as Place
from infra.mail.folder import MailFolder
from infra.mail.message import Sender
from infra.mail.smtp import SmtpMailer
from infra.mail.templates import MailTemplates
from servers import private
from servers.mail import MailServer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENDER = Sender(address="shop@shop.example", name="Reifen & Räder")
LOGIN = ("cron", "winter-22")


def mail(number: int = 1, **changes: Any) -> Mail:
    values: dict[str, Any] = {
        "key": f"license-{number}",
        "to": f"c{number}@customer.example",
        "subject": "Ends",
    }
    return Mail(**(values | {"text": "Hello\n", "html": "<p>Hello</p>"} | changes))


def mailer(server: MailServer, **changes: Any) -> SmtpMailer:
    place: dict[str, Any] = {"host": server.host, "security": "none", **changes}
    return SmtpMailer(
        Place(port=server.port, **place),
        server.files,
        2.0,
        sender=SENDER,
        now=lambda: NOON,
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as started:
        yield started


def test_a_mail_has_both_texts_its_own_id_and_one_connection_serves_many(
    server: MailServer,
) -> None:
    with mailer(server).session() as session:
        receipts = [session.send(mail(n, language="de")) for n in (1, 2, 3)]

    assert receipts == ["250 OK"] * 3
    first, *_ = received = server.mails()
    assert [it["Message-ID"] for it in received] == [
        f"<license-{n}@shop.example>" for n in (1, 2, 3)
    ]
    assert (first["X-Envelope-From"], first["X-Envelope-To"]) == (
        "shop@shop.example",
        "c1@customer.example",
    )
    assert (first["From"], first["Content-Language"]) == (
        "Reifen & Räder <shop@shop.example>",
        "de",
    )
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Ann\r\nBcc: all@world.example"},
        {"subject": "Ends\nBcc: all@world.example"},
        {"name": 'a"<b@c.example>,\x00\x1b[2J\u2028x'},
    ],
)
def test_no_name_and_no_subject_becomes_a_header_or_a_recipient(
    server: MailServer, changes: dict[str, Any]
) -> None:
    with mailer(server).session() as session:
        session.send(mail(**changes))

    (found,) = server.mails()
    assert found["Bcc"] is None
    assert [it.addr_spec for it in found["To"].addresses] == ["c1@customer.example"]
    assert found.get_all("X-Envelope-To") == ["c1@customer.example"]


@pytest.mark.parametrize(
    ("answer", "at", "raised"),
    [
        ("550 5.1.1 no such user", "RCPT", RecipientRefused),
        ("450 4.2.0 greylisted", "RCPT", MailDeferred),
        ("554 5.7.1 relay access denied", "RCPT", MailDeferred),
        ("452 4.2.2 mailbox full", "DATA", MailDeferred),
        ("554 5.6.0 looks like spam", "DATA", MailDeferred),
        ("451 4.3.0 later", "MAIL", MailDeferred),
        ("553 5.1.8 sender unknown", "MAIL", MailServerRefused),
        ("421 4.3.2 closing", "RCPT", MailServerAway),
        ("421 4.3.2 closing", "DATA", MailServerAway),
        ("451 4.3.0 no room", "DATA command", MailDeferred),
    ],
)
def test_a_refusal_tells_whose_fault_it_is_and_the_next_mail_still_goes(
    server: MailServer, answer: str, at: str, raised: type[JobError]
) -> None:
    with mailer(server).session() as session:
        server.refuse(answer, at)
        with pytest.raises(raised, match=answer[:3]):
            session.send(mail(1))
        server.accept()
        session.send(mail(2))

    assert [it["X-Envelope-To"] for it in server.mails()] == ["c2@customer.example"]


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA command"])
def test_a_connection_that_is_cut_before_the_mail_is_opened_anew(
    server: MailServer, at: str
) -> None:
    with mailer(server).session() as session:
        session.send(mail(1))
        server.drop(at, times=1)
        session.send(mail(2))

    assert len(server.mails()) == 2


def test_a_connection_that_is_cut_within_the_mail_leaves_its_fate_unknown(
    server: MailServer,
) -> None:
    with mailer(server).session() as session:
        server.drop("DATA", times=1)
        with pytest.raises(DeliveryUnknown, match="connection lost"):
            session.send(mail(1))
        session.send(mail(2))

    assert [it["X-Envelope-To"] for it in server.mails()] == ["c2@customer.example"]


def test_lines_that_begin_with_a_dot_arrive_as_they_are(server: MailServer) -> None:
    text = ".\n..\nDear customer\n.end"
    with mailer(server).session() as session:
        session.send(mail(1, text=text))

    body = server.mails()[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().rstrip("\n") == text


def test_a_server_that_is_gone_or_hangs_is_away(server: MailServer) -> None:
    with mailer(server).session() as session:
        server.close()
        with pytest.raises(MailServerAway, match="cannot be reached"):
            session.send(mail())
    with pytest.raises(MailServerAway), mailer(server).session():
        pytest.fail("it is not there")


@pytest.mark.parametrize(
    ("tls", "changes"),
    [
        ("", {}),
        ("starttls", {"security": "starttls"}),
        ("implicit", {"security": "tls"}),
    ],
)
def test_login_and_encryption_are_asked_for_and_a_wrong_one_is_never_tried_again(
    tmp_path: Path, tls: str, changes: dict[str, str]
) -> None:
    with private("smtp", tmp_path / "smtp", login=LOGIN, tls=tls) as server:
        trusted = {"ca_file": str(server.certificate)} if tls else {}
        secret = server.files / "password"
        secret.write_text(LOGIN[1], "utf-8")
        known = {"user": LOGIN[0], "password": f"file:{secret}", **changes, **trusted}
        with mailer(server, **known).session() as session:
            session.send(mail())
        secret.write_text("another one", "utf-8")

        with pytest.raises(MailServerRefused, match="refuses us") as refused:
            mailer(server, **known).connect()

    assert "another one" not in str(refused.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with (
        private("smtp", tmp_path / "smtp", tls="starttls") as server,
        pytest.raises(MailServerRefused, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        mailer(server, security="starttls").connect()


def test_for_trying_each_mail_is_a_file(tmp_path: Path) -> None:
    with MailFolder(tmp_path / "mail", SENDER, lambda: NOON).session() as session:
        session.send(mail())

    (file,) = (tmp_path / "mail").iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (file.name, message["Subject"]) == ("license-1.eml", "Ends")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way", "utf-8")

    with (
        pytest.raises(MailServerRefused, match="mail cannot be used"),
        MailFolder(tmp_path / "mail", SENDER, lambda: NOON).session(),
    ):
        pytest.fail("there is no folder")


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Ann.O'Neil+x@Shop.Example ", "Ann.O'Neil+x@shop.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_taken_as_servers_know_it(written: str, address: str) -> None:
    assert mail_address(written) == address


@pytest.mark.parametrize(
    "written",
    [
        *("", "ann", "ann@", "@shop.example", "ann@shop", "a b@shop.example", "a@b@shop.example"),
        *("ann@shop.example\r\nRCPT TO:<all@world.example>", "ann@shop..example"),
        *("änn@shop.example", f"{'a' * 65}@shop.example", f"ann@{'a' * 64}.example"),
        *("<a@b.example>", "a@b.example, c@d.example", "a..b@shop.example", "a@127.0.0.1"),
        *(f"a@{'bcd.' * 70}example", "ann@-x.example"),
    ],
)
def test_what_is_no_address_goes_to_no_server(written: str) -> None:
    with pytest.raises(Refused, match=r"no mail address|longer than"):
        mail_address(written)


# --- templates ------------------------------------------------------------------------------------


def templates(folder: Path, text: str, html: str = "<p>{{ name }}</p>") -> MailTemplates:
    (folder / "en.txt").write_text(text, "utf-8")
    (folder / "en.html").write_text(html, "utf-8")
    return MailTemplates(folder)


def test_a_name_is_escaped_in_html_and_stays_one_line(tmp_path: Path) -> None:
    filled = templates(tmp_path, "Subject: For {{ name }}\n\n{{ name }}\n")

    subject, text, html = filled.fill("en", {"name": "<b>A & B</b>\nBcc: all@world.example"})

    one_line = "<b>A & B</b> Bcc: all@world.example"
    assert (subject, text) == (f"For {one_line}", f"{one_line}\n")
    assert html == "<p>&lt;b&gt;A &amp; B&lt;/b&gt; Bcc: all@world.example</p>"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Hello\n", "en.txt must begin with 'Subject: …'"),
        ("Subject:\n", "en.txt must begin with"),
        ("Subject: a\n\n{{ nam }}\n", "en.txt: 'nam' is undefined"),
        ("Subject: a\n\n{% if %}\n", "en.txt line 3"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_named(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(Refused, match=complaint):
        templates(tmp_path, text).fill("en", {"name": "Ann"})
    with pytest.raises(Refused, match=r"fr\.txt is missing"):
        templates(tmp_path, text).fill("fr", {"name": "Ann"})


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("days", "words"), [(0, ("heute", "today")), (1, ("morgen", "tomorrow"))])
def test_the_shipped_reminders_say_when(language: str, days: int, words: tuple[str, str]) -> None:
    subject, text, html = MailTemplates(Path("config/mail/license-reminder")).fill(
        language,
        {
            "name": "Ann",
            "license_id": 7,
            "valid_until": datetime(2028, 2, 29, tzinfo=UTC),
            "days": days,
            "shop": "Shop",
        },
    )

    assert subject.endswith(words[language == "en"])
    shown = "29.02.2028" if language == "de" else "29 February 2028"
    assert shown in text
    assert shown in html


def test_a_fault_in_a_shop_s_own_templates_is_found_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    from infra.mail.license_letters import LicenseLetters

    templates(tmp_path, "Subject: a\n\n{{ nam }}\n")

    with pytest.raises(ConfigurationInvalid, match=r"'nam' is undefined; .*de\.txt is missing"):
        LicenseLetters(tmp_path, ("en", "de"), "en", "Shop").check()
