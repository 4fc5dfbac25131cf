"""Secrets by reference: where they are read, and how they are kept out of every text.

A reference is ``env:NAME``, ``file:/path`` or ``secret:name``, a file below the secrets directory.
An address may hold references in braces: ``redis://:{secret:redis/password}@cache/0``. Standard
library only: the supervisor reads its database's address before anything else is loaded.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from domain.errors import ConfigurationInvalid, SecretMissing

HIDDEN = "***"

LEAST_LENGTH = 4
"""A shorter value cannot be kept out of a text without eating the text, so it is no secret."""

LONGEST_BYTES = 64 * 1024
"""No key or certificate is longer; a reference to a log or a device is a mistake."""

FALLBACK_DIRECTORY = Path("/run/secrets")
"""Where Docker and Kubernetes mount secrets by custom."""

HOW = "write env:NAME, file:/path or secret:name"

_REFERENCE = re.compile(r"(env|file|secret):(.+)", re.DOTALL)
_IN_BRACES = re.compile(r"\{((?:env|file|secret):[^{}]+)\}")
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_USER_INFO = re.compile(r"(://[^/@\s:]*):([^\s/]+)@")


class Secret:
    """A value that shows itself to nobody but by ``reveal``; from its making on it is scrubbed."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        conceal(value)

    def reveal(self) -> str:
        """Give the value, to hand it to the library that needs it and to nothing else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Compare in a time that tells nothing of where two values part."""
        import hmac

        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a key of a mapping ends in some text

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere: hand its reference on")


def is_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None


def references(text: str) -> tuple[str, ...]:
    """Give the references that a setting holds: the whole text, or those in braces."""
    return (text,) if is_reference(text) else tuple(_IN_BRACES.findall(text))


def resolve(reference: str, directory: Path) -> Secret:
    """Read what a reference means. Raises ConfigurationInvalid that names it, never a value.

    ``directory`` is where the names of ``secret:`` are looked up, see ``secrets_directory``.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:  # may be the password itself, so it must not be repeated
        raise ConfigurationInvalid(f"a secret stands where its reference belongs: {HOW}")
    scheme, rest = found.groups()
    value = _variable(rest) if scheme == "env" else read_secret(_path(scheme, rest, directory))
    if len(value) < LEAST_LENGTH:
        raise ConfigurationInvalid(
            f"{reference} holds fewer than {LEAST_LENGTH} characters: too short for a secret"
        )
    return Secret(value)


class SecretAddress(Secret):
    """An address that may hold secrets: only they are scrubbed, and it shows all but them."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        self._value = value
        conceal_passwords(value)

    def __str__(self) -> str:
        return without_password(self._value)


def filled(text: str, directory: Path) -> Secret:
    """Read an address: the whole a reference, or with references in it, which are filled in.

    Filled-in values are percent-encoded. Raises ConfigurationInvalid that names the reference.
    """
    if is_reference(text):
        return resolve(text, directory)

    def value_of(found: re.Match[str]) -> str:
        from urllib.parse import quote

        return quote(resolve(found[1], directory).reveal(), safe="")

    return SecretAddress(_IN_BRACES.sub(value_of, text))


def secrets_directory(configured: str, root: Path) -> Path:
    """Find it: the setting, else systemd's credentials, else /run/secrets."""
    if configured:
        return root / configured
    return Path(os.environ.get("CREDENTIALS_DIRECTORY") or FALLBACK_DIRECTORY)


def place_of(reference: str, directory: Path) -> Path | None:
    """Give the file behind a reference, if it is one."""
    scheme, _, rest = reference.partition(":")
    return None if scheme == "env" else _path(scheme, rest, directory)


def open_to_others(path: Path) -> bool:
    """Tell whether any user of this host may read the file."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def read_secret(path: Path) -> str:
    """Read a mounted file, less its last line end. Raises ConfigurationInvalid."""
    try:
        # Not waiting: a pipe without a writer would hold the start for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - the descriptor is open already
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigurationInvalid(f"secret {path} is not a regular file")
            return _text(path, file.read(LONGEST_BYTES + 1))
    except OSError as error:
        raise SecretMissing(f"secret {path} cannot be read: {error.strerror}") from error


def _text(path: Path, content: bytes) -> str:
    if len(content) > LONGEST_BYTES:
        raise ConfigurationInvalid(f"secret {path} is longer than {LONGEST_BYTES} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:  # its text repeats the bytes at fault
        raise ConfigurationInvalid(f"secret {path} is not UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigurationInvalid(f"secret {path} is empty")
    return text


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SecretMissing(f"secret env:{name} is not set")
    return value


def _path(scheme: str, rest: str, directory: Path) -> Path:
    if scheme == "file":
        if not rest.startswith("/"):
            raise ConfigurationInvalid(f"file:{rest} is no absolute path")
        return Path(rest)
    if not _NAME.fullmatch(rest) or ".." in rest.split("/"):
        raise ConfigurationInvalid(f"secret:{rest} is no name below {directory}")
    path = directory / rest
    # Kubernetes mounts each secret as a link within its folder; a link out of it is none of ours.
    if not path.resolve().is_relative_to(directory.resolve()):
        raise ConfigurationInvalid(f"secret:{rest} leads out of {directory}")
    return path


# --- what is kept out of every text -------------------------------------------------------------

_known: dict[str, None] = {}
_patterns: list[re.Pattern[str]] = []
_listeners: list[Callable[[str], None]] = []


def conceal(value: str) -> None:
    """Keep a value out of every text from now on, and what is secret in it if it is an address."""
    _keep(value)
    conceal_passwords(value)
    if value.startswith(("http://", "https://")):  # a web hook's path is its password
        _keep(value.partition("://")[2].partition("/")[2])


def conceal_passwords(address: str) -> None:
    """Keep the password of an address out of every text; its host and user may be seen."""
    for found in _USER_INFO.finditer(address):
        from urllib.parse import unquote

        _keep(found[2])
        _keep(unquote(found[2]))


def tell_of_secrets(listener: Callable[[str], None]) -> None:
    """Name every further secret to a listener: a job's process tells its supervisor."""
    _listeners.append(listener)


def _keep(value: str) -> None:
    if len(value) < LEAST_LENGTH or value in _known:
        return
    _known[value] = None
    _patterns.clear()
    for listener in _listeners:
        listener(value)


def scrub(text: str) -> str:
    """Replace each known secret by ``***``: as it is, in an address, in base64, quoted."""
    if not _known:
        return text
    pattern = next(iter(_patterns[:1]), None)  # another thread may just learn a secret
    if pattern is None:
        from infra.secret_forms import forms  # loads much that a start without secrets needs not

        every = {form for value in list(_known) for form in forms(value)}
        longest_first = sorted(every, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, longest_first)))
        _patterns[:] = [pattern]
    return pattern.sub(HIDDEN, text)


def scrubbed(value: Any) -> Any:
    """Scrub every text in nested mappings and sequences; names of fields are our own and stay."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {key: scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrubbed(item) for item in value]
    return value


def without_password(address: str) -> str:
    """Write an address for people; works on what is no sound address too."""
    return scrub(_USER_INFO.sub(rf"\1:{HIDDEN}@", address))
