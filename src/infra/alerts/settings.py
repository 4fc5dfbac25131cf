"""config/alerts.toml: channels, the channels of each owner, and what a failure means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from domain.errors import ConfigurationInvalid
from domain.operating.contract import Contract, Owner
from infra.boot import read_toml
from infra.secrets import is_reference

FILE = "alerts.toml"

SECURITY = ("starttls", "tls", "none")

_ADDRESS = re.compile(r"[^\s@<>\",;:()\[\]\\]+@[A-Za-z0-9.-]+")
_CR = re.compile(r"CR-\d{3}")
_MOST_PORTS = 65535

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Routes:
    """The file, checked: each channel's values by name, and each owner's channels in order."""

    channels: Mapping[str, Values] = field(default_factory=dict)
    owners: Mapping[Owner, tuple[str, ...]] = field(default_factory=dict)
    impact: Mapping[str, str] = field(default_factory=dict)

    def impact_of(self, contract: Contract) -> Sequence[str]:
        """Say what the failure of a job means for the shop."""
        found = [self.impact[cr] for cr in contract.covers if cr in self.impact]
        return tuple(dict.fromkeys(found))


# --- reading --------------------------------------------------------------------------------------


def routes(root: Path) -> Routes:
    """Read the file. Raises ConfigurationInvalid that lists every fault."""
    content = read_toml(root / "config" / FILE)
    faults = list(_faults(content))
    if faults:
        raise ConfigurationInvalid("; ".join(f"{FILE}: {fault}" for fault in faults))
    owners = {Owner(name): tuple(names) for name, names in content.get("owner", {}).items()}
    return Routes(
        channels=content.get("channel", {}), owners=owners, impact=content.get("impact", {})
    )


def route_faults(root: Path, owners: Iterable[Owner], *, required: bool) -> Sequence[str]:
    """List what keeps an owner from being told; for config:check and contract:lint.

    A file that declares no channel at all is a fault only where alerts are ``required``.
    """
    try:
        known = routes(root)
    except ConfigurationInvalid as error:
        return str(error).split("; ")
    if not known.channels:
        fault = f"{FILE}: no channel is declared: nobody would hear of a failure"
        return [fault] if required else []
    return [
        f'{FILE}: owner "{owner}" has no channel: add it below [owner]'
        for owner in dict.fromkeys(owners)
        if not known.owners.get(owner)
    ]


def owners_of(contracts: Iterable[Contract]) -> Sequence[Owner]:
    """Name every owner who must hear of some failure."""
    return tuple(
        dict.fromkeys(
            owner
            for contract in contracts
            for owner in (contract.responsible, *contract.accountable)
        )
    )


# --- checking -------------------------------------------------------------------------------------

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and bool(value.strip())


def _is_port(value: Any) -> bool:
    return type(value) is int and 0 < value <= _MOST_PORTS


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def _are_addresses(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_address, value))


def _is_web(value: Any) -> bool:
    if not _is_text(value):
        return False
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


KEYS: Mapping[str, Mapping[str, tuple[str, Check]]] = {
    "smtp": {
        "host": ("a host's name", _is_text),
        "port": ("a port from 1 to 65535", _is_port),
        "security": (f"one of {', '.join(SECURITY)}", lambda value: value in SECURITY),
        "user": ("a text", _is_text),
        "password": (
            "a reference: env:NAME, file:/path or secret:name",
            lambda value: isinstance(value, str) and is_reference(value),
        ),
        "ca_file": ("the path of a file with certificates", _is_text),
        "from": ("a mail address", _is_address),
        "to": ("a list of mail addresses", _are_addresses),
    },
    "alertmanager": {"url": ("an http or https address", _is_web)},
    "apprise": {"url": ("an address with a scheme", lambda v: _is_text(v) and "://" in v)},
}

OPTIONAL = ("user", "password", "ca_file")


def _faults(content: Values) -> Iterable[str]:
    for section in content.keys() - {"channel", "owner", "impact"}:
        yield f"unknown section [{section}]: there are channel, owner and impact"
    tables = [content.get(section, {}) for section in ("channel", "owner", "impact")]
    if not all(isinstance(table, dict) for table in tables):
        yield "channel, owner and impact are sections: write [channel.NAME], [owner], [impact]"
        return
    channels, owners, impact = tables
    for name, values in channels.items():
        yield from (f"[channel.{name}] {fault}" for fault in _channel_faults(values))
    for name, listed in owners.items():
        yield from _owner_faults(name, listed, channels)
    for name, text in impact.items():
        if not _CR.fullmatch(name) or not _is_text(text):
            yield f'[impact] {name}: write CR-009 = "What it means for the shop."'


def _channel_faults(values: Any) -> Iterable[str]:
    if not isinstance(values, dict):
        yield "is no section"
        return
    keys = KEYS.get(str(values.get("kind")))
    if keys is None:
        yield f"kind is one of {', '.join(KEYS)}"
        return
    yield from _key_faults(values, keys)
    if ("user" in values) != ("password" in values):
        yield "user and password go together"
    if values.get("security") == "none" and "password" in values:
        yield 'a password needs security = "starttls" or "tls"'


def _key_faults(values: Values, keys: Mapping[str, tuple[str, Check]]) -> Iterable[str]:
    for key in values.keys() - keys.keys() - {"kind"}:
        yield f"unknown key {key}"
    for key, (wanted, holds) in keys.items():
        if key not in values and key not in OPTIONAL:
            yield f"{key} is missing: {wanted}"
        elif key in values and not holds(values[key]):
            yield f"{key} is not {wanted}"  # never the value: it may be a secret put in place


def _owner_faults(name: str, listed: Any, channels: Values) -> Iterable[str]:
    if name not in [owner.value for owner in Owner]:
        yield f'[owner] "{name}" is no owner: there are {", ".join(Owner)}'
    if not isinstance(listed, list) or not all(isinstance(channel, str) for channel in listed):
        yield f'[owner] "{name}": write a list of channel names'
        return
    for channel in listed:
        if channel not in channels:
            yield f'[owner] "{name}": there is no [channel.{channel}]'
