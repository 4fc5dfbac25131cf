"""One file by one of our adapters, run as a child: ``partner_transfer.py ROOT NAME up|down FILE``.

Prints the seconds from connecting to the end, without what Python takes to start.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

from infra.clock import SystemClock
from infra.transfers.partners import ConfiguredPartners


def main() -> None:
    """Send the file under its own name, or fetch it into the place named."""
    root, partner, direction, file = sys.argv[1:]
    path = Path(file)
    partners = ConfiguredPartners(Path(root), Path(root) / "secrets", SystemClock())
    started = time.perf_counter()
    with partners.folder(partner, timedelta(minutes=5)) as folder:
        if direction == "up":
            with path.open("rb") as content:
                folder.put(path.name, content)
        else:
            with path.open("wb") as into:
                folder.get(path.name, into)
    sys.stdout.write(f"{time.perf_counter() - started:.4f}\n")


if __name__ == "__main__":
    main()
