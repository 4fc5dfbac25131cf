"""One running server: its address, and what a test may do to it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

from servers.finding import Found
from servers.session import session

HOST = "127.0.0.1"
READY_SECONDS = 60
_GUARD = Path(__file__).with_name("guard.py")


class Broken(Exception):
    """A server that was found but does not run; holds the end of its log."""


class Recipe(Protocol):
    """What differs between programs."""

    ending: signal.Signals
    drops_root: bool
    """Refuses to run as root; its data belong to nobody then."""

    def prepare(self, found: Found, server: Server) -> None:
        """Make the data folder, once."""

    def command(self, found: Found, server: Server) -> Sequence[str]: ...

    def ready(self, server: Server) -> bool: ...

    def url(self, server: Server) -> str: ...


class Server:
    """A server on a free loopback port with its own data; it ends with its owner at the latest."""

    def __init__(
        self,
        recipe: Recipe,
        found: Found,
        *,
        files: Path | None = None,
        owner: int | None = None,
        sweep: Path | None = None,
    ) -> None:
        self.recipe, self.found = recipe, found
        self.host, self.port, self.pid = HOST, free_port(), 0
        self.account = nobody() if recipe.drops_root else {}
        self.data = Path(mkdtemp(prefix=f"crontract-{found.name}-", dir=sweep))
        self.data.chmod(0o755)
        self.files = files or self.data
        self.files.mkdir(parents=True, exist_ok=True)
        self.log = self.files / f"{found.name}.log"
        self._owner, self._sweep = owner or os.getpid(), sweep or self.data
        self._guard: subprocess.Popen[str] | None = None
        self._served = False
        recipe.prepare(found, self)

    @property
    def url(self) -> str:
        return self.recipe.url(self)

    @property
    def guard(self) -> int:
        """Give the process id that ends the server on SIGTERM."""
        return self._guard.pid if self._guard else 0

    # --- start and end ------------------------------------------------------------------------

    def start(self) -> None:
        """Start, on the same port and data if it ran before, and wait until it answers."""
        give_up = time.monotonic() + READY_SECONDS
        while not self._started(give_up):
            # A killed database's children may still hold its data for a moment.
            if time.monotonic() > give_up - READY_SECONDS + 10:
                raise Broken(f"{self.found.program} does not start:\n{self._last_words()}")
            time.sleep(0.1)
            if not self._served:  # somebody may have taken the port meanwhile
                self.port = free_port()
        self._served = True

    def stop(self) -> None:
        """Ask it to end and wait until it did."""
        self._end(self.recipe.ending)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop it and remove its data."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def hand_over(self) -> None:
        """Leave the running server to its guard; the session ends it."""
        if self._guard:
            self._guard.returncode = 0  # else Popen complains that it still runs

    def send(self, number: signal.Signals) -> None:
        """SIGSTOP makes it hang, SIGCONT go on."""
        os.kill(self.pid, number)

    def listens(self) -> bool:
        """Tell whether a connection is taken."""
        with suppress(OSError), socket.create_connection((self.host, self.port), 5):
            return True
        return False

    def _end(self, number: signal.Signals) -> None:
        guard, self._guard = self._guard, None
        if guard is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
            os.kill(self.pid, signal.SIGCONT)
        try:
            guard.wait(20)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            guard.wait(20)

    def _started(self, give_up: float) -> bool:
        """Give False if it ended at once."""
        self._guard = self._watched()
        assert self._guard.stdout is not None
        with self._guard.stdout as told:
            self.pid = int(told.readline() or 0)
        while self._guard.poll() is None:
            if self.recipe.ready(self):
                return True
            if time.monotonic() > give_up:
                self.kill()
                raise Broken(f"{self.found.program} does not answer:\n{self._last_words()}")
            time.sleep(0.02)
        self._guard = None
        return False

    def _watched(self) -> subprocess.Popen[str]:
        order = {
            "command": [str(word) for word in self.recipe.command(self.found, self)],
            "environment": self.environment(),
            "folder": str(self.data),
            "log": str(self.log),
            "owner": self._owner,
            "ending": self.recipe.ending.name,
            "sweep": str(self._sweep),
            "account": self.account,
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), json.dumps(order)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for pytest, which then ends us in order
        )

    # --- for recipes --------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        return {**kept, **self.found.environment, "LC_ALL": "C.UTF-8", "HOME": str(self.data)}

    def run(self, *command: str | Path) -> None:
        """Run a program of the server's package under the server's account. Raises Broken."""
        try:
            done = subprocess.run(
                [str(word) for word in command],
                env=self.environment(),
                cwd=self.data,
                capture_output=True,
                text=True,
                check=False,
                **self.account,
            )
        except PermissionError as error:  # a wheel below /root, for example
            raise Broken(f"nobody may not start {command[0]}: install the server") from error
        if done.returncode:
            raise Broken(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def grow_from_seed(self, initialise: Callable[[Server], None]) -> None:
        """Copy the data folder that the session's first such server made."""

        def sow() -> dict[str, str]:
            initialise(self)
            seed = session().folder / f"{self.found.name}.seed"
            _copy(self.data / "data", seed)
            return {"folder": str(seed)}

        seed = Path(session().once(f"{self.found.name}-seed", sow)["folder"])
        if not (self.data / "data").exists():
            _copy(seed, self.data / "data")

    def folder(self, name: str) -> Path:
        """Make a folder below the data that the server's account may write."""
        made = self.data / name
        made.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            shutil.chown(made, self.account["user"], self.account["group"])
        return made

    def _last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:] if self.log.exists() else ""


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with its owners and rights."""
    subprocess.run(["cp", "-pR", str(source), str(target)], check=True)


def nobody() -> dict[str, Any]:
    """Give the account for programs that refuse root; empty for a plain user."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def answers(server: Server, question: bytes, expected: bytes) -> bool:
    """Ask over TCP; a server that only greets needs no question."""
    with suppress(OSError), socket.create_connection((server.host, server.port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(question)
        return expected in connection.recv(4096)
    return False


def web_answers(server: Server, path: str) -> bool:
    """Tell whether the server says that it is ready."""
    question = f"GET {path} HTTP/1.0\r\nHost: {server.host}\r\n\r\n"
    return answers(server, question.encode(), b" 200 ")
