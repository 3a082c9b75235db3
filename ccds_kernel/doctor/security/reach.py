"""How bad it is that a lock is missing: that depends on who can come to the door."""

from __future__ import annotations

from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.settings import Settings


def missing_lock(settings: Settings) -> Verdict:
    """WRONG where people on other machines reach the hub, else WEAK."""
    reached = not settings.hub.is_local or settings.hub.behind_tls_proxy
    return Verdict.WRONG if reached else Verdict.WEAK
