"""Every channel against a real server: what arrives, and what a refusal leaves on the receipt."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest

from acceptance.alert_shop import Listener
from domain.operating.contract import Contract, Owner
from domain.operating.incidents import Kind, Part
from domain.operating.notices import Incident, Letter, Notice, State
from fakes.operating import CONTRACT, THREE
from infra.alerts.alertmanager import AlertmanagerChannel, slug
from infra.alerts.apprise_url import AppriseChannel
from infra.alerts.channel import Channel, NotDelivered
from infra.alerts.courier import ChannelCourier
from infra.alerts.settings import Routes
from infra.alerts.smtp import SmtpChannel
from infra.alerts.texts import SUBJECT_LENGTH, body, subject
from infra.clock import SystemClock
from servers import private
from servers.mail import MailServer

LOGIN = ("crontract", "p@ss word/1")


def impact(_contract: Contract) -> tuple[str, ...]:
    return ("Stock is out of date.",)


def letter(kind: Kind = Kind.PAGE, part: Part = Part.RUNTIME, **changes: Any) -> Letter:
    notice = Notice(
        notice_id="notice-1",
        incident_id="incident-1",
        owner=Owner.SHARED_OPS,
        kind=kind,
        part=part,
        number=0,
        created_at=THREE,
    )
    values: dict[str, Any] = {
        "incident_id": "incident-1",
        "command": CONTRACT.name,
        "scope": "all",
        "fingerprint": "0123456789abcdef",
        "title": "failed: NoColumn: no column price",
        "outcome": "failed",
        "severity": Kind.PAGE,
        "opened_at": THREE,
        "last_at": THREE,
        "failures": 1,
        "run_id": "run-1",
        "last_run_id": "run-1",
    }
    incident = Incident(**{**values, **changes})
    return Letter(notice=notice, incident=incident, contract=CONTRACT, now=THREE)


def smtp(server: MailServer, folder: Path, **changes: Any) -> SmtpChannel:
    values = {
        "kind": "smtp",
        "host": server.host,
        "port": server.port,
        "security": "none",
        "from": "crontract@shop.example",
        "to": ["ops@shop.example", "night@shop.example"],
    }
    return SmtpChannel("mail", {**values, **changes}, folder, impact)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with private("smtp", tmp_path / "smtp") as server:
        yield server


# --- mail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tls", "security"), [("starttls", "starttls"), ("implicit", "tls")])
def test_mail_goes_encrypted_with_a_login_by_reference(
    tmp_path: Path, tls: str, security: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "smtp").write_text(f"{LOGIN[1]}\n", encoding="utf-8")
    with private("smtp", tmp_path / "smtp", login=LOGIN, tls=tls) as server:
        secured = {
            "security": security,
            "user": LOGIN[0],
            "password": "secret:smtp",
            "ca_file": str(server.certificate),
        }

        answer = smtp(server, tmp_path / "secrets", **secured).send(letter())
        with pytest.raises(NotDelivered, match="certificate") as distrusted:
            smtp(server, tmp_path / "secrets", **{**secured, "ca_file": None}).send(letter())
        (tmp_path / "secrets" / "smtp").write_text("another one", encoding="utf-8")
        with pytest.raises(NotDelivered, match="535") as refused:
            smtp(server, tmp_path / "secrets", **secured).send(letter())

        (received,) = server.mails()
    assert answer == f"accepted by {server.host}"
    assert received.get_all("X-Envelope-To") == ["ops@shop.example", "night@shop.example"]
    assert "another one" not in f"{refused.value}{distrusted.value}"


def test_a_mail_that_reminds_or_ends_belongs_to_the_thread_of_its_page(
    mail: MailServer, tmp_path: Path
) -> None:
    channel = smtp(mail, tmp_path)
    for kind in (Kind.PAGE, Kind.REMINDER, Kind.RECOVERY):
        channel.send(letter(kind))

    page, reminder, recovery = mail.mails()
    assert page["References"] is None
    assert reminder["References"] == recovery["In-Reply-To"] == page["Message-ID"]
    assert len({str(received["Message-ID"]) for received in mail.mails()}) == 3


@pytest.mark.parametrize(
    "title", ["failed: x\r\nBcc: all@shop.example", "failed: \x00\u2028Bcc: a@b", "ä" * 500]
)
def test_no_error_text_can_add_a_header_or_break_a_mail(
    mail: MailServer, tmp_path: Path, title: str
) -> None:
    hostile = letter(title=title)

    smtp(mail, tmp_path).send(hostile)

    (received,) = mail.mails()
    assert received["Bcc"] is None
    assert received.get_all("X-Envelope-To") == ["ops@shop.example", "night@shop.example"]
    assert len(received["Subject"]) <= SUBJECT_LENGTH
    assert received.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("step", "answer"), [("CONNECT", "421"), ("MAIL", "451"), ("RCPT", "550"), ("DATA", "452")]
)
def test_a_refusal_at_any_step_is_the_receipt(
    mail: MailServer, tmp_path: Path, step: str, answer: str
) -> None:
    mail.refuse(f"{answer} not now", at=step)

    with pytest.raises(NotDelivered, match=f"{answer}.* not now"):
        smtp(mail, tmp_path).send(letter())


def test_a_server_that_is_not_there_is_the_receipt(mail: MailServer, tmp_path: Path) -> None:
    mail.stop()

    with pytest.raises(NotDelivered, match="refused"):
        smtp(mail, tmp_path).send(letter())


# --- Alertmanager -------------------------------------------------------------------------------

QUIET = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def test_an_alert_stands_until_its_recovery(tmp_path: Path) -> None:
    with private("alertmanager", tmp_path / "am", config=QUIET) as manager:
        channel = AlertmanagerChannel("am", {"url": manager.url}, impact)
        now = SystemClock().now()
        open_now = replace(letter(opened_at=now), now=now)
        over = replace(letter(Kind.RECOVERY, opened_at=now, recovered_at=now), now=now)

        answers = [channel.send(open_now), channel.send(open_now)]
        standing = _alerts(manager.url)
        answers.append(channel.send(over))

        assert answers == ["HTTP 200"] * 3
        assert [alert["labels"]["alertname"] for alert in standing] == ["CronRunFailed"]
        assert _alerts(manager.url) == []


def test_what_alertmanager_refuses_is_the_receipt(tmp_path: Path) -> None:
    with private("alertmanager", tmp_path / "am", config=QUIET) as manager:
        with pytest.raises(NotDelivered, match="HTTP 404"):
            AlertmanagerChannel("am", {"url": f"{manager.url}/no/such"}, impact).send(letter())
        manager.stop()
        with pytest.raises(NotDelivered, match="refused"):
            AlertmanagerChannel("am", {"url": manager.url}, impact).send(letter())


@pytest.mark.parametrize(
    ("kind", "changes", "name", "severity"),
    [
        (Kind.PAGE, {}, "CronRunFailed", "page"),
        (Kind.IMPACT, {"severity": Kind.IMPACT}, "CronRunPartial", "ticket"),
        (Kind.TICKET, {"severity": Kind.TICKET}, "CronSucceededEmpty", "ticket"),
        (Kind.STORM, {}, "CronIncidentStorm", "page"),
        (Kind.TEST, {}, "CronAlertTest", "page"),
    ],
)
def test_an_alert_s_labels_tell_its_routes(
    kind: Kind, changes: Mapping[str, Any], name: str, severity: str
) -> None:
    labels = AlertmanagerChannel("am", {}, impact).alert(letter(kind, **changes))["labels"]

    assert (labels["alertname"], labels["severity"]) == (name, severity)
    assert (labels["runtime_owner"], labels["domain_owner"]) == ("shared-ops", "stock-import")


def test_owners_are_written_as_routes_name_them() -> None:
    assert slug(Owner.MARKETING_CRM) == "marketing-crm"


def _alerts(url: str) -> list[Any]:
    from urllib.request import urlopen

    with urlopen(f"{url}/api/v2/alerts") as answer:  # noqa: S310 - our own loopback server
        found: list[Any] = json.load(answer)
    return found


# --- apprise ------------------------------------------------------------------------------------

LOADS_OLD_MODULES = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
"""The library looks for a module of Python before 3.13 on purpose."""


@LOADS_OLD_MODULES
def test_an_apprise_address_gets_title_and_text_and_its_secret_by_reference(
    tmp_path: Path,
) -> None:
    (tmp_path / "token").write_text("s3cret/token\n", encoding="utf-8")
    with Listener().listening() as hook:
        address = hook.url.replace("http://", "json://crontract:{secret:token}@")

        answer = AppriseChannel("chat", {"url": address}, tmp_path, impact).send(letter())

    assert answer == "accepted"
    assert hook.posts[0]["title"] == subject(letter())
    assert "runs:show run-1" in hook.posts[0]["message"]


@LOADS_OLD_MODULES
@pytest.mark.parametrize(
    "address", ["json://x:{secret:token}@127.0.0.1:9/", "no-such://{secret:token}"]
)
def test_an_apprise_address_that_fails_says_why_without_its_secret(
    tmp_path: Path, address: str
) -> None:
    (tmp_path / "token").write_text("s3cret/token\n", encoding="utf-8")

    with pytest.raises(NotDelivered) as refused:
        AppriseChannel("chat", {"url": address}, tmp_path, impact).send(letter())

    assert str(refused.value)
    assert "s3cret" not in str(refused.value)


# --- the courier --------------------------------------------------------------------------------


class Deaf:
    """A channel whose library breaks."""

    name = "deaf"

    def send(self, letter: Letter) -> str:
        raise ZeroDivisionError("by the library")


def courier(*channels: Channel, seconds: float = 10) -> ChannelCourier:
    names = tuple(channel.name for channel in channels)
    routes = Routes(channels={name: {} for name in names}, owners={Owner.SHARED_OPS: names})
    by_name = {channel.name: channel for channel in channels}
    return ChannelCourier(routes, by_name, SystemClock(), seconds)


def test_a_library_that_breaks_is_a_receipt_and_the_next_channel_is_asked(
    mail: MailServer, tmp_path: Path
) -> None:
    delivery = courier(Deaf(), smtp(mail, tmp_path)).deliver(letter())

    assert delivery.state is State.SENT
    assert [(r.channel, r.accepted) for r in delivery.receipts] == [("deaf", False), ("mail", True)]
    assert delivery.receipts[0].answer == "ZeroDivisionError: by the library"


def test_a_missing_secret_is_a_receipt_that_names_its_reference(
    mail: MailServer, tmp_path: Path
) -> None:
    channel = smtp(mail, tmp_path, user="x", password="secret:none")  # noqa: S106 - a reference

    delivery = courier(channel).deliver(letter())

    assert delivery.state is State.DUE
    assert "none cannot be read" in delivery.receipts[0].answer


def test_a_password_that_smtp_cannot_carry_is_a_receipt_that_tells_no_sign_of_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "smtp-word").write_text("häuser22", "utf-8")
    with private("smtp", tmp_path / "server", login=("cron", "häuser22"), tls="starttls") as server:
        trusted = {"security": "starttls", "ca_file": str(server.certificate)}
        channel = smtp(server, tmp_path, user="cron", password="secret:smtp-word", **trusted)  # noqa: S106 - a reference

        with pytest.raises(NotDelivered, match="is not ASCII") as refused:
            channel.send(letter())

    assert "UnicodeEncodeError" not in "".join(format_exception(refused.value))
    assert server.mails() == []


def test_a_server_that_hangs_is_asked_once_and_then_left_out(
    mail: MailServer, tmp_path: Path
) -> None:
    with _hanging() as port:
        hanging = replace(smtp(mail, tmp_path), name="first")
        hanging = replace(hanging, values={**hanging.values, "port": port})
        brings = courier(hanging, smtp(mail, tmp_path))
        began = time.monotonic()

        first, second = brings.deliver(letter()), brings.deliver(letter(Kind.RECOVERY))

    assert time.monotonic() - began < 8
    assert (first.state, second.state) == (State.SENT, State.SENT)
    assert second.receipts[0].answer == "left out: it hung a moment ago"


def test_without_time_nothing_is_asked_and_nothing_lost(mail: MailServer, tmp_path: Path) -> None:
    late = courier(smtp(mail, tmp_path), seconds=0)

    delivery = late.deliver(letter())

    assert (late.has_time, delivery.state, delivery.receipts) == (False, State.DUE, ())


def test_an_owner_without_a_channel_is_told_so() -> None:
    nobody = replace(letter(), notice=replace(letter().notice, owner=Owner.WEBSHOP))

    assert courier().deliver(nobody).state is State.NO_CHANNEL


@contextmanager
def _hanging() -> Iterator[int]:
    """Listen on a port and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "opening", "headline"),
    [
        (letter(), "cron:sample:work all failed: 2026-11-21 03:00 UTC.", "[page]"),
        (
            letter(Kind.IMPACT, Part.DOMAIN, severity=Kind.IMPACT),
            "Do the sample's work [all] did a part of its work only: 2026-11-21 03:00 UTC.",
            "[impact]",
        ),
        (
            letter(Kind.TICKET, Part.DOMAIN, severity=Kind.TICKET),
            "Do the sample's work [all] has found nothing to do for a day",
            "[ticket]",
        ),
        (
            replace(letter(Kind.REMINDER), now=THREE + timedelta(days=2, minutes=5)),
            "cron:sample:work all still fails, now for 2 d 5 min: failed: NoColumn",
            "[reminder]",
        ),
        (
            letter(Kind.RECOVERY, recovered_at=THREE + timedelta(seconds=20)),
            "cron:sample:work all works again.\nIt failed from 2026-11-21 03:00 UTC to 2026-11-21",
            "[recovered]",
        ),
        (
            letter(recovered_at=THREE + timedelta(hours=1)),
            "cron:sample:work all works again.",
            "[recovered]",
        ),
        (letter(Kind.TEST), "This is a test of the way to Shared Ops.", "[test]"),
        (replace(letter(Kind.STORM), others=100), "100 incidents were opened", "[storm]"),
    ],
    ids=["page", "partial", "ticket", "reminder", "recovery", "late page", "test", "storm"],
)
def test_each_notice_begins_with_what_it_is(said: Letter, opening: str, headline: str) -> None:
    assert body(said, impact).startswith(opening)
    assert subject(said).startswith(headline)


