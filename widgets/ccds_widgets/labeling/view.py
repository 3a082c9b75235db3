"""The labelling app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class LabelingWidget(ModelWidget):
    """The screen on which a fellow turns reports into labels."""

    _esm = assets(
        SHARED / "base.js",
        *(
            _OWN / f"{name}.js"
            for name in ("state", "words", "report", "selection", "phrases", "toolbar", "actions", "keys", "labeling")
        ),
    )
    _css = assets(SHARED / "base.css", _OWN / "labeling.css")
