"""`/hub/limits`: what the lock around the data can and can't do, from `docs/limits.md`, readable without a network or a login."""

from __future__ import annotations

import mistune
from jupyterhub.handlers.base import BaseHandler

from ccds_kernel.resources import resource


class LimitsHandler(BaseHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """Shows the page, whoever asks: it is about the site, and names nobody."""

    async def get(self) -> None:
        """The document between the hub's bar and foot."""
        self.finish(await self.render_template("limits.html", document=limits_page()))


def limits_page() -> str:
    """The document as HTML; raw HTML in it would be shown as text.

    Raises:
        CcdsError: the installation is incomplete.
    """
    render = mistune.create_markdown(escape=True, plugins=["table"])
    return str(render(resource("docs/limits.md").read_text(encoding="utf-8")))
