"""The run page as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class RunsWidget(ModelWidget):
    """A cell of a lab notebook in which somebody runs recipes over all volumes, and watches."""

    _esm = assets(
        SHARED / "base.js",
        SHARED / "live.js",
        *(_OWN / f"{name}.js" for name in ("state", "form", "list", "detail", "actions", "runs")),
    )
    _css = assets(SHARED / "base.css", SHARED / "live.css", _OWN / "runs.css")
