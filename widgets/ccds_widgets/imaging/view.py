"""The imaging app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets
from ccds_widgets.imaging.viewer.view import LOOK_STYLES, NOTES, look_scripts
from ccds_widgets.screens import screen_assets

_OWN = Path(__file__).parent / "static"


class ImagingWidget(ModelWidget):
    """The screens on which series become volumes, and volumes are looked at."""

    _esm = "\n".join(
        (
            assets(SHARED / "base.js", SHARED / "screens.js", NOTES, _OWN / "parts.js"),
            screen_assets(_OWN, "series", "state", "list", "detail", "rules", "actions", "series"),
            screen_assets(_OWN, "quarantine", "state", "matrix", "run", "rows", "actions", "quarantine"),
            look_scripts(),
            assets(_OWN / "imaging.js"),
        )
    )
    _css = assets(
        SHARED / "base.css",
        SHARED / "screens.css",
        *(_OWN / name for name in ("imaging.css", "series/series.css", "quarantine/quarantine.css")),
        *LOOK_STYLES,
    )
