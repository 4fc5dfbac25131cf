"""A partner's folder by FTP, plain or turned to TLS."""

from __future__ import annotations

import ftplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import BinaryIO

from domain.transfers.failures import (
    LoginRefused,
    PartnerRefused,
    PartnerUnproven,
    QuotaReached,
    TransferBroken,
)
from domain.transfers.ports import RemoteFile
from infra.partner_settings import FtpServer, FtpsPartner
from infra.transfers.local import CHUNK_BYTES, LocalFile
from infra.transfers.login import Login
from infra.transfers.names import is_plain, plain

_NOT_THERE, _NOT_KNOWN = "550", ("500", "501", "502", "504")
_BINARY = "TYPE I"
"""The library turns to text for each listing; a size is told of bytes only."""

_NUMBER = re.compile(r"[0-9]{1,18}")

_NO_ROOM = ("452", "552")
_NO_LOGIN = ("332", "430", "530", "532")


@contextmanager
def ftp(setting: FtpServer, login: Login, timeout: float) -> Iterator[FtpFolder]:
    """Connect and log in; ``timeout`` seconds bound each single wait."""
    password = login.secret(setting.password)
    with _translated(setting.host):
        line = _line(setting, timeout)
    try:
        with _translated(setting.host):
            line.connect(setting.host, setting.port)
            _log_in(line, setting, password)
        with _translated(setting.folder or setting.host):
            _settle(line, setting)
        yield FtpFolder(line)
        with suppress(*ftplib.all_errors):
            line.quit()
    finally:
        line.close()


class FtpFolder:
    """Files under their names in the folder that was changed to."""

    stages = True

    def __init__(self, line: ftplib.FTP) -> None:
        self._line = line

    def files(self) -> Sequence[RemoteFile]:
        with _translated("listing"):
            try:
                listed = list(self._line.mlsd(facts=["type", "size", "modify"]))
            except ftplib.error_perm as error:
                if not str(error).startswith(_NOT_KNOWN):
                    raise
                return self._named()
            self._line.voidcmd(_BINARY)
        regular = [it for it in listed if it[1].get("type", "file").lower() == "file"]
        return [_remote(name, facts) for name, facts in regular if is_plain(name)]

    def size(self, name: str) -> int | None:
        with _translated(name):
            try:
                return self._line.size(plain(name))
            except ftplib.error_perm as error:
                if str(error).startswith(_NOT_KNOWN):
                    return self._listed_size(name)
                if not str(error).startswith(_NOT_THERE):
                    raise
                return None

    def get(self, name: str, into: BinaryIO, *, offset: int = 0) -> None:
        local = LocalFile(into)
        with (
            _translated(name),
            self._line.transfercmd(f"RETR {plain(name)}", offset or None) as data,
        ):
            while chunk := data.recv(CHUNK_BYTES):
                local.write(chunk)
            _end(data)
        with _translated(name):
            self._line.voidresp()

    def put(self, name: str, content: BinaryIO, *, offset: int = 0) -> None:
        local = LocalFile(content)
        with (
            _translated(name),
            self._line.transfercmd(f"STOR {plain(name)}", offset or None) as data,
        ):
            try:
                for chunk in local.chunks():
                    data.sendall(chunk)
                _end(data)
            except OSError:
                self._line.voidresp()  # says why the server hung up, where it still can
                raise
        with _translated(name):
            self._line.voidresp()

    def rename(self, name: str, to: str) -> None:
        """Some servers give no name that is taken; there the older file goes first."""
        with _translated(name):
            try:
                self._line.rename(plain(name), plain(to))
            except ftplib.error_perm:
                if self.size(to) is None or self.size(name) is None:
                    raise
                self._line.delete(to)
                self._line.rename(name, to)

    def remove(self, name: str) -> None:
        with _translated(name):
            try:
                self._line.delete(plain(name))
            except ftplib.error_perm:
                if self.size(name) is not None:
                    raise

    def _named(self) -> Sequence[RemoteFile]:
        """List by names alone, and ask for each one's size and time; folders have no size."""
        try:
            names = [name.rpartition("/")[2] for name in self._line.nlst()]
        except ftplib.error_perm as error:
            if not str(error).startswith(_NOT_THERE):
                raise
            names = []  # so some servers say that there is none
        self._line.voidcmd(_BINARY)
        found = [self._asked(name) for name in names if is_plain(name)]
        return [file for file in found if file is not None]

    def _asked(self, name: str) -> RemoteFile | None:
        try:
            size = self._line.size(name)
        except ftplib.error_perm as error:
            if not str(error).startswith(_NOT_KNOWN):
                return None
            size = None
        modified = None
        with suppress(ftplib.error_perm):
            modified = _instant(self._line.voidcmd(f"MDTM {name}").partition(" ")[2])
        return RemoteFile(name=name, size_bytes=size, modified=modified)

    def _listed_size(self, name: str) -> int | None:
        return next((file.size_bytes for file in self.files() if file.name == name), None)


