"""One platform's web address: logged in when first asked, and once more where the login ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from domain.platforms.patience import Patience
from domain.transfers.failures import LoginRefused, PartnerRefused, TransferBroken
from infra.platforms.texts import Listing, listing_of
from infra.secrets import Secret
from infra.web.client import Answer, WebClient

_T = TypeVar("_T")

Headers = Mapping[str, str]
LogIn = Callable[["Session"], Headers]
"""Asks for a token; gives the headers that show it."""

UNAUTHORISED, FORBIDDEN = 401, 403


class Session:
    """Asks with a login. ``log_in`` makes the headers anew; without it they are for ever."""

    def __init__(
        self,
        client: WebClient,
        patience: Patience,
        *,
        headers: Headers | None = None,
        log_in: LogIn | None = None,
    ) -> None:
        self._client, self.patience = client, patience
        self._headers, self._log_in = headers, log_in

    def ask(self, method: str, path: str, read: Callable[[Answer], _T], **content: Any) -> _T:
        """Ask until there is an answer that can be read, and read it.

        Raises TransferBroken, LoginRefused, PartnerRefused.
        """
        return self.patience.persist(lambda: read(self.once(method, path, **content)))

    def once(self, method: str, path: str, **content: Any) -> Answer:
        """Ask, and log in anew where the platform does not know us any more; no further tries."""
        return _good(self.answer(method, path, **content))

    def answer(self, method: str, path: str, **content: Any) -> Answer:
        """Ask as ``once``, and leave it to the caller what the answer means."""
        had_logged_in = self._headers is not None
        answer = self._asked(method, path, content)
        if answer.status == UNAUTHORISED and self._log_in and had_logged_in:
            self._headers = None
            answer = self._asked(method, path, content)
        return answer

    def sign_in(self) -> None:
        """Log in now, unless that was done."""
        if self._headers is None and self._log_in:
            self._headers = self._log_in(self)

    def ask_unknown(self, method: str, path: str, **content: Any) -> Any:
        """Ask without a login, for one; gives the JSON of the answer."""
        return self.patience.persist(lambda: _good(self._call(method, path, content)).json())

    def close(self) -> None:
        self._client.close()

    def _asked(self, method: str, path: str, content: Mapping[str, Any]) -> Answer:
        self.sign_in()
        given = {**content, "headers": {**(self._headers or {}), **content.get("headers", {})}}
        return self._call(method, path, given)

    def _call(self, method: str, path: str, content: Mapping[str, Any]) -> Answer:
        return self._client.call(method, path, within=self.patience.left, **content)


def _good(answer: Answer) -> Answer:
    if answer.is_good:
        return answer
    if answer.status in (UNAUTHORISED, FORBIDDEN):
        raise LoginRefused(f"{answer.url} refuses our login ({answer.status}): check the secrets")
    raise answer.failure()


def listing(key: str = "") -> Callable[[Answer], tuple[Answer, Listing]]:
    """Read answers that hold a list of orders; another one may be a proxy's, and is none."""

    def read(answer: Answer) -> tuple[Answer, Listing]:
        try:
            return answer, listing_of(answer.body.decode("utf-8-sig"), key)
        except (ValueError, RecursionError) as error:
            start = answer.body[:80].decode("utf-8", "replace")
            raise TransferBroken(f"{answer.url} gave no list of orders but {start!r}") from error

    return read


def document(answer: Answer) -> tuple[Any, str]:
    """Read an answer that is one JSON document; gives its text too."""
    return answer.json(), answer.body.decode("utf-8", "replace")


def basic(user: str, password: Secret) -> Headers:
    from base64 import b64encode

    said = b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return {"Authorization": f"Basic {said}"}


def bearer(token: Secret) -> Headers:
    return {"Authorization": f"Bearer {token.reveal()}"}


def token_in(answer: Any, name: str, where: str) -> Secret:
    """Take a token out of a login's answer; from then on it is kept out of every text."""
    token = answer.get(name) if isinstance(answer, dict) else answer
    if not isinstance(token, str) or not token:
        raise PartnerRefused(f"{where} gave no token at the login")
    return Secret(token)
