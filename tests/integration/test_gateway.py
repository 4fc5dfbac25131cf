"""The Pushgateway's client on its own: what it sends, refuses and never shows."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field

import pytest

from bad_gateway import Manner, bad_gateway, drips, nobody, says, sends, sleeps
from domain.errors import ConfigurationInvalid, Refused, StoreUnavailable
from infra.secrets import Secret
from infra.telemetry.gateway import Pushgateway

LIMIT = 0.4
GROUP = {"job": "cron", "cron_job": "cr-009", "trigger": "schedule"}


@dataclass
class Recorder:
    """Takes every request, and says yes."""

    requests: list[str] = field(default_factory=list)

    def __call__(self, client: socket.socket, _over: object) -> None:
        while data := client.recv(65536):
            self.requests.append(data.decode())
            if data.endswith(b"\n") and not data.endswith(b"\r\n\r\n"):
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    @property
    def text(self) -> str:
        return "".join(self.requests)


def push(url: str, *groups: dict[str, str]) -> None:
    gateway = Pushgateway(Secret(url), limit=LIMIT)
    gateway.put([(group, "x 1\n") for group in groups or (GROUP,)])


def test_each_group_is_put_by_its_key_over_one_connection() -> None:
    seen = Recorder()
    with bad_gateway(seen) as url:
        push(f"{url}/prefix/", GROUP, {**GROUP, "trigger": "manual"})

    assert seen.text.count("PUT /prefix/metrics/job/cron/cron_job/cr-009/trigger/") == 2
    assert seen.text.count("trigger/manual HTTP/1.1") == 1
    assert seen.text.count("x 1\n") == 2


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("cron:suppliers:import-stock", "/cron_job/cron%3Asuppliers%3Aimport-stock/"),
        ("a/b", "/cron_job@base64/YS9i/"),
        ("ä b?#", "/cron_job/%C3%A4%20b%3F%23/"),
    ],
)
def test_any_id_makes_a_path(name: str, part: str) -> None:
    seen = Recorder()
    with bad_gateway(seen) as url:
        push(url, {**GROUP, "cron_job": name})

    assert part in seen.text


def test_user_and_password_are_sent_and_shown_to_nobody() -> None:
    seen = Recorder()
    with bad_gateway(seen) as url:
        address = url.replace("http://", "http://shop:p%40ss-word@")
        push(address)

    assert "Authorization: Basic c2hvcDpwQHNzLXdvcmQ=" in seen.text
    assert Pushgateway(Secret(address)).address == url


@pytest.mark.parametrize(
    ("manner", "kind", "fault"),
    [
        (sleeps, StoreUnavailable, "no answer within"),
        (drips, StoreUnavailable, "no answer within"),
        (says("500 Internal Server Error"), StoreUnavailable, "answered 500"),
        (says("400 Bad Request"), Refused, "answered 400 Bad Request: no"),
        (says("302 Found", "Location: http://127.0.0.1:1/"), Refused, "answered 302"),
        (sends(b"nonsense\r\n"), StoreUnavailable, "nonsense"),
        (lambda client, _over: client.close(), StoreUnavailable, "pushgateway"),
    ],
    ids=["slow", "dripping", "500", "400", "302", "no HTTP", "hangs up"],
)
def test_a_fault_is_told_in_time(manner: Manner, kind: type[Exception], fault: str) -> None:
    with bad_gateway(manner) as url:
        began = time.monotonic()
        with pytest.raises(kind, match=fault) as told:
            push(url)
        took = time.monotonic() - began

    assert url in str(told.value)
    assert took < LIMIT + 1


def test_nobody_at_the_address_is_unavailable() -> None:
    with nobody() as url, pytest.raises(StoreUnavailable, match="refused"):
        push(url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/", "gateway:9091", "http://", "http://a:b", "", "//h"]
)
def test_what_is_no_web_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="pushgateway_url"):
        push(url)
