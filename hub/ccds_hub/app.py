"""The hub: JupyterHub, and beside it what keeps the policy. `python -P -m ccds_hub.app -f hub/jupyterhub_config.py`.

A subclass, since JupyterHub has no place in its configuration for what runs in its process for as long as it does; a service
is a process of its own and knows no spawner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from jupyterhub.app import JupyterHub
from traitlets import Any as AnyTrait

from ccds_hub import call_off, large_bodies, spawn_page
from ccds_hub.interrupted import load, take_up


class CcdsHub(JupyterHub):  # type: ignore[misc] # JupyterHub has no type hints
    """JupyterHub with the policy's loop."""

    policy = AnyTrait(help="the PolicyLoop; without one nobody's nodes are put in order").tag(config=True)

    _policy_task: asyncio.Task[None] | None = None
    _starts_task: asyncio.Task[None] | None = None

    def init_handlers(self) -> None:
        """JupyterHub's handlers, ours before those that they replace."""
        super().init_handlers()
        ours = [*spawn_page.HANDLERS, *large_bodies.HANDLERS, *call_off.HANDLERS]
        self.handlers[:0] = self.add_url_prefix(self.hub_prefix, ours)

    async def start(self) -> None:
        """Starts the hub; once it listens, the loop."""
        await super().start()
        if self.http_server is None:  # it was asked for something else, such as a token
            return
        self.http_server.conn_params.max_body_size = large_bodies.MOST_BYTES
        self.http_server.request_callback = large_bodies.SmallBodies(self.tornado_application, self.hub_prefix)
        load(self)  # before the policy's first look, which would take a further node for its person's only one
        self._starts_task = asyncio.create_task(take_up(self))
        if self.policy is not None:
            self._policy_task = asyncio.create_task(self.policy.run(self.live_spawners))

    def live_spawners(self) -> Iterator[Any]:
        """Every named server that runs, waits or starts. Of people who have none JupyterHub needn't know."""
        for user in list(self.users.values()):
            yield from (spawner for name, spawner in list(user.spawners.items()) if name)


if __name__ == "__main__":
    CcdsHub.launch_instance()
