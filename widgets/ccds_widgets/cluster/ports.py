"""What the cluster app needs of the kernel."""

from __future__ import annotations

from typing import Protocol

from ccds_kernel.cluster.report import ClusterReport


class Cluster(Protocol):
    """The published report."""

    def read(self) -> ClusterReport | None:
        """The report, None where none is published; raises `CcdsError` for who may not read it (any more), logs every look."""
