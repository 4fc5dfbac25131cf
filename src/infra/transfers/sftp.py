"""A partner's folder by SFTP: one host key is believed, and one login tried."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import logging
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from domain.errors import ConfigurationInvalid
from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    PartnerUnproven,
    QuotaReached,
    TransferBroken,
)
from domain.transfers.ports import RemoteFile
from infra.partner_settings import SftpPartner
from infra.transfers.local import CHUNK_BYTES, LocalFile
from infra.transfers.login import Login
from infra.transfers.names import is_plain, plain

_AT_ONCE = 64
"""Requests under way while a file is read, of 32 KiB each: enough for a long line."""

_RSA = ("ssh-rsa", "rsa-sha2-256", "rsa-sha2-512")

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what goes wrong is raised here


@contextmanager
def sftp(setting: SftpPartner, login: Login, timeout: float) -> Iterator[SftpFolder]:
    """Connect and log in; ``timeout`` seconds bound each single wait."""
    with _translated(setting.host):
        transport = _proven(setting, timeout)
    with closing(transport):
        with _translated(setting.host):
            _log_in(transport, setting, login)
            client = _client(transport, timeout)
        with _translated(setting.folder or setting.host):
            if setting.folder:
                client.chdir(setting.folder)
        yield SftpFolder(client)


class SftpFolder:
    """Files under their names in the folder that was changed to."""

    stages = True

    def __init__(self, client: paramiko.SFTPClient) -> None:
        self._client = client

    def files(self) -> Sequence[RemoteFile]:
        with _translated("listing"):
            found = self._client.listdir_attr()
        return [_remote(it) for it in found if is_plain(it.filename) and _is_regular(it)]

    def size(self, name: str) -> int | None:
        with _translated(name):
            try:
                found = self._client.lstat(plain(name))
            except FileNotFoundError:
                return None
        return found.st_size if _is_regular(found) else None

    def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
        local = LocalFile(into)
        with _translated(name), self._client.open(plain(name), "rb") as file:
            size = file.stat().st_size
            if size is None:
                raise PartnerRefused(f"{name}: the server does not tell how long it is")
            file.seek(offset)
            file.prefetch(size, _AT_ONCE)
            left = size - offset
            while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
                local.write(chunk)
                left -= len(chunk)
        if left > 0:
            raise TransferBroken(f"{name}: {left:,} bytes at its end did not come")

    def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
        with _translated(name):
            file = self._client.open(plain(name), "r+b" if offset else "wb")
            with file:
                file.seek(offset)
                _write_all(file, LocalFile(content))

    def rename(self, name: str, to: str) -> None:
        """In place of a file of that name at once, where the server knows how."""
        with _translated(name):
            try:
                self._client.posix_rename(plain(name), plain(to))
            except OSError as error:
                if error.errno is not None or isinstance(error, TimeoutError):
                    raise
                if self.size(to) is not None:
                    self._client.remove(to)
                self._client.rename(name, to)

    def remove(self, name: str) -> None:
        with _translated(name):
            try:
                self._client.remove(plain(name))
            except FileNotFoundError:
                return


def _write_all(file: paramiko.SFTPFile, local: LocalFile) -> None:
    """Write without waiting for each answer but for the last: it is waited for all of them."""
    file.set_pipelined(True)
    held = b""
    with _no_room():
        for chunk in local.chunks():
            file.write(held)
            held = chunk
        file.set_pipelined(False)
        file.write(held)


@contextmanager
def _no_room() -> Iterator[None]:
    """The protocol has no word for a full disk or quota: a write that fails is one."""
    try:
        yield
    except OSError as error:
        if error.errno is None and not _is_line(error):
            raise QuotaReached(f"takes no more ({error}): is its disk or quota full?") from error
        raise


def _is_regular(found: paramiko.SFTPAttributes) -> bool:
    """What a server tells no kind of is taken for a file."""
    return found.st_mode is None or stat.S_ISREG(found.st_mode)


def _remote(found: paramiko.SFTPAttributes) -> RemoteFile:
    modified = datetime.fromtimestamp(found.st_mtime, UTC) if found.st_mtime else None
    return RemoteFile(name=found.filename, size_bytes=found.st_size, modified=modified)


# --- connecting -----------------------------------------------------------------------------------


def _proven(setting: SftpPartner, timeout: float) -> paramiko.Transport:
    """Connect to the host that shows the agreed key; it is asked for each key it has."""
    shown: dict[str, str] = {}
    while True:
        try:
            transport = _transport(setting, timeout, list(shown))
        except IncompatiblePeer:
            if not shown:
                raise
            raise _unproven(setting, shown) from None
        key = transport.get_remote_server_key()
        fingerprint = _fingerprint(key.asbytes())
        if fingerprint == setting.host_key:
            return transport
        transport.close()
        if key.get_name() in shown:
            raise _unproven(setting, shown)
        shown[key.get_name()] = fingerprint


def _unproven(setting: SftpPartner, shown: dict[str, str]) -> PartnerUnproven:
    keys = ", ".join(f"{fingerprint} ({kind})" for kind, fingerprint in shown.items())
    return PartnerUnproven(
        f"{setting.host} shows {keys}, but {setting.host_key} was agreed: nothing was sent to it."
        " Ask the partner by another way whether its key changed"
    )


def _transport(setting: SftpPartner, timeout: float, without: list[str]) -> paramiko.Transport:
    line = socket.create_connection((setting.host, setting.port), timeout)
    names = [name for kind in without for name in (_RSA if kind == "ssh-rsa" else (kind,))]
    transport = paramiko.Transport(line, disabled_algorithms={"keys": names})
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = timeout
    try:
        transport.start_client(timeout=timeout)
    except BaseException:
        transport.close()
        raise
    return transport


def _fingerprint(key: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


def _log_in(transport: paramiko.Transport, setting: SftpPartner, login: Login) -> None:
    try:
        if setting.key_file:
            wanted = transport.auth_publickey(setting.user, _key(setting, login))
        else:
            wanted = transport.auth_password(setting.user, login.secret(setting.password or ""))
    except paramiko.AuthenticationException as error:
        raise LoginRefused(f"{setting.host} refuses {setting.user}: {error}") from error
    if wanted:
        raise LoginRefused(f"{setting.host} asks {setting.user} for more: {', '.join(wanted)}")


def _key(setting: SftpPartner, login: Login) -> paramiko.PKey:
    text = login.secret(setting.key_file or "") + "\n"
    phrase = login.secret(setting.passphrase) if setting.passphrase else None
    kinds: tuple[Any, ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
    for kind in kinds:
        try:
            return kind.from_private_key(io.StringIO(text), phrase)  # type: ignore[no-any-return]
        except paramiko.PasswordRequiredException:
            raise ConfigurationInvalid(f"{setting.key_file} needs a passphrase") from None
        except (paramiko.SSHException, ValueError):
            continue
    raise ConfigurationInvalid(f"{setting.key_file} and its passphrase make no private key")


def _client(transport: paramiko.Transport, timeout: float) -> paramiko.SFTPClient:
    channel = transport.open_session(timeout=timeout)
    channel.settimeout(timeout)
    channel.invoke_subsystem("sftp")
    return paramiko.SFTPClient(channel)


# --- errors ---------------------------------------------------------------------------------------


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, paramiko.SSHException) as error:
        raise TransferBroken(f"{what}: {str(error) or type(error).__name__}") from error
    except UnicodeError as error:
        raise PartnerRefused(f"{what}: the server has names that are not UTF-8") from error
    except OSError as error:
        said = f"{what}: {error.strerror or str(error) or type(error).__name__}"
        if _is_line(error):
            raise TransferBroken(said) from error
        raise PartnerRefused(said) from error
    except QuotaReached as error:
        raise QuotaReached(f"{what}: {error}") from error


def _is_line(error: OSError) -> bool:
    """Tell the line's errors from the server's answers, which have these two numbers or none."""
    if error.errno is None:
        return isinstance(error, TimeoutError) or "closed" in str(error).lower()
    return error.errno not in (errno.ENOENT, errno.EACCES)
