"""The preview as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


class PreviewWidget(ModelWidget):
    """The screen on which a scientist tunes a recipe."""

    _esm = assets(
        SHARED / "base.js",
        *(
            _OWN / f"{name}.js"
            for name in (
                *("state", "words", "toolbar", "slices", "pictures", "histogram", "table"),
                *("fields", "steps", "work", "saving", "actions", "keys", "normalization"),
            )
        ),
    )
    _css = assets(SHARED / "base.css", _OWN / "normalization.css")
