"""The answer to what a lab session doesn't serve; a refused download of its person's is an audit event."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from ccds_kernel.session.lab_routes import download_shape
from ccds_kernel.session.refused_downloads import RefusedDownloads

SETTING = "ccds_refused_downloads"
"""Where the server's settings hold its `RefusedDownloads`."""


class LabRefusal(JupyterHandler):
    """Answers 403 to everything.

    Who asks is looked up only for downloads: what a stranger without a login asked for is no deed of the session's person.
    """

    async def prepare(self, **_options: Any) -> None:  # noqa: ANN401 - jupyter_server's signature
        """Ends the request before any method runs."""
        path = self.request.path.removeprefix(self.settings["base_url"].rstrip("/"))
        shape = download_shape(path, self.request.query_arguments)
        if shape is not None and await self._is_known():
            refused: RefusedDownloads = self.settings[SETTING]
            refused.note(shape)
        self.set_status(HTTPStatus.FORBIDDEN)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if shape is None:
            await self.finish("This session doesn't serve that.\n")
        else:
            await self.finish("Nothing is downloaded from this session. Results leave through the airlock.\n")

    async def _is_known(self) -> bool:
        try:
            return await ensure_async(self.identity_provider.get_user(self)) is not None
        except HTTPError:
            return False


class NoFiles(LabRefusal):
    """In place of jupyter_server's handler for raw files, should the gate ever let one through."""
