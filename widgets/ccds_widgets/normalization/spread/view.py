"""The cohort view as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class SpreadWidget(ModelWidget):
    """A cell of a lab notebook in which somebody sees how alike a project's volumes are."""

    _esm = assets(
        SHARED / "base.js",
        SHARED / "live.js",
        *(_OWN / f"{name}.js" for name in ("state", "scale", "strips", "columns", "unlike", "actions", "spread")),
    )
    _css = assets(SHARED / "base.css", SHARED / "live.css", _OWN / "spread.css")
