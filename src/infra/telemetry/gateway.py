"""The Pushgateway's client: each group of series replaced as a whole, within one time limit."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import SplitResult, quote, unquote, urlsplit

from domain.errors import ConfigurationInvalid, JobError, Refused, StoreUnavailable
from infra.secrets import Secret
from infra.telemetry.exposition import CONTENT_TYPE

LIMIT_SECONDS = 3.0
"""For everything together: name look-up, connecting, and an answer that comes byte by byte."""

_SERVER_ERROR = 500
_SAID_BYTES = 200

Group = Mapping[str, str]


class Pushgateway:
    """One gateway by its address, which may hold a user and a password."""

    def __init__(self, url: Secret, *, limit: float = LIMIT_SECONDS) -> None:
        self._parts, self._limit = _parsed(url.reveal()), limit

    @property
    def address(self) -> str:
        """The gateway as people may see it, without user and password."""
        parts = self._parts
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def put(self, groups: Sequence[tuple[Group, str]]) -> None:
        """Replace each group by its text.

        Raises StoreUnavailable where no answer came in time, Refused where it was a refusal.
        A thread of its own, since neither a name's look-up nor a dripping answer has a time-out.
        """
        connection = self._connection()
        faults: list[JobError] = []
        worker = threading.Thread(
            target=self._put_all, args=(connection, groups, faults), daemon=True
        )
        worker.start()
        worker.join(self._limit)
        if worker.is_alive():
            _cut(connection)
            raise self._silent()
        if faults:
            raise faults[0]

    def _put_all(
        self,
        connection: http.client.HTTPConnection,
        groups: Sequence[tuple[Group, str]],
        faults: list[JobError],
    ) -> None:
        try:
            for group, text in groups:
                self._put(connection, group, text)
        except JobError as error:
            faults.append(error)
        except TimeoutError:
            faults.append(self._silent())
        except (OSError, http.client.HTTPException, ValueError) as error:
            faults.append(self._away(str(error) or type(error).__name__))
        finally:
            connection.close()

    def _put(self, connection: http.client.HTTPConnection, group: Group, text: str) -> None:
        path = self._parts.path.rstrip("/") + _path(group)
        connection.request("PUT", path, body=text.encode(), headers=self._headers())
        answer = connection.getresponse()
        said = answer.read(_SAID_BYTES).decode("utf-8", "replace").strip()
        answer.close()
        if http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES:
            return
        fault = f"answered {answer.status} {answer.reason}: {said}"
        if answer.status >= _SERVER_ERROR:
            raise self._away(fault)
        raise Refused(f"pushgateway {self.address} {fault}")

    def _silent(self) -> StoreUnavailable:
        return self._away(f"no answer within {self._limit:g} s")

    def _away(self, fault: str) -> StoreUnavailable:
        return StoreUnavailable(f"pushgateway {self.address}: {fault}")

    def _connection(self) -> http.client.HTTPConnection:
        kind = (
            http.client.HTTPSConnection
            if self._parts.scheme == "https"
            else http.client.HTTPConnection
        )
        return kind(str(self._parts.hostname), self._parts.port, timeout=self._limit)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": CONTENT_TYPE}
        if self._parts.username is not None:
            login = f"{unquote(self._parts.username)}:{unquote(self._parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        return headers


def _parsed(url: str) -> SplitResult:
    """Take an address apart; its text is in no message, for it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a property that checks
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationInvalid(
            "config: metrics.pushgateway_url is no address like http://gateway:9091"
        )
    return parts


def _path(group: Group) -> str:
    """Name the group in the path; what a path cannot hold goes in base64."""
    return "/metrics" + "".join(_part(name, value) for name, value in group.items())


def _part(name: str, value: str) -> str:
    if value and "/" not in value:
        return f"/{name}/{quote(value, safe='')}"
    coded = base64.urlsafe_b64encode(value.encode()).decode().rstrip("=") or "="
    return f"/{name}@base64/{coded}"


def _cut(connection: http.client.HTTPConnection) -> None:
    """Wake the thread that waits, so that it ends and closes its connection."""
    taken = connection.sock
    if taken is not None:
        with suppress(OSError):
            taken.shutdown(socket.SHUT_RDWR)
