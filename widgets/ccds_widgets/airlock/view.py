"""The airlock's app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class AirlockWidget(ModelWidget):
    """The screen on which two people decide what leaves a project."""

    _esm = assets(
        SHARED / "base.js",
        *(_OWN / f"{name}.js" for name in ("actions", "keys", "list", "files", "detail", "airlock")),
    )
    _css = assets(SHARED / "base.css", _OWN / "airlock.css")
