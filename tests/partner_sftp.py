"""A partner's SFTP server in a thread of the test, with the faults that such servers have."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh

from partner_hosts import PASSWORD, PartnerHost


class Locked(asyncssh.SSHServer):
    """Lets one user in by one password, and notes who tried."""

    def __init__(self, logins: list[str], lines: list[asyncssh.SSHServerConnection]) -> None:
        self._logins, self._lines = logins, lines

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._lines.append(conn)

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        right = password == PASSWORD
        self._logins.append(username if right else "refused")
        return right


class Full(asyncssh.SFTPServer):
    """Takes so many bytes of a file and no more."""

    MOST_BYTES = 100_000

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        if offset + len(data) > self.MOST_BYTES:
            raise asyncssh.SFTPFailure("Disk quota exceeded")
        return super().write(file_obj, offset, data)


class ReadOnly(asyncssh.SFTPServer):
    """Lets nobody write."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        return super().open(path, pflags, attrs)


class Plain(asyncssh.SFTPServer):
    """Knows the protocol's own rename only, which takes no name that another file has."""

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        raise asyncssh.SFTPOpUnsupported("Operation unsupported")


@contextmanager
def sftp_host(
    folder: Path, server: type[asyncssh.SFTPServer] = asyncssh.SFTPServer
) -> Iterator[PartnerHost]:
    """Serve the folder to ``shop``, who has a password."""
    folder.mkdir(exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    logins: list[str] = []
    lines: list[asyncssh.SSHServerConnection] = []

    async def listening() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[key],
            server_factory=lambda: Locked(logins, lines),
            sftp_factory=lambda chan: server(chan, chroot=str(folder)),  # type: ignore[arg-type]
        )

    with _loop() as run:
        acceptor = run(listening())
        setting = {
            "kind": "sftp",
            "host": "127.0.0.1",
            "port": acceptor.get_port(),
            "user": "shop",
            "password": "secret:mak/password",
            "host_key": key.get_fingerprint(),
        }
        yield PartnerHost(setting, folder, {"mak/password": PASSWORD}, logins)
        run(_closed(acceptor, lines))


async def _closed(
    acceptor: asyncssh.SSHAcceptor, lines: list[asyncssh.SSHServerConnection]
) -> None:
    acceptor.close()
    for line in lines:
        line.abort()
    await asyncio.gather(acceptor.wait_closed(), *(line.wait_closed() for line in lines))


@contextmanager
def _loop() -> Iterator[Any]:
    """An event loop in a thread of its own; gives what runs a coroutine there to its end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
