"""The options form of a session: what the person chooses before it starts, and what they read meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from ccds_kernel.batch.policy import NodeSession, priority_for
from ccds_kernel.errors import CcdsError
from ccds_spawners.options import LabOptions
from ccds_spawners.refusal import Refusal
from ccds_spawners.seen import what_is_seen


async def options_form(spawner: Any, others: list[NodeSession]) -> str:  # noqa: ANN401 - JupyterHub has no type hints
    """The form of a lab session; an app session has none and starts at once.

    Args:
        spawner: the session's ClusterSpawner.
        others: its person's other nodes.

    Raises:
        Refusal: before anything is started.
    """
    try:
        project = await asyncio.to_thread(spawner.open)
        if project is None or not spawner.session.kind.runs_code:  # nothing to choose
            return ""
        nodes = await asyncio.to_thread(spawner.scheduler.capacity)
        sees = await asyncio.to_thread(what_is_seen, project, spawner.contents, spawner.settings)
    except CcdsError as error:
        raise Refusal(error) from None
    form = spawner.user.settings["jinja2_env_sync"].get_template("session_options.html")
    return str(
        form.render(
            project=project,
            sees=sees,
            nodes=nodes,
            session=spawner.session,
            priority_class=priority_for(spawner.user.name, others),
            options=LabOptions(gpus=min(1, sum(node.gpus for node in nodes))),
        )
    )
