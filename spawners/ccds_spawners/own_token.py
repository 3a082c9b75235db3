"""Routes of the hub that a session calls with its own token: whose token it is, whatever else its person may do."""

from __future__ import annotations

import hmac
from typing import Any

from jupyterhub.apihandlers.base import APIHandler


class OwnTokenHandler(APIHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """A route that is for sessions only: neither a page's cookie nor a person's token is a session's own."""

    def check_xsrf_cookie(self) -> None:
        """Nothing to check: only a token opens this handler, never a cookie."""

    def session_that_asks(self) -> Any | None:  # noqa: ANN401 - JupyterHub has no type hints
        """The spawner of the session whose token came with the request; None where it is no session's."""
        # Bytes: text with other letters can't be compared in constant time.
        token = (self.get_auth_token() or "").encode()
        for spawner in getattr(self.current_user, "spawners", {}).values():
            if spawner.api_token and hmac.compare_digest(spawner.api_token.encode(), token):
                return spawner
        return None
