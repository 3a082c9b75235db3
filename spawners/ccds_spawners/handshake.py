"""Takes the port that a session reports, with the session's own token, and only while that session is starting.

A session whose start a hub's death interrupted is told to ask again, until the hub has taken that start up.

Only the port comes from the session. The host is the scheduler's word: a session that could name one would make the hub's
proxy call any address (server-side request forgery).
"""

from __future__ import annotations

from typing import Any

from tornado import web

from ccds_kernel.session.launch import PORT_PATH
from ccds_spawners.adopt import is_interrupted
from ccds_spawners.own_token import OwnTokenHandler

_FIRST_PORT, _LAST_PORT = 1024, 65535


class PortHandler(OwnTokenHandler):
    """`POST <hub api>/ccds/session-port` with `{"port": n}`: 204, 400 for no port, 503 for later, 403 for everybody else."""

    @web.authenticated
    async def post(self) -> None:
        """Hands the port to the starting session whose token came with it."""
        session = self.session_that_asks()
        if session is not None and session.pending == "spawn":
            session.report_port(_port(self.get_json_body()))
            self.set_status(204)
            return
        # Whose token it is can't be seen yet: the spawner that will have it hasn't taken it up.
        if _has_interrupted(self.current_user):
            raise web.HTTPError(503, "a start is being taken up")
        raise web.HTTPError(403, "expected the token of a starting session")


def _has_interrupted(user: Any) -> bool:  # noqa: ANN401 - JupyterHub has no type hints
    """Whether a start of theirs was interrupted and isn't taken up: not one that this hub itself is at."""
    live = getattr(user, "spawners", {})
    return any(
        live[name].interrupted if name in live else is_interrupted(one.state or {})
        for name, one in getattr(user, "orm_spawners", {}).items()
    )


def _port(body: Any) -> int:  # noqa: ANN401 - whatever JSON came
    port = body.get("port") if isinstance(body, dict) else None
    if isinstance(port, bool) or not isinstance(port, int) or not _FIRST_PORT <= port <= _LAST_PORT:
        raise web.HTTPError(400, 'expected {"port": n} with n from %i to %i', _FIRST_PORT, _LAST_PORT)
    return port


HANDLERS = [(f"/api{PORT_PATH}", PortHandler)]
