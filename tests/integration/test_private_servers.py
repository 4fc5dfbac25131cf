"""The servers that tests start for themselves do what the tests believe."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.request import urlopen

import pytest
import redis

from servers import private, proxy
from servers.access import Access
from servers.server import Server, free_port

ROUTES = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def mail(subject: str = "stock is late") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@localhost", "ops@localhost", subject
    message.set_content("see the run\n")
    return message


def use_sql(server: Server) -> None:
    with Access(server.url) as access:
        access.execute("CREATE TABLE IF NOT EXISTS kept (n INTEGER)")
        access.execute("INSERT INTO kept VALUES (?)", 1)


def count_sql(server: Server) -> int:
    with Access(server.url) as access:
        return len(access.rows("SELECT n FROM kept"))


# --- databases and cache ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
@pytest.mark.parametrize("end", [Server.stop, Server.kill])
def test_a_database_keeps_what_was_committed_when_it_is_stopped_or_killed(
    name: str, end: Callable[[Server], None], tmp_path: Path
) -> None:
    with private(name, tmp_path) as server:
        use_sql(server)
        url = server.url

        end(server)
        refused = not server.listens()
        server.start()

        assert refused
        assert server.url == url
        assert count_sql(server) == 1


def test_a_private_redis_takes_only_its_password(tmp_path: Path) -> None:
    with private("redis", tmp_path, password="sesame") as server:  # noqa: S106 - of a test server
        with redis.Redis.from_url(server.url) as known:
            known.set("stock", "7")

        with (
            redis.Redis(host=server.host, port=server.port) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("stock")


# --- the Prometheus family ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pushgateway", {}),
        ("prometheus", {"config": "scrape_configs: []\n"}),
        ("alertmanager", {"config": ROUTES}),
    ],
)
def test_it_answers_at_its_address(name: str, options: dict[str, str], tmp_path: Path) -> None:
    with private(name, tmp_path, **options) as server, urlopen(f"{server.url}/-/ready") as answer:  # noqa: S310
        assert answer.status == 200


# --- mail ---------------------------------------------------------------------------------------


def test_a_mail_is_kept_with_its_envelope(tmp_path: Path) -> None:
    with private("smtp", tmp_path) as server:
        with smtplib.SMTP(server.host, server.port) as client:
            client.send_message(mail(), to_addrs=["a@localhost", "b@localhost"])

        (got,) = server.mails()

        assert (got["Subject"], got.get_content()) == ("stock is late", "see the run\n")
        assert got.get_all("X-Envelope-To") == ["a@localhost", "b@localhost"]


@pytest.mark.parametrize(("answer", "code"), [("451 later", 451), ("550 never", 550)])
@pytest.mark.parametrize("at", ["MAIL", "DATA"])
def test_a_mail_is_refused_until_told_otherwise(
    answer: str, code: int, at: str, tmp_path: Path
) -> None:
    with private("smtp", tmp_path) as server:
        server.refuse(answer, at=at)
        with (
            smtplib.SMTP(server.host, server.port) as client,
            pytest.raises(smtplib.SMTPResponseException) as refusal,
        ):
            client.send_message(mail())
        server.accept()
        with smtplib.SMTP(server.host, server.port) as client:
            client.send_message(mail("second try"))

        assert refusal.value.smtp_code == code
        assert [got["Subject"] for got in server.mails()] == ["second try"]


@pytest.mark.parametrize("at", ["CONNECT", "DATA"])
def test_a_hanging_server_keeps_the_client_waiting(at: str, tmp_path: Path) -> None:
    with private("smtp", tmp_path) as server:
        server.hang(at)

        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            deliver(server, timeout=0.3)

        assert server.mails() == []


def deliver(server: Server, timeout: float) -> None:
    with smtplib.SMTP(server.host, server.port, timeout=timeout) as client:
        client.send_message(mail())


@pytest.mark.parametrize("tls", ["", "starttls", "implicit"])
def test_a_login_is_asked_for_with_and_without_tls(tls: str, tmp_path: Path) -> None:
    with private("smtp", tmp_path, login=("ops", "sesame"), tls=tls) as server:
        context = ssl.create_default_context(cafile=server.certificate if tls else None)
        client = (
            smtplib.SMTP_SSL(server.host, server.port, context=context)
            if tls == "implicit"
            else smtplib.SMTP(server.host, server.port)
        )
        with client:
            if tls == "starttls":
                client.starttls(context=context)
            with pytest.raises(smtplib.SMTPResponseException):
                client.send_message(mail("no login"))
            client.login("ops", "sesame")
            client.send_message(mail("logged in"))

        assert [got["Subject"] for got in server.mails()] == ["logged in"]


# --- the line between ---------------------------------------------------------------------------


def test_a_cut_connection_is_lost_and_a_new_one_is_taken(tmp_path: Path) -> None:
    with (
        private("redis", tmp_path) as server,
        proxy(server.host, server.port) as line,
        socket.create_connection((line.host, line.port), 5) as connection,
    ):
        connection.sendall(b"PING\r\n")
        first = connection.recv(100)

        line.cut()
        with pytest.raises(ConnectionError):
            talk(connection)

        assert first == b"+PONG\r\n"
        assert ping(line.host, line.port)


def test_a_refusing_line_takes_no_connection_until_it_accepts(tmp_path: Path) -> None:
    with private("redis", tmp_path) as server, proxy(server.host, server.port) as line:
        line.refuse()
        with pytest.raises(ConnectionError):
            ping(line.host, line.port)
        line.accept()

        assert ping(line.host, line.port)


def test_a_slow_line_outlasts_the_clients_patience(tmp_path: Path) -> None:
    with private("redis", tmp_path) as server, proxy(server.host, server.port) as line:
        line.delay(30)
        with pytest.raises(TimeoutError):
            ping(line.host, line.port, timeout=0.2)
        line.delay(0)

        assert ping(line.host, line.port)


def test_a_line_to_nothing_ends_each_connection() -> None:
    with (
        proxy("127.0.0.1", free_port()) as line,
        socket.create_connection((line.host, line.port), 5) as connection,
    ):
        assert connection.recv(1) == b""


def ping(host: str, port: int, timeout: float = 5) -> bool:
    with socket.create_connection((host, port), timeout) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(100) == b"+PONG\r\n"


def talk(connection: socket.socket) -> None:
    """Write and read until the loss shows: the first write may still be taken."""
    while True:
        connection.sendall(b"PING\r\n")
        if not connection.recv(100):
            raise ConnectionResetError
