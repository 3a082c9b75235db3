"""One app kernel kept warm, so that a page is interactive in two seconds instead of four.

Voilà keeps warm kernels only when it runs alone; inside a session's server its pool is never asked for. This manager gives
the server Voilà's pool. A warm kernel has run the app's notebook before anybody came: that is why an app opens its project
on the first view and not when its notebook runs.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from voila.configuration import VoilaConfiguration
from voila.paths import collect_template_paths
from voila.voila_kernel_manager import voila_kernel_manager_factory

_TEMPLATE_APPS = ["voila", "nbconvert"]


def without_mathjax(page_config: dict[str, Any], base_url: str = "/", **_: object) -> dict[str, Any]:
    """Voilà's `page_config_hook`: the page asks no other host for MathJax."""
    page_config["mathjaxConfig"] = "none"
    page_config["fullMathjaxUrl"] = f"{base_url}voila/templates/ccds/static/no-mathjax.js"
    return page_config


_Pooled: Any = voila_kernel_manager_factory(AsyncMappingKernelManager, True, 1, without_mathjax)


class PreheatingKernelManager(_Pooled):  # type: ignore[misc] # made by a factory of Voilà, which has no type hints
    """A kernel manager that fills its pool once the server is complete, and only with the notebook it is told."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - traitlets takes anything
        self._notebook: str | None = None
        options["parent"].notebook_path = None
        super().__init__(**options)

    def fill_if_needed(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - Voilà's signature
        """Fills the pool; before `begin` there is nothing to fill it with."""
        if self._notebook is not None:
            super().fill_if_needed(*arguments, **options)

    def begin(self, server_app: Any, notebook: str) -> None:  # noqa: ANN401 - jupyter_server has no type hints
        """Starts to keep one kernel warm for `notebook`, a path relative to the server's root."""
        parent = self.parent  # Voilà's pool expects its own application here: give it what it reads
        parent.voila_configuration = VoilaConfiguration(parent=server_app)
        parent.app = server_app.web_app
        parent.server_url = "/"
        parent.template_paths = collect_template_paths(_TEMPLATE_APPS, parent.voila_configuration.template)
        self._notebook = notebook
        self.fill_if_needed(delay=0, notebook_name=notebook)
