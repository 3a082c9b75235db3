"""The route by which a session's pages ask what the hub tells them: see `notice`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado.web import authenticated

from ccds_kernel.session.notice import read_notice


class NoticeHandler(APIHandler):
    """Answers `{"text": …}`; asking is no activity of the person's."""

    _track_activity = False

    def initialize(self, folder: Path) -> None:
        """Tornado's hook."""
        self._folder = folder

    @authenticated
    def get(self) -> None:
        """The notice as it is now."""
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps({"text": read_notice(self._folder, datetime.now(UTC))}))


def add_notice_route(server_app: Any, folder: Path) -> None:  # noqa: ANN401 - jupyter_server has no type hints
    """Adds the route to `server_app`; the gate must let it through."""
    base = server_app.web_app.settings["base_url"].rstrip("/")
    server_app.web_app.add_handlers(".*$", [(rf"{base}/ccds/notice", NoticeHandler, {"folder": folder})])
