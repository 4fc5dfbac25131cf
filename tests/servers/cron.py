"""Debian's cron with a spool of its own: it sees one crontab, and the host's cron sees nothing."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servers.finding import Found, Missing
from servers.server import Server

# cron's places are built into it; in a mount namespace they are others than the host's.
_PLACES = """
set -e
mount -t tmpfs none /var/spool/cron
mount -t tmpfs none /etc/cron.d
mount --bind /dev/null /etc/crontab
mount -t tmpfs none /run
mkdir -m 1730 /var/spool/cron/crontabs
install -m 600 "$1" /var/spool/cron/crontabs/root
exec "$2" -f
"""


@dataclass
class Cron:
    """``crontab`` is the text of root's; it fires by the host's clock, at full minutes."""

    crontab: str
    ending: signal.Signals = signal.SIGTERM
    drops_root: bool = False

    def prepare(self, found: Found, server: Server) -> None:
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            raise Missing("cron can only be given a spool of its own by root, with unshare")
        (server.files / "crontab").write_text(self.crontab, encoding="utf-8")

    def command(self, found: Found, server: Server) -> Sequence[str]:
        crontab = str(server.files / "crontab")
        return ["unshare", "--mount", "sh", "-c", _PLACES, "sh", crontab, str(found.program)]

    def ready(self, server: Server) -> bool:
        return Path(f"/proc/{server.pid}/comm").read_text(encoding="utf-8") == "cron\n"

    def url(self, server: Server) -> str:
        return f"file:{server.files / 'crontab'}"
