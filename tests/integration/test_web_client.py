"""One partner's web address, asked over a real line."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from domain.errors import ConfigurationInvalid
from domain.transfers.failures import PartnerRefused, TransferBroken
from fakes.supplier_import import NOON, FixedClock
from infra.clock import SystemClock
from infra.web.client import Answer, WebClient
from partner_site import Reply, Request, Running, listening

SOON = timedelta(seconds=5)


@dataclass
class Says:
    """A site that always says the same."""

    reply: Reply = field(default_factory=Reply)

    def answer(self, request: Request) -> Reply:
        return self.reply


@contextmanager
def asking(reply: Reply) -> Iterator[tuple[WebClient, Running]]:
    with listening(Says(reply)) as site:
        client = WebClient(f"{site.address}/api", FixedClock())
        try:
            yield client, site
        finally:
            client.close()


def asked(reply: Reply, path: str = "orders") -> Answer:
    with asking(reply) as (client, _):
        return client.call("GET", path, within=SOON)


def test_a_path_is_asked_for_below_the_address_with_its_query() -> None:
    with asking(Reply.of({"a": 1})) as (client, site):
        client.call("GET", "orders", within=SOON, fields={"page": "2"}, headers={"X-Key": "k"})

    assert (site.asked[0].path, site.asked[0].query) == ("/api/orders", {"page": ["2"]})
    assert (site.asked[0].headers["x-key"], site.asked[0].headers["user-agent"]) == (
        "k",
        "crontract",
    )


def test_amounts_keep_every_digit_and_large_ids_their_value() -> None:
    reply = Reply(body=b'{"amount": 19.90, "id": 9007199254740993}')

    content = asked(reply.packed()).json()

    assert content == {"amount": Decimal("19.90"), "id": 9007199254740993}


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_partner_may_be_asked_again(status: int) -> None:
    answer = asked(Reply(status=status, headers={"Retry-After": "7"}))

    failure = answer.failure()

    assert isinstance(failure, TransferBroken)
    assert failure.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOON - timedelta(hours=1), usegmt=True), timedelta()),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_may_be_a_date_in_the_past_or_nonsense(
    said: str, wait: timedelta | None
) -> None:
    assert asked(Reply(status=429, headers={"Retry-After": said})).retry_after == wait


def test_a_refusal_is_not_tried_again_and_shows_what_was_said() -> None:
    failure = asked(Reply(status=403, body=b"no such right")).failure()

    assert isinstance(failure, PartnerRefused)
    assert "403: no such right" in str(failure)


def test_a_body_that_is_cut_is_no_answer() -> None:
    with pytest.raises(TransferBroken):
        asked(Reply(body=b"x" * 1000, cut=True))


def test_a_page_in_the_place_of_json_is_told_with_its_start() -> None:
    with pytest.raises(TransferBroken, match="<html>down"):
        asked(Reply(body=b"<html>down</html>")).json()


@pytest.mark.parametrize("path", ["http://127.0.0.2:1/next", "//elsewhere.example/next"])
def test_a_link_to_another_host_is_refused_before_anything_is_sent(path: str) -> None:
    with pytest.raises(PartnerRefused, match="leads to another host"):
        asked(Reply(), path)


def test_a_redirect_to_another_host_is_refused() -> None:
    with pytest.raises(PartnerRefused, match=r"elsewhere\.example/next") as refusal:
        asked(Reply(status=302, headers={"Location": "https://u:one@elsewhere.example/next?two"}))

    assert not re.search("one@|two", str(refusal.value))


def test_a_query_is_not_shown_since_it_may_hold_a_token() -> None:
    with asking(Reply(status=403)) as (client, _):
        answer = client.call("GET", "orders", within=SOON, fields={"token": "canary"})

    assert "canary" not in str(answer.failure())


def test_nobody_listening_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = WebClient(f"http://127.0.0.1:{taken.getsockname()[1]}", FixedClock())

        with pytest.raises(TransferBroken):
            client.call("GET", "", within=SOON)


def test_no_wait_is_longer_than_the_run_has_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = WebClient(f"http://127.0.0.1:{silent.getsockname()[1]}", FixedClock())

        with pytest.raises(TransferBroken, match="Timeout"):
            client.call("GET", "", within=timedelta(seconds=0.2))


def test_an_answer_that_drips_in_ends_with_the_runs_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = WebClient(f"http://127.0.0.1:{server.getsockname()[1]}", SystemClock())
        over = threading.Event()
        drips = threading.Thread(target=_drip, args=(server, over))
        drips.start()

        try:
            with pytest.raises(TransferBroken, match="still answering when time was up"):
                client.call("GET", "", within=timedelta(seconds=0.3))
        finally:
            over.set()
            drips.join()


def _drip(server: socket.socket, over: threading.Event) -> None:
    """Send a byte ten times a second until nobody listens any more."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.1):
            connection.sendall(b" ")


@pytest.mark.parametrize("base", ["ftp://partner.example", "partner.example", "https://"])
def test_an_address_that_is_none_is_a_fault_of_the_configuration(base: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="is no http"):
        WebClient(base, FixedClock())
