"""A partner's FTP server in a thread of the test, with the faults that such servers have."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partner_hosts import PASSWORD, PartnerHost
from servers.certificate import certificate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.filesystems import AbstractedFS, FilesystemError
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)


class KeepsNames(AbstractedFS):  # type: ignore[misc]
    """Gives no file a name that another has."""

    def rename(self, src: str, dst: str) -> None:
        if Path(dst).exists():
            raise FilesystemError("there is such a file")
        super().rename(src, dst)


@dataclass
class Ftpd:
    """How it behaves.

    ``tls`` is the folder of the certificate; ``without`` names the commands that it does not
    know; ``quota`` is in bytes; after ``cut_after`` bytes of the first file the line goes dead;
    ``says`` is the address that its passive answers tell.
    """

    tls: Path | None = None
    without: tuple[str, ...] = ()
    rights: str = "elradfmwMT"
    quota: int = 0
    cut_after: int = 0
    says: str = ""
    filesystem: type[Any] = AbstractedFS
    logins: list[str] = field(default_factory=list)

    def received(self, data: Any) -> None:
        """Look at a connection that just took some bytes."""
        if self.quota and data.tot_bytes_received > self.quota:
            data._resp = ("552 Exceeded storage allocation.", logging.info)  # noqa: SLF001 - the library's own way
            data.close()
        elif self.cut_after and data.tot_bytes_received > self.cut_after:
            self.cut_after = 0
            data.cmd_channel.close()

    def control(self, folder: Path) -> type[Any]:
        """Make the class that answers commands; the library keeps all its settings there."""
        host, base = self, TLS_FTPHandler if self.tls else FTPHandler

        class Control(base):  # type: ignore[misc,valid-type]
            def ftp_PASS(self, line: str) -> None:  # noqa: N802 - the base looks for these names
                host.logins.append(self.username if line == PASSWORD else "refused")
                super().ftp_PASS(line)

        Control.authorizer = DummyAuthorizer()
        Control.authorizer.add_user("shop", PASSWORD, str(folder), perm=self.rights)
        Control.dtp_handler, Control.abstracted_fs = self._data(), self.filesystem
        Control.auth_failed_timeout = 0
        Control.masquerade_address = self.says or None
        Control.proto_cmds = {k: v for k, v in base.proto_cmds.items() if k not in self.without}
        if self.tls:
            shown = certificate(self.tls)
            Control.certfile, Control.keyfile = str(shown.file), str(shown.key)
            Control.tls_control_required = Control.tls_data_required = True
        return Control

    def _data(self) -> type[Any]:
        host, base = self, TLS_DTPHandler if self.tls else DTPHandler

        class Data(base):  # type: ignore[misc,valid-type]
            def handle_read(self) -> None:
                base.handle_read(self)
                host.received(self)

            handle_read_event = handle_read

        return Data


@contextmanager
def ftp_host(folder: Path, ftpd: Ftpd | None = None) -> Iterator[PartnerHost]:
    """Serve the folder to ``shop``, who has a password."""
    ftpd = ftpd or Ftpd()
    folder.mkdir(exist_ok=True)
    with _served(ftpd.control(folder)) as port:
        setting = {
            "kind": "ftps" if ftpd.tls else "ftp",
            "host": "127.0.0.1",
            "port": port,
            "user": "shop",
            "password": "secret:mak/password",
        }
        trusted = {"ca_file": str(certificate(ftpd.tls).file)} if ftpd.tls else {}
        secrets = {"mak/password": PASSWORD}
        yield PartnerHost({**setting, **trusted}, folder, secrets, ftpd.logins)


@contextmanager
def _served(control: type[Any]) -> Iterator[int]:
    """One thread opens, serves and closes: the library's loop is nobody else's."""
    loop, ended = IOLoop(), threading.Event()
    server = FTPServer(("127.0.0.1", 0), control, ioloop=loop)

    def serve() -> None:
        while not ended.is_set():
            loop.loop(timeout=0.01, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.address[1]
    finally:
        ended.set()
        thread.join()
