"""Error pages that say what happened and nothing else.

jupyter_server's own carry the server's token in their markup, for JupyterLab's sake; an app's page has no use for it.
"""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, DictLoader

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ status_code }} · CCDS Workbench</title></head>
<body><p>{{ status_code }}: {{ status_message }}</p><p><a href="/hub/home">Back to your projects</a></p></body></html>
"""
_NAMES = ("404.html", "error.html")


def install(server_app: Any) -> None:  # noqa: ANN401 - jupyter_server has no type hints
    """Puts these pages before those of `server_app`, a jupyter_server ServerApp."""
    environment = server_app.web_app.settings["jinja2_env"]
    environment.loader = ChoiceLoader([DictLoader(dict.fromkeys(_NAMES, _PAGE)), environment.loader])
    if environment.cache is not None:
        environment.cache.clear()
