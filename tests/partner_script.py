"""A partner's FTP server that answers what a test tells it to, however odd."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from partner_hosts import PASSWORD, PartnerHost

USUAL = {
    "USER": "331 password, please",
    "PASS": "230 welcome",
    "TYPE": "200 binary",
    "OPTS": "200 so be it",
    "QUIT": "221 bye",
}


@contextmanager
def scripted(folder: Path, answers: Mapping[str, str], data: bytes = b"") -> Iterator[PartnerHost]:
    """Serve one login after another; each passive connection is sent ``data`` and closed."""
    with socket.create_server(("127.0.0.1", 0)) as control:
        script = {**USUAL, **answers}
        serve = threading.Thread(target=_serve, args=(control, script, data), daemon=True)
        serve.start()
        setting = {
            "kind": "ftp",
            "host": "127.0.0.1",
            "port": control.getsockname()[1],
            "user": "shop",
            "password": "secret:mak/password",
        }
        yield PartnerHost(setting, folder, {"mak/password": PASSWORD})
        with suppress(OSError):
            control.shutdown(socket.SHUT_RDWR)
    serve.join(10)


def _serve(control: socket.socket, script: Mapping[str, str], data: bytes) -> None:
    with suppress(OSError):
        while True:
            line, _ = control.accept()
            with line, suppress(OSError):
                line.settimeout(10)
                _talk(line, script, data)


def _talk(line: socket.socket, script: Mapping[str, str], data: bytes) -> None:
    with line.makefile("rb") as words, ExitStack() as opened:
        line.sendall(b"220 ready\r\n")
        while said := words.readline():
            command = said.split()[0].decode()
            if command in script:
                line.sendall(script[command].encode() + b"\r\n")
            elif command == "PASV":
                opened.close()
                waiting = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
                high, low = divmod(waiting.getsockname()[1], 256)
                line.sendall(f"227 passive (127,0,0,1,{high},{low})\r\n".encode())
            elif command in ("NLST", "MLSD"):
                line.sendall(b"150 here it comes\r\n")
                with waiting.accept()[0] as there:
                    there.sendall(data)
                line.sendall(b"226 done\r\n")
            else:
                line.sendall(b"500 what?\r\n")
