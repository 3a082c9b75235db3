"""The training launcher as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class TrainingWidget(ModelWidget):
    """A cell of a lab notebook from which somebody trains, and watches trainings."""

    _esm = assets(
        SHARED / "base.js",
        SHARED / "live.js",
        *(_OWN / f"{name}.js" for name in ("state", "form", "runs", "curve", "detail", "actions", "training")),
    )
    _css = assets(SHARED / "base.css", SHARED / "live.css", _OWN / "training.css")
