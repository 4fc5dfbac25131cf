"""How a transfer fails, by what happens next."""

from __future__ import annotations

from domain.errors import Refused, Retryable


class TransferBroken(Retryable):
    """The line was cut, or the partner is away or busy; it may pass by itself."""


class PartnerRefused(Refused):
    """The partner says no, and will say so again: a missing right, a name it does not take."""


class LoginRefused(PartnerRefused):
    """User, password or key are wrong. Never tried again: partners lock accounts."""


class PartnerUnproven(PartnerRefused):
    """The host is not the one that was agreed: its key or certificate does not fit."""


class QuotaReached(PartnerRefused):
    """The partner's folder takes no more; somebody has to make room there."""
