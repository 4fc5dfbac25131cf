"""A shop with a canary in every place that holds a secret, and the search for them."""

from __future__ import annotations

import base64
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import quote, urlsplit

import redis

from acceptance.alert_shop import owners
from private_shop import Shop, family
from servers import database, private
from servers.access import Access

CHANNELS = """
[channel.hook]
kind = "apprise"
url = "json://cron:{{file:{folder}/hook}}@127.0.0.1:9/"

[channel.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "starttls"
ca_file = "{certificate}"
user = "crontract"
password = "secret:smtp/password"
from = "crontract@shop.example"
to = ["ops@shop.example"]
"""

TABLES = {
    "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
}

PLACES = ("database", "redis", "gateway", "smtp", "hook")
HOSTILE = {
    "database": "K@/:'\"% ü&+\\{core}",
    "redis": "K@/:%&+{core}",
    "gateway": "K@/:'% &+{core}",
    "smtp": "K@/:'\"% &+\\{core}",
    "hook": "K@/: &+{core}",
}


@dataclass(frozen=True)
class Canary:
    """One secret; its core is like nothing else, and outlives cutting and quoting."""

    place: str
    core: str = field(default_factory=lambda: uuid.uuid4().hex[:14])

    @property
    def value(self) -> str:
        return HOSTILE[self.place].format(core=self.core)

    def forms(self) -> dict[str, bytes]:
        """What would betray it: itself, its core, backwards, and in base64 at any place."""
        core = self.core.encode()
        found = {
            "as it is": core,
            "first half": core[:10],
            "last half": core[-10:],
            "backwards": core[::-1],
            "hexadecimals": core.hex().encode(),
            "percents": "".join(f"%{sign:02X}" for sign in core).encode(),
        }
        for before in range(3):
            text = base64.b64encode(b"-" * before + core)
            found[f"base64 at {before}"] = text[4:-4]
        return found


def leaks(texts: dict[str, bytes], canaries: Sequence[Canary]) -> list[tuple[str, str, str]]:
    """Give where which canary is found in which form."""
    return [
        (name, canary.place, form)
        for name, text in texts.items()
        for canary in canaries
        for form, sign in canary.forms().items()
        if sign in text
    ]


