"""The cohort app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets
from ccds_widgets.screens import screen_assets

_OWN = Path(__file__).parent / "static"


class CohortWidget(ModelWidget):
    """The screens on which somebody finds an archive's studies, fetches them, and keeps cohorts of reports."""

    _esm = "\n".join(
        (
            assets(
                SHARED / "base.js",
                SHARED / "screens.js",
                SHARED / "charts.js",
                _OWN / "findings.js",
                _OWN / "choosing.js",
                _OWN / "days.js",
                _OWN / "columns.js",
            ),
            screen_assets(_OWN, "ask", "form", "kept", "actions", "ask"),
            screen_assets(_OWN, "fetch", "words", "queue", "studies", "criteria", "actions", "fetch"),
            screen_assets(_OWN, "reports", "cohorts", "actions", "reports"),
            assets(_OWN / "cohort.js"),
        )
    )
    _css = assets(SHARED / "base.css", SHARED / "screens.css", SHARED / "charts.css", _OWN / "cohort.css")
