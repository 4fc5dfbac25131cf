"""A certificate for 127.0.0.1 and localhost, made on the fly; it is its own authority."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers.finding import Missing


@dataclass(frozen=True)
class Certificate:
    """The certificate, and the key that only the server reads."""

    file: Path
    key: Path


def certificate(folder: Path) -> Certificate:
    """Make one in the folder unless it is there. Raises Missing without openssl."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    if made.file.exists():
        return made
    openssl = shutil.which("openssl")
    if openssl is None:
        raise Missing("no openssl to make a certificate with: install openssl")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(made.key), "-out", str(made.file)),
        ],
        check=True,
        capture_output=True,
    )
    return made
