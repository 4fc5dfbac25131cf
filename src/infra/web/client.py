"""Requests to one partner's web address: bounded, and never led to another host.

Nothing is tried again here: the runner does that, within the contract's time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from domain.errors import ConfigurationInvalid
from domain.operating.ports import Clock
from domain.transfers.failures import PartnerRefused, PartnerUnproven, TransferBroken
from infra.secrets import without_password

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

MOST_BYTES = 64 << 20
"""No page of orders or articles is larger; a larger answer is not read to its end."""

AGENT = "crontract"
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the partner said; ``headers`` are read without regard to their case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    retry_after: timedelta | None

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of success

    @property
    def is_busy(self) -> bool:
        """The partner asks to come again later, or is broken for now."""
        return self.status in _BUSY

    def json(self) -> Any:
        """Read the body as JSON; numbers with a fraction stay as they are written.

        Raises TransferBroken for a body that is none: a proxy's page, or one that was cut.
        """
        from decimal import Decimal

        try:
            return json.loads(self.body, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            start = self.body[:80].decode("utf-8", "replace")
            raise TransferBroken(f"{self.url} answered no JSON but {start!r}") from error

    def failure(self) -> TransferBroken | PartnerRefused:
        """Give the error for an answer that is not good."""
        start = self.body[:200].decode("utf-8", "replace")
        said = f"{self.url} answered {self.status}: {start}"
        if self.is_busy:
            return TransferBroken(said, retry_after=self.retry_after)
        return PartnerRefused(said)


class WebClient:
    """One partner's address; secrets belong into headers, not into paths."""

    def __init__(
        self, base: str, clock: Clock, *, ca_file: Path | None = None, timeout_seconds: float = 30
    ) -> None:
        if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
            raise ConfigurationInvalid(
                f"{without_password(base)} is no http:// or https:// address"
            )
        self.base = base if base.endswith("/") else f"{base}/"
        self._clock, self._ca_file, self._timeout_seconds = clock, ca_file, timeout_seconds

    def address(self, path: str) -> str:
        """Complete a path or a link of an answer. Raises PartnerRefused if it leads elsewhere."""
        address = urljoin(self.base, path)
        if _origin(address) != _origin(self.base):
            raise PartnerRefused(
                f"{without_password(self.base)} leads to another host: {_shown(address)}"
            )
        return address

    def call(
        self,
        method: str,
        path: str,
        *,
        within: timedelta,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Answer:
        """Ask once. ``content`` is urllib3's: ``fields`` (query or form), ``json``, ``body``.

        Raises TransferBroken where no whole answer came, PartnerUnproven for a certificate that
        does not fit, PartnerRefused for an answer that leads to another host or has no end.
        """
        until = self._clock.monotonic() + within.total_seconds()
        asked = self.answering(method, path, within=within, headers=headers, **content)
        with asked as response:
            return self.answer(response, until)

    @contextmanager
    def answering(
        self,
        method: str,
        path: str,
        *,
        within: timedelta,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Iterator[BaseHTTPResponse]:
        """Ask once, for a body too large to keep: read it within the block. Raises as ``call``."""
        from urllib3 import Timeout

        address = self.address(path)
        longest = max(min(self._timeout_seconds, within.total_seconds()), 0.001)
        with self._translated(address):
            response = self._pool.request(
                method,
                address,
                headers={"User-Agent": AGENT, "Accept-Encoding": "gzip", **(headers or {})},
                timeout=Timeout(total=longest),
                retries=False,
                redirect=False,
                preload_content=False,
                **content,
            )
            try:
                self._check_location(response, address)
                yield response
            finally:
                response.release_conn()

    def close(self) -> None:
        self._pool.clear()

    @cached_property
    def _pool(self) -> PoolManager:
        from urllib3 import PoolManager

        ca_file = str(self._ca_file) if self._ca_file else None
        return PoolManager(num_pools=1, cert_reqs="CERT_REQUIRED", ca_certs=ca_file)

    def answer(self, response: BaseHTTPResponse, until: float = math.inf) -> Answer:
        """Read the whole body; PartnerRefused for one that has no end.

        TransferBroken for one that drips in for longer than ``until``, by the monotonic clock.
        """
        address, body = str(response.url), bytearray()
        # What is there by now: a full chunk of a body that drips would take hours.
        while chunk := response.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MOST_BYTES:
                response.close()
                raise PartnerRefused(f"{_shown(address)} answers more than {MOST_BYTES:,} bytes")
            if self._clock.monotonic() > until:
                response.close()
                raise TransferBroken(f"{_shown(address)} was still answering when time was up")
        return Answer(
            status=response.status,
            headers=response.headers,
            body=bytes(body),
            url=_shown(address),
            retry_after=self._retry_after(response.headers.get("Retry-After")),
        )

    def _check_location(self, response: BaseHTTPResponse, address: str) -> None:
        location = response.headers.get("Location")
        if location and 300 <= response.status < 400:  # noqa: PLR2004 - the class of redirects
            self.address(urljoin(address, location))

    def _retry_after(self, said: str | None) -> timedelta | None:
        """Read seconds or a date; what is neither says nothing."""
        if said is None:
            return None
        try:
            if said.strip().isdigit():
                return timedelta(seconds=int(said))
            until = parsedate_to_datetime(said)
            return max(until - self._clock.now(), timedelta())
        except (ValueError, TypeError, OverflowError):
            return None

    @contextmanager
    def _translated(self, address: str) -> Iterator[None]:
        from urllib3 import exceptions

        try:
            yield
        except exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise PartnerUnproven(f"{_shown(address)}: {error}") from error
            raise TransferBroken(f"{_shown(address)}: {error}") from error
        except exceptions.HTTPError as error:
            raise TransferBroken(f"{_shown(address)}: {type(error).__name__}: {error}") from error


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port


def _shown(address: str) -> str:
    """Write an address for people: a query may hold a token."""
    return without_password(address.partition("?")[0])
