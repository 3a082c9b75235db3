"""A session whose start was interrupted by a hub's death is stopped, too, before it is taken up or while it is.

JupyterHub knows no such server, and would answer that it has stopped, while its job waits on and is taken up in the end. Whoever
may stop it has it ended instead, as soon as the scheduler answers (`interrupted`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.scopes import needs_scope


class SessionHandler(UserServerAPIHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """`DELETE <hub api>/users/<person>/servers/<session>`; everything else there is JupyterHub's."""

    @needs_scope("delete:servers")  # type: ignore[untyped-decorator] # as above
    async def delete(self, user_name: str, server_name: str = "") -> None:
        """Stops the session: 202 where its start is called off, which is done later; `remove` says nothing then."""
        user = self.find_user(user_name)
        spawner = user.spawners[server_name] if user and server_name in user.spawners else None
        if spawner and spawner.interrupted:
            spawner.call_off()
            if not spawner.pending:
                self.set_status(HTTPStatus.ACCEPTED)
                return
        await super().delete(user_name, server_name)


HANDLERS: list[tuple[str, Any]] = [(r"/api/users/([^/]+)/servers/([^/]*)", SessionHandler)]
