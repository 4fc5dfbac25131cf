"""The secrets of one connection, read when they are needed."""

from __future__ import annotations

from pathlib import Path

from infra.secrets import resolve


class Login:
    """Looks references up in the folder of mounted secrets."""

    def __init__(self, secrets: Path) -> None:
        self._secrets = secrets

    def secret(self, reference: str) -> str:
        """Give the value, scrubbed from every text from now on. Raises ConfigurationInvalid."""
        return resolve(reference, self._secrets).reveal()
