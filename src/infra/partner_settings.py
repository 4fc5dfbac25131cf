"""config/partners.toml: where files come from and go to, one typed section per partner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from domain.errors import ConfigurationInvalid
from infra.boot import read_toml
from infra.secrets import HOW, is_reference
from infra.settings import Section

FILE = "partners.toml"

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def _reference(text: str) -> str:
    if not is_reference(text):
        raise ValueError(HOW)  # never the value: it may be the password itself
    return text


def _fingerprint(text: str) -> str:
    if not _FINGERPRINT.fullmatch(text):
        raise ValueError("write the server's fingerprint as ssh-keygen -lf shows it: SHA256:…")
    return text


Reference = Annotated[str, AfterValidator(_reference)]
Port = Annotated[int, Field(gt=0, le=65_535)]


class PartnerSetting(Section):
    """What every partner has; ``timeout_seconds`` bounds each single wait."""

    kind: str
    user: str | None = None
    timeout_seconds: float = Field(default=30, gt=0, le=600)

    @property
    def place(self) -> str:
        """Where files go, for people; no secret."""
        raise NotImplementedError

    @property
    def references(self) -> tuple[str, ...]:
        """The secrets that it needs."""
        return ()


class DirectoryPartner(PartnerSetting):
    """A folder of this host, or one mounted here.

    One within the installation is made at its first use; an absolute one must be there, or a
    mount that is away would be replaced by an empty folder.
    """

    kind: Literal["directory"]
    folder: Path

    @property
    def place(self) -> str:
        return str(self.folder)


class VerifiedPartner(PartnerSetting):
    """One that shows a certificate; ``ca_file`` for a server with an authority of its own."""

    ca_file: Path | None = None


class _ServerPartner(PartnerSetting):
    """A server to log in to; ``folder`` is where one lands if it is empty."""

    host: str = Field(min_length=1)
    user: str = Field(min_length=1)
    folder: str = ""

    @property
    def place(self) -> str:
        return f"{self.host}:{self.folder or '.'}"


class FtpServer(_ServerPartner):
    """What both kinds of FTP have; ``encoding`` is that of the server's file names."""

    port: Port = 21
    password: Reference
    passive: bool = True
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"

    @property
    def references(self) -> tuple[str, ...]:
        return (self.password,)


class FtpPartner(FtpServer):
    """FTP without any encryption: everybody on the way reads password and files."""

    kind: Literal["ftp"]


class FtpsPartner(FtpServer, VerifiedPartner):
    """FTP that turns to TLS before the login."""

    kind: Literal["ftps"]


class SftpPartner(_ServerPartner):
    """SFTP by key or password; ``host_key`` is the only key that the host may show."""

    kind: Literal["sftp"]
    port: Port = 22
    host_key: Annotated[str, AfterValidator(_fingerprint)]
    password: Reference | None = None
    key_file: Reference | None = None
    passphrase: Reference | None = None

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(it for it in (self.password, self.key_file, self.passphrase) if it)

    @model_validator(mode="after")
    def _has_one_login(self) -> SftpPartner:
        if (self.password is None) == (self.key_file is None):
            raise ValueError("give either password or key_file")
        if self.passphrase and not self.key_file:
            raise ValueError("passphrase opens a key_file, and there is none")
        return self


class WebPartner(VerifiedPartner):
    """Files below an http:// or https:// address.

    The web knows no listing: ``files`` names what is looked for there. ``user`` and ``password``
    log in by basic authentication, ``token`` as bearer.
    """

    kind: Literal["http"]
    url: str
    files: tuple[str, ...] = ()
    password: Reference | None = None
    token: Reference | None = None

    @property
    def place(self) -> str:
        return self.url

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(it for it in (self.password, self.token) if it)

    @model_validator(mode="after")
    def _is_sound(self) -> WebPartner:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url: write an address like https://files.example.com/stock/")
        if parts.username or parts.password or parts.query:
            raise ValueError("url: login and token stand in user, password and token")
        if (self.user is None) != (self.password is None) or (self.user and self.token):
            raise ValueError("give user and password together, or token, or none of them")
        return self


KINDS: Mapping[str, type[PartnerSetting]] = {
    "directory": DirectoryPartner,
    "ftp": FtpPartner,
    "ftps": FtpsPartner,
    "sftp": SftpPartner,
    "http": WebPartner,
}


def partner_settings(root: Path) -> Mapping[str, PartnerSetting]:
    """Read every partner. Raises ConfigurationInvalid that lists every fault."""
    content = read_toml(root / "config" / FILE)
    faults = [f"unknown section [{name}]" for name in content if name != "partner"]
    declared = content.get("partner", {})
    if not isinstance(declared, dict):
        raise ConfigurationInvalid(f"{FILE}: partner must be sections: write [partner.NAME]")
    settings: dict[str, PartnerSetting] = {}
    for name, said in declared.items():
        try:
            settings[name] = _setting(name, said)
        except ConfigurationInvalid as error:
            faults += str(error).split("; ")
    if faults:
        raise ConfigurationInvalid("; ".join(f"{FILE}: {fault}" for fault in faults))
    return settings


def partner_setting(root: Path, name: str) -> PartnerSetting:
    """Give one partner's setting. Raises ConfigurationInvalid for one that is not declared."""
    settings = partner_settings(root)
    if name not in settings:
        known = ", ".join(sorted(settings)) or "none"
        raise ConfigurationInvalid(f"no partner is called {name}; config/{FILE} has: {known}")
    return _rooted(root, name, settings[name])


def _rooted(root: Path, name: str, setting: PartnerSetting) -> PartnerSetting:
    if not isinstance(setting, VerifiedPartner) or setting.ca_file is None:
        return setting
    ca_file = root / setting.ca_file
    if not ca_file.is_file():
        raise ConfigurationInvalid(f"{FILE}: partner.{name}.ca_file: there is no file {ca_file}")
    return setting.model_copy(update={"ca_file": ca_file})


def _setting(name: str, said: Any) -> PartnerSetting:
    place = f"partner.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigurationInvalid(f"[{place}] a partner's name is made of a-z, 0-9 and -")
    kind = KINDS.get(str(said.get("kind"))) if isinstance(said, dict) else None
    if kind is None:
        raise ConfigurationInvalid(f"{place}.kind: must be one of {', '.join(KINDS)}")
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        # Not its own text, nor it as the cause: both repeat the values.
        raise ConfigurationInvalid("; ".join(_faults(place, error))) from None


def _faults(place: str, error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        key = ".".join((place, *map(str, fault["loc"])))
        said = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            yield f"unknown key {key}"
        elif fault["type"] == "missing":
            yield f"{key} is missing"
        else:
            yield f"{key}: {said}" if fault["loc"] else f"[{place}] {said}"