def _remote(name: str, facts: dict[str, str]) -> RemoteFile:
    size = facts.get("size", "")
    return RemoteFile(
        name=name,
        size_bytes=int(size) if _NUMBER.fullmatch(size) else None,
        modified=_instant(facts.get("modify", "")),
    )


def _instant(digits: str) -> datetime | None:
    """Read YYYYMMDDHHMMSS, which is UTC by the standard; fractions are dropped."""
    try:
        return datetime.strptime(digits.strip()[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _end(data: object) -> None:
    """Close TLS in order, so that the other side knows the end from a cut; not all answer."""
    if isinstance(data, ssl.SSLSocket):
        with suppress(OSError):
            data.unwrap()


# --- connecting -----------------------------------------------------------------------------------


class _Tls(ftplib.FTP_TLS):
    """Shows the session of the login on each data connection, which many servers ask for."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[ssl.SSLSocket, int]:
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - TLS is put around it below
        login = self.sock
        session = login.session if isinstance(login, ssl.SSLSocket) else None
        wrapped = self.context.wrap_socket(data, server_hostname=self.host, session=session)
        return wrapped, size or 0


def _line(setting: FtpServer, timeout: float) -> ftplib.FTP:
    """Make it ready; the address in a passive answer is ignored, the login's host is used."""
    if not isinstance(setting, FtpsPartner):
        return ftplib.FTP(timeout=timeout, encoding=setting.encoding)  # noqa: S321 - the partner has nothing better
    context = ssl.create_default_context(cafile=setting.ca_file)
    return _Tls(timeout=timeout, encoding=setting.encoding, context=context)


def _log_in(line: ftplib.FTP, setting: FtpServer, password: str) -> None:
    if isinstance(line, ftplib.FTP_TLS):
        line.auth()
    try:
        line.login(setting.user, password)
    except ftplib.Error as error:
        if str(error).startswith(_NO_LOGIN):
            raise LoginRefused(f"{setting.host} refuses {setting.user}: {error}") from error
        raise
    if isinstance(line, ftplib.FTP_TLS):
        line.prot_p()


def _settle(line: ftplib.FTP, setting: FtpServer) -> None:
    line.set_pasv(setting.passive)
    if setting.encoding == "utf-8":
        with suppress(ftplib.error_perm):
            line.sendcmd("OPTS UTF8 ON")
    if setting.folder:
        line.cwd(setting.folder)
    line.voidcmd(_BINARY)


# --- errors ---------------------------------------------------------------------------------------


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except ftplib.Error as error:
        raise _answered(what, error) from error
    except ssl.SSLCertVerificationError as error:
        raise PartnerUnproven(f"{what}: {error.verify_message}") from error
    except UnicodeError as error:
        raise PartnerRefused(f"{what}: the server's names need another encoding") from error
    except ValueError as error:
        raise PartnerRefused(f"{what}: the server answers nonsense: {str(error)[:80]}") from error
    except (OSError, EOFError) as error:
        raise TransferBroken(f"{what}: {str(error) or type(error).__name__}") from error


def _answered(what: str, error: ftplib.Error) -> TransferBroken | PartnerRefused:
    """Judge by the code that the answer begins with: 4 is for now, 5 for good."""
    said = f"{what}: {error}"
    if str(error).startswith(_NO_ROOM):
        return QuotaReached(said)
    return PartnerRefused(said) if isinstance(error, ftplib.error_perm) else TransferBroken(said)
