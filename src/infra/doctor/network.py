"""Servers beside the database: reached as a run reaches them, without telling them anything."""

from __future__ import annotations

import base64
import http.client
import smtplib
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from domain.operating.checkup import Seen, ok, skipped, unreachable, wrong
from infra.secrets import filled, resolve, without_password

ANSWER_SECONDS = 2.5
"""Less than a check may take, so that what failed can still be said."""

_KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}

_NO_ACCESS = (http.client.UNAUTHORIZED, http.client.FORBIDDEN)


def ready(address: str, secrets: Path) -> Seen:
    """Ask a Pushgateway or an Alertmanager whether it is ready."""
    if not address:
        return skipped("not configured")
    parts = urlsplit(filled(address, secrets).reveal())
    if parts.scheme not in _KINDS or not parts.hostname:
        return wrong(f"{without_password(address)}: write an http or https address")
    place = without_password(f"{parts.scheme}://{parts.netloc}")
    try:
        status = _status(parts)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return unreachable(f"{place}: {_said(error)}")
    return _judged(place, status)


def _judged(place: str, status: int) -> Seen:
    if status == http.client.OK:
        return ok(f"{place} is ready")
    if status in _NO_ACCESS:
        return wrong(f"{place} answers {status}: it does not know this user and password")
    return unreachable(f"{place} answers {status}")


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _status(parts: SplitResult) -> int:
    connection = _KINDS[parts.scheme](parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/-/ready", headers=_access(parts))
        return int(connection.getresponse().status)
    finally:
        connection.close()


def _access(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def redis(address: str, secrets: Path) -> Seen:
    """Ping it."""
    if not address:
        return skipped("not configured")
    import redis as library

    url = filled(address, secrets)
    try:
        with library.Redis.from_url(url.reveal(), socket_timeout=ANSWER_SECONDS) as client:
            client.ping()
    except (ValueError, library.AuthenticationError) as error:  # no address, or no access
        return wrong(f"{url}: {error}")
    except library.RedisError as error:
        return unreachable(f"{url}: {error}")
    return ok(f"{url} answers")


def mail(values: Mapping[str, Any], secrets: Path) -> Seen:
    """Greet a mail server, secure the line, log in; no mail is sent."""
    place = f"{values['host']}:{values['port']}"
    try:
        with _greeted(values) as server:
            if "password" in values:
                server.login(values["user"], resolve(values["password"], secrets).reveal())
            server.noop()
    except smtplib.SMTPAuthenticationError as error:
        return wrong(f"{place} refuses the login of {values['user']}: {error.smtp_code}")
    except UnicodeEncodeError:  # its text says which sign of the password it is
        return wrong(f"{place}: user or password is not ASCII, which this login cannot carry")
    except (OSError, smtplib.SMTPException) as error:
        return unreachable(f"{place}: {_said(error)}")
    login = f" as {values['user']}" if "password" in values else ""
    return ok(f"{place} takes mail ({values['security']}{login})")


def _greeted(values: Mapping[str, Any]) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=values.get("ca_file"))
    host, port = values["host"], values["port"]
    if values["security"] == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=ANSWER_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=ANSWER_SECONDS)
    try:
        server.ehlo()
        if values["security"] == "starttls":
            server.starttls(context=context)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


Reach = Callable[[Mapping[str, Any], Path], Seen]


def _alertmanager(values: Mapping[str, Any], secrets: Path) -> Seen:
    return ready(values["url"], secrets)


def _cannot_be_tried(_values: Mapping[str, Any], _secrets: Path) -> Seen:
    return skipped("cannot be tried without sending: bin/console alert:test")


REACH: Mapping[str, Reach] = {
    "smtp": mail,
    "alertmanager": _alertmanager,
    "apprise": _cannot_be_tried,
}
"""How a channel of config/alerts.toml is reached, by its kind."""
