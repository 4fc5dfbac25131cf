"""The contracts agreed for jobs still to be built; each moves to its command when that lands."""

from __future__ import annotations

from domain.operating.contract import Contract

CONTRACTS: tuple[Contract, ...] = ()
"""None at present."""
