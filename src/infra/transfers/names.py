"""Names of files that partners or settings give: plain ones, or none at all."""

from __future__ import annotations

from domain.transfers.failures import PartnerRefused


def is_plain(name: str) -> bool:
    """Tell a file's own name from a path, a command's end or nothing."""
    return name not in ("", ".", "..") and name.isprintable() and not set(name) & {"/", "\\"}


def plain(name: str) -> str:
    """Give the name back. Raises PartnerRefused for what is more than a file's name."""
    if not is_plain(name):
        raise PartnerRefused(f"{name!r} is no file's plain name")
    return name
