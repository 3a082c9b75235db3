"""The monitoring app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class MonitoringWidget(ModelWidget):
    """The screen on which a head of radiology sees how a deployed model does."""

    _esm = assets(
        SHARED / "base.js",
        SHARED / "charts.js",
        SHARED / "report.js",
        *(_OWN / f"{name}.js" for name in ("trend", "scanners", "volumes", "tables", "parts", "monitoring")),
    )
    _css = assets(SHARED / "base.css", SHARED / "charts.css", SHARED / "report.css", _OWN / "monitoring.css")
