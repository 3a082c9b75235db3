"""The monitoring app of a session: the widget on what this site has published, for who the hub started the session for."""

from __future__ import annotations

from ccds_kernel.monitoring.reading import PublishedNumbers
from ccds_widgets.monitoring.model import MonitoringModel
from ccds_widgets.monitoring.view import MonitoringWidget


def monitoring_app() -> MonitoringWidget:
    """The app's widget. Opens nothing yet: see `MonitoringWidget`."""
    return MonitoringWidget(lambda: MonitoringModel(PublishedNumbers()))
