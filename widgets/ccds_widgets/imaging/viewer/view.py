"""The viewer as a widget of its own, and its scripts for an app that has it as a screen."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"

LOOK_STYLES = (_OWN / "look.css",)
NOTES = _OWN / "notes.js"
"""How what is to be known about a volume is told; the scripts of the screen need it before them."""


def look_scripts() -> str:
    """The scripts of the screen, which define `lookScreen`: closed off, so that no screen's names meet another's."""
    names = ("geometry", "frames", "strokes", "pane", "probing", "correcting", "header", "tools", "keys", "look")
    scripts = assets(*(_OWN / f"{name}.js" for name in names))
    return f"const lookScreen = (() => {{\n{scripts}\nreturn lookScreen;\n}})();"


class ViewerWidget(ModelWidget):
    """The volumes of a project, in a notebook."""

    _esm = "\n".join(
        (assets(SHARED / "base.js", SHARED / "screens.js", NOTES), look_scripts(), assets(_OWN / "viewer.js"))
    )
    _css = assets(SHARED / "base.css", SHARED / "screens.css", *LOOK_STYLES)