class CanaryShop(Shop):
    """Every secret by a reference, each in another way; all that is written is collected."""

    def __init__(self, root: Path, canaries: dict[str, Canary], servers: dict[str, Any]) -> None:
        super().__init__(root, url=servers["url"])
        self.canaries, self.servers = canaries, servers
        self.texts: dict[str, bytes] = {}
        self.codes: dict[str, int] = {}
        self._keep_secrets(root.parent / "secrets")
        self.add_supplier(1)

    def _keep_secrets(self, folder: Path) -> None:
        for name in ("redis/password", "smtp/password", "hook"):
            self._secret(folder / name, self.canaries[name.partition("/")[0]].value)
        self._secret(folder / "url", self.servers["url"])
        del self.environment["DATABASE_URL"]
        redis_url = f"redis://:{{secret:redis/password}}@{self._at('redis')}/0"
        gateway_url = f"http://cron:{{env:GATE_WORD}}@{self._at('gate')}"
        self.environment |= {
            "DATABASE_URL_FILE": str(folder / "url"),
            "CRONTRACT_SECRETS__DIRECTORY": str(folder),
            "CRONTRACT_LOCKS__STORE": "redis",
            "CRONTRACT_LOCKS__REDIS_URL": redis_url,
            "CRONTRACT_METRICS__PUSHGATEWAY_URL": gateway_url,
            "GATE_WORD": self.canaries["gateway"].value,
        }
        mail = self.servers["mail"]
        text = CHANNELS.format(folder=folder, port=mail.port, certificate=mail.certificate)
        routes = owners(Shared_Ops=["hook", "mail"], Stock_Import=["hook", "mail"])
        (self.root / "config" / "alerts.toml").write_text(text + routes, "utf-8")

    def _at(self, name: str) -> str:
        server = self.servers[name]
        return f"{server.host}:{server.port}"

    def _secret(self, file: Path, value: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n", "utf-8")
        file.chmod(0o600)

    # --- what is done, and all that comes of it -------------------------------------------------

    def say(self, name: str, *words: str, **environment: str) -> None:
        """Type a command and keep what it said."""
        done = self.console(*words, **environment)
        self._keep(name, done.returncode, done.stdout, done.stderr)

    def faulty(self, name: str, fault: str, *words: str) -> None:
        """The same with a fault; the command lines of its processes are kept too."""
        process = self.start_faulty(fault, *words)
        lines = set(self._command_lines(process))
        stdout, stderr = process.communicate(timeout=60)
        self.texts[f"{name}: command lines"] = b"\n".join(lines)
        self._keep(name, process.returncode, stdout, stderr)

    def _command_lines(self, process: Popen[str]) -> Iterator[bytes]:
        assert process.stdout is not None
        give_up = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < give_up:
            for pid in family(self):
                path = Path(f"/proc/{pid}/cmdline")
                yield path.read_bytes() if path.exists() else b""
            if len(family(self)) > 2:
                return

    def _keep(self, name: str, code: int, stdout: str, stderr: str) -> None:
        self.codes[name] = code
        self.texts[f"{name}: stdout"] = stdout.encode()
        self.texts[f"{name}: stderr"] = stderr.encode()

    def break_feed(self) -> None:
        file = self.root / "var" / "import" / "1" / "stock.csv"
        file.write_text("no;such;columns\n1;2;3\n", "utf-8")

    def collect(self) -> dict[str, bytes]:
        """Give all that was said and written anywhere."""
        files = {p for p in (self.root / "var").rglob("*") if p.is_file()}
        written = {str(path.relative_to(self.root)): path.read_bytes() for path in files}
        mails = {f"mail {n}": m.as_bytes() for n, m in enumerate(self.servers["mail"].mails())}
        kept = {"tables": self._tables(), "gateway": self._metrics(), "redis": self._keys()}
        return {**self.texts, **written, **mails, **kept}

    def _tables(self) -> bytes:
        with Access(self.url) as access:
            names = [name for (name,) in access.rows(TABLES[access.kind])]
            rows = {name: access.rows(f"SELECT * FROM {name}") for name in names}  # noqa: S608 - our own names
        return repr(rows).encode()

    def _metrics(self) -> bytes:
        with urllib.request.urlopen(f"http://{self._at('gate')}/metrics", timeout=10) as answer:
            text: bytes = answer.read()
        return text

    def _keys(self) -> bytes:
        place = urlsplit(f"redis://{self._at('redis')}")
        password = self.canaries["redis"].value
        with redis.Redis(place.hostname or "", place.port or 0, password=password) as client:
            return repr([(key, client.type(key)) for key in client.scan_iter()]).encode()


@contextmanager
def canary_shop(kind: str, folder: Path) -> Iterator[CanaryShop]:
    """Open a shop on a database whose user's password is a canary, with every other server."""
    canaries = {place: Canary(place) for place in PLACES}
    login = ("crontract", canaries["smtp"].value)
    with ExitStack() as stack:
        admin = stack.enter_context(database(kind))
        servers: dict[str, Any] = {
            "url": stack.enter_context(_own_user(admin, canaries["database"])),
            "redis": stack.enter_context(
                private("redis", folder / "redis", password=canaries["redis"].value)
            ),
            "gate": stack.enter_context(private("pushgateway", folder / "gate")),
            "mail": stack.enter_context(
                private("smtp", folder / "smtp", login=login, tls="starttls")
            ),
        }
        (folder / "shop").mkdir()
        yield CanaryShop(folder / "shop", canaries, servers)


@contextmanager
def _own_user(admin: str, canary: Canary) -> Iterator[str]:
    name = f"canary_{uuid.uuid4().hex[:12]}"
    parts = urlsplit(admin)
    with Access(admin) as access:
        if access.kind == "mariadb":
            access.execute(f"CREATE USER {name} IDENTIFIED BY ?", canary.value)
            access.execute(f"GRANT ALL ON *.* TO {name}")
        else:
            word = canary.value.replace("'", "''")
            access.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{word}'")
        place = f"{quote(name)}:{quote(canary.value, safe='')}@{parts.hostname}:{parts.port}"
        try:
            yield f"{access.kind}://{place}{parts.path}"
        finally:
            access.execute(f"DROP {'USER' if access.kind == 'mariadb' else 'ROLE'} {name}")


def wrong(shop: CanaryShop, **parts: str) -> str:
    """Give the database's address with another host, port or name, the password in it."""
    address = urlsplit(shop.url)
    at = parts.get("at", f"{address.hostname}:{address.port}")
    place = f"{address.netloc.rpartition('@')[0]}@{at}"
    return address._replace(netloc=place, path=parts.get("path", address.path)).geturl()
