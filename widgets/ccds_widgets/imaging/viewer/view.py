"""The viewer as a widget of its own, and its scripts for an app that has it as a screen."""

from __future__ import annotations

from pathlib import Path

from ccds_widgets.base import SHARED, ModelWidget, assets

_OWN = Path(__file__).parent / "static"

LOOK_STYLES = (_OWN / "look.css",)


def look_scripts() -> str:
    """The scripts of the screen, which define `lookScreen(context)`: closed off, so that its names meet no other's.

    Of `context` it uses `channel.ask(request)`, `said(line)` and `signal`, as `static/screens.js` describes them. What it
    returns is described there, too; `open({study, series})` goes to a study.
    """
    names = ("geometry", "frames", "strokes", "pane", "probing", "correcting", "header", "tools", "keys", "look")
    scripts = assets(*(_OWN / f"{name}.js" for name in names))
    return f"const lookScreen = (() => {{\n{scripts}\nreturn lookScreen;\n}})();"


class ViewerWidget(ModelWidget):
    """The volumes of a project, in a notebook."""

    _esm = "\n".join((assets(SHARED / "base.js"), look_scripts(), assets(_OWN / "viewer.js")))
    _css = assets(SHARED / "base.css", *LOOK_STYLES)
