"""Keeps the token by which a session's server speaks to the hub out of what the server starts.

Kernels and terminals get their server's environment, where the hub had put the token: code could ask the hub for things in
its server's name. With the root helper that is a wall. Where code and server are the same Unix user it is none, as
`/proc` shows a process its own user's others; then no program has the token by accident.
"""

from __future__ import annotations

import os
from typing import Any

_NAMES = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")


def keep_to_server(c: Any) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Moves the token from this process's environment into `c`, the server's configuration."""
    for name in _NAMES:
        if token := os.environ.pop(name, ""):
            c.HubAuth.api_token = token
