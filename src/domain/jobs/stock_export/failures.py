"""How an export can end early without anybody being at fault."""

from __future__ import annotations

from domain.transfers.failures import TransferBroken


class MarketBusy(TransferBroken):
    """The marketplace takes nothing for now: its own import runs, or it has had enough calls."""
