"""What the cluster was used for: a record of every session, from its submission to how it ended."""

from __future__ import annotations

from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.cluster.records import Records

__all__ = ["HowEnded", "Records", "SessionRecord"]
