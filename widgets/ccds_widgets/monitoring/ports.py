"""What the monitoring app needs of the kernel."""

from __future__ import annotations

from typing import Protocol

from ccds_kernel.monitoring.publication import Publication
from ccds_kernel.monitoring.release import ReleaseId


class Numbers(Protocol):
    """What is published. Each method raises a `CcdsError` for who may not read it (any more), and logs every look."""

    def releases(self) -> tuple[ReleaseId, ...]:
        """The releases of which something is published, by name."""

    def read(self, which: ReleaseId) -> Publication:
        """What is published of `which`; raises `CcdsError` where nothing is, or it can't be read."""
