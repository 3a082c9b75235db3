"""The options form of a lab session, and the check of what it sends: what the person chooses, and what they read meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccds_kernel.batch.policy import NodeSession, people_before, priority_for
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.cluster.record import SessionRecord
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_spawners.card import options_of
from ccds_spawners.card_words import node_words
from ccds_spawners.job import session_job
from ccds_spawners.nodes import other_nodes
from ccds_spawners.offer import Offer, offer_of
from ccds_spawners.options import LabOptions
from ccds_spawners.refusal import Refusal
from ccds_spawners.seen import what_is_seen
from ccds_spawners.share import APP_SHARE, Share, share_of, share_table


async def options_form(spawner: Any) -> str:  # noqa: ANN401 - JupyterHub has no type hints
    """The form of a lab session; an app session has none and starts at once.

    It begins with the person's last choice in this project, and with what the address says: `spawner.handler.sent`, where the
    page's handler has that.

    Args:
        spawner: the session's ClusterSpawner.

    Raises:
        Refusal: before anything is started.
    """
    try:
        project = await asyncio.to_thread(spawner.open)
        if project is None or not spawner.session.kind.runs_code:  # nothing to choose
            return ""
        sees = await asyncio.to_thread(what_is_seen, project, spawner.contents, spawner.settings)
    except CcdsError as error:
        raise Refusal(error) from None
    nodes = await spawner.capacities.nodes()
    offer = offer_of(spawner.settings, nodes)
    shares = share_table(offer, spawner.settings.sessions, nodes)
    last = await asyncio.to_thread(_last_choice, spawner, project)
    sent: Mapping[str, object] = getattr(spawner.handler, "sent", {})
    options, errors = offer.fill(last, sent)
    others = other_nodes(spawner)
    outlook = node_words(
        priority_for(spawner.user.name, others), len(others) + 1, before(spawner, options), waiting(others)
    )
    form = spawner.user.settings["jinja2_env_sync"].get_template("session_options.html")
    return str(
        form.render(
            project=project,
            sees=sees,
            session=spawner.session,
            offer=offer,
            shares=shares,
            options=options,
            wrong=errors,
            outlook=outlook,
        )
    )


async def chosen(spawner: Any) -> LabOptions:  # noqa: ANN401 - as above
    """What was chosen for a session that starts, whoever sent it; an app session has no choice.

    Raises:
        OptionError: the site hasn't what was asked for, or it is no choice at all.
    """
    sent = spawner.user_options or {}
    if not spawner.session.kind.runs_code:
        return LabOptions.from_mapping(sent)
    return (await offer_for(spawner)).read(sent)


async def offer_for(spawner: Any) -> Offer:  # noqa: ANN401 - as above
    """What the site offers for lab sessions, as its scheduler said a moment ago."""
    return offer_of(spawner.settings, await spawner.capacities.nodes())


async def share_for(spawner: Any, options: LabOptions) -> Share:  # noqa: ANN401 - as above
    """The cores and memory of a session with these options, as the site and its scheduler have it."""
    if not spawner.session.kind.runs_code:
        return APP_SHARE
    return share_of(options, spawner.settings.sessions, await spawner.capacities.nodes())


def before(spawner: Any, options: LabOptions) -> int:  # noqa: ANN401 - as above
    """How many people's first nodes come before the node that `options` ask for, as it isn't there yet."""
    thought_of = NodeSession(
        person=spawner.user.name,
        session=spawner.name,
        asked=datetime.now(UTC),
        gpus=options.gpus,
        gpu_model=options.gpu_model,
    )
    return people_before(thought_of, spawner.nodes.live)


def waiting(others: Iterable[NodeSession]) -> int:
    """How many of a person's other nodes wait."""
    return sum(not node.placed for node in others)


def would_be(spawner: Any, options: LabOptions, share: Share, priority_class: PriorityClass) -> JobSpec:  # noqa: ANN401 - as above
    """The job that a start with these would submit, without what a job is given to run: nothing but to ask about."""
    nowhere = Path("/")
    return session_job(
        spawner.session, options, share, priority_class, person=spawner.user.name, home=nowhere, folder=nowhere, env={}
    )


def _last_choice(spawner: Any, project: Project) -> LabOptions | None:  # noqa: ANN401 - as above
    """What the person chose last in this project; None where they haven't, or it can't be read: a form begins all the same."""
    try:
        record: SessionRecord | None = spawner.records.last_node(spawner.user.name, project.id)
    except CcdsError as error:
        spawner.log.error("the last choice of a session's person isn't known: %s", error)  # noqa: TRY400 - one line
        return None
    return options_of(record) if record else None
