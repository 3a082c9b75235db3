"""Takes what a session's server reports of its use, with the session's own token: see `ccds_kernel.session.use_report`."""

from __future__ import annotations

from typing import Any

from tornado import web

from ccds_kernel.session.idle import Use
from ccds_kernel.session.use_report import USE_PATH
from ccds_spawners.own_token import OwnTokenHandler

_LONGEST_S = 366 * 24 * 3600.0
_WHOLE = 100


class UseHandler(OwnTokenHandler):
    """`POST <hub api>/ccds/session-use` with a report: 204, 400 for no report, 403 for everybody but a session that is up."""

    @web.authenticated
    async def post(self) -> None:
        """Hands the report to the session whose token came with it."""
        session = self.session_that_asks()
        if session is None or not session.ready:
            raise web.HTTPError(403, "expected the token of a session that is up")
        session.report_use(read_use(self.get_json_body()))
        self.set_status(204)


def read_use(body: Any) -> Use:  # noqa: ANN401 - whatever JSON came
    """The report in `body`.

    Raises:
        HTTPError: 400, it is none.
    """
    fields = body if isinstance(body, dict) else {}
    unused, busy, gpu = fields.get("unused_s"), fields.get("busy"), fields.get("gpu")
    gpu_right = gpu is None or (isinstance(gpu, int) and not isinstance(gpu, bool) and 0 <= gpu <= _WHOLE)
    if (
        not isinstance(unused, int | float)
        or isinstance(unused, bool)
        or not 0 <= unused <= _LONGEST_S
        or not (isinstance(busy, bool) and gpu_right)
    ):
        raise web.HTTPError(400, 'expected {"unused_s": seconds, "busy": true or false, "gpu": percent or null}')
    return Use(unused_s=float(unused), busy=busy, gpu=gpu)


HANDLERS = [(f"/api{USE_PATH}", UseHandler)]