@pytest.mark.parametrize(
    ("part", "runtime", "domain"),
    [(Part.RUNTIME, True, False), (Part.DOMAIN, False, True), (Part.BOTH, True, True)],
)
def test_ops_read_what_to_type_and_the_domain_what_it_means(
    part: Part, runtime: bool, domain: bool
) -> None:
    text = body(letter(part=part), impact)

    assert ("bin/console incidents:ack incident-1" in text) == runtime
    assert ("Stock is out of date." in text) == domain


@pytest.mark.parametrize(("severity", "told"), [(Kind.PAGE, True), (Kind.IMPACT, False)])
def test_the_domain_reads_that_ops_are_told_where_they_are(severity: Kind, told: bool) -> None:
    text = body(letter(Kind.IMPACT, Part.DOMAIN, severity=severity), impact)

    assert ("Shared Ops mends it and is told" in text) == told
    assert "Reason given: failed: NoColumn: no column price" in text


def test_a_job_without_a_word_on_its_impact_is_named_by_its_summary() -> None:
    text = body(letter(part=Part.DOMAIN), lambda _contract: ())

    assert 'The job "Do the sample\'s work" does not do its work.' in text


def test_a_start_that_became_no_run_leads_to_its_contract() -> None:
    text = body(letter(last_run_id=""), impact)

    assert f"bin/console contract:show {CONTRACT.name}" in text
