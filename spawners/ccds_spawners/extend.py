"""The route by which a person gives their running session more time: a button on its card.

Only whoever may start the session may: its own token, which lies on the node, opens it as little as an administrator's login.
"""

from __future__ import annotations

import json

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from ccds_kernel.errors import CcdsError
from ccds_spawners.refusal import status_of

PATH = "/ccds/sessions/{person}/{session}/extend"
"""Under the address of the hub's API."""


class ExtendHandler(APIHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """`POST <hub api>/ccds/sessions/<person>/<session>/extend` with `{"minutes": n}`: `{"ends": …}`, or one line that says no.

    A page sends the hub's XSRF token with it, as with all its other POSTs.
    """

    @needs_scope("start:servers")  # type: ignore[untyped-decorator] # as above
    async def post(self, user_name: str, server_name: str) -> None:
        """Extends it. 400: by less, or not now; 404: no such session that runs; 503: later."""
        user = self.find_user(user_name)
        spawner = user.spawners.get(server_name) if user else None
        if spawner is None or not spawner.ready or not spawner.job_id:
            raise web.HTTPError(404, "no such session runs")
        body = self.get_json_body()
        try:
            ends = await spawner.extend(body.get("minutes") if isinstance(body, dict) else None)
        except CcdsError as error:
            raise web.HTTPError(status_of(error), "%s", str(error)) from None
        self.write(json.dumps({"ends": ends.isoformat()}))


HANDLERS = [(f"/api{PATH.format(person='([^/]+)', session='([^/]+)')}", ExtendHandler)]
