"""The cluster app of a session: the widget on the report that is published, for who the hub started the session for."""

from __future__ import annotations

from ccds_kernel.cluster.reading import PublishedCluster
from ccds_widgets.cluster.model import ClusterModel
from ccds_widgets.cluster.view import ClusterWidget


def cluster_app() -> ClusterWidget:
    """The app's widget. Opens nothing yet: see `ClusterWidget`."""
    return ClusterWidget(lambda: ClusterModel(PublishedCluster()))
