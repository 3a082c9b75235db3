"""The labelling app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets
from ccds_widgets.screens import screen_assets

_OWN = Path(__file__).parent / "static"
_screen = partial(screen_assets, _OWN)


class LabelingWidget(ModelWidget):
    """The screens on which a fellow and labelers turn reports into labels."""

    _esm = "\n".join(
        (
            assets(SHARED / "base.js", SHARED / "screens.js", _OWN / "phrase_parts.js"),
            _screen(
                "annotate",
                "suggestions", "state", "words", "report", "selection", "phrases", "toolbar",
                "walking", "suggesting", "actions", "keys", "annotate",
            ),
            _screen("prioritise", "state", "rows", "panels", "actions", "prioritise"),
            _screen(
                "confirm",
                "queue", "state", "study", "choices", "progress", "end", "keys", "images", "batches",
                "curating", "actions", "confirm",
            ),
            _screen(
                "assess",
                "parts", "agreement", "labelers", "batches", "labels", "cases", "actions", "keys", "assess",
                shared=("charts", "report"),
            ),
            assets(_OWN / "task_form.js", _OWN / "labeling.js"),
        )
    )  # fmt: skip
    _css = assets(
        SHARED / "base.css",
        SHARED / "screens.css",
        SHARED / "charts.css",
        _OWN / "labeling.css",
        _OWN / "phrase_parts.css",
        _OWN / "task_form.css",
        _OWN / "annotate" / "annotate.css",
        _OWN / "prioritise" / "prioritise.css",
        _OWN / "confirm" / "confirm.css",
        _OWN / "assess" / "assess.css",
    )
