"""The labelling app as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"


def screen_assets(name: str, *files: str, shared: Sequence[str] = ()) -> str:
    """The scripts of screen `name`, which define `<name>Screen`: closed off, so that no screen's names meet another's.

    `shared` are those that it takes from what all widgets share.
    """
    scripts = assets(*(SHARED / f"{file}.js" for file in shared), *(_OWN / name / f"{file}.js" for file in files))
    return f"const {name}Screen = (() => {{\n{scripts}\nreturn {name}Screen;\n}})();"


class LabelingWidget(ModelWidget):
    """The screens on which a fellow and labelers turn reports into labels."""

    _esm = "\n".join(
        (
            assets(SHARED / "base.js", _OWN / "phrase_parts.js"),
            screen_assets(
                "annotate",
                "suggestions", "state", "words", "report", "selection", "phrases", "toolbar",
                "walking", "suggesting", "actions", "keys", "annotate",
            ),
            screen_assets("prioritise", "state", "rows", "panels", "actions", "prioritise"),
            screen_assets(
                "confirm",
                "queue", "state", "study", "choices", "progress", "end", "keys", "images", "batches",
                "curating", "actions", "confirm",
            ),
            screen_assets(
                "assess",
                "parts", "agreement", "labelers", "batches", "labels", "cases", "actions", "keys", "assess",
                shared=("charts", "report"),
            ),
            assets(_OWN / "task_form.js", _OWN / "labeling.js"),
        )
    )  # fmt: skip
    _css = assets(
        SHARED / "base.css",
        SHARED / "charts.css",
        _OWN / "labeling.css",
        _OWN / "phrase_parts.css",
        _OWN / "task_form.css",
        _OWN / "annotate" / "annotate.css",
        _OWN / "prioritise" / "prioritise.css",
        _OWN / "confirm" / "confirm.css",
        _OWN / "assess" / "assess.css",
    )
