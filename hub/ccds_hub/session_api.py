"""What the hub's pages ask while they are open: what is free, when a node would start, how the person's sessions stand.

Each route stands below its person's address and is for whoever may start sessions there, which is that person's browser: a
session's own token opens none of them. The scheduler is asked once for everybody who looks, see `Capacities`; for the cards it
isn't asked at all.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from ccds_hub.cards import Cards, cards_page
from ccds_hub.spawn_page import options_in
from ccds_kernel.batch.policy import priority_for
from ccds_kernel.batch.scheduler import JobRefusedError
from ccds_kernel.errors import CcdsError
from ccds_spawners.capacities import Capacities
from ccds_spawners.card_words import node_words, start_words
from ccds_spawners.form import before, offer_for, share_for, waiting, would_be
from ccds_spawners.nodes import other_nodes
from ccds_spawners.offer import models_of
from ccds_spawners.options import OptionError
from ccds_spawners.rights import why_revoked
from ccds_spawners.words import here


class FreeHandler(APIHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """`GET <hub api>/ccds/people/<person>/free`: `{"models": [{name, free, yielding, total, most}]}`; null where unknown."""

    def initialize(self, capacities: Capacities) -> None:
        """Takes what all pages share."""
        self.capacities = capacities

    @needs_scope("start:servers")  # type: ignore[untyped-decorator] # as above
    async def get(self, user_name: str) -> None:  # noqa: ARG002 - the scope is that of this person
        """What is free now, by GPU model."""
        nodes = await self.capacities.nodes()
        models = None if nodes is None else [asdict(model) for model in models_of(nodes)]
        self.write(json.dumps({"models": models}))


class OutlookHandler(APIHandler):  # type: ignore[misc] # as above
    """`GET <hub api>/ccds/sessions/<person>/<session>/outlook?gpus=…`: `{"words": …}`, read before the click.

    400 with `{"option": …, "message": …}` for a choice that makes no sense; 404: the form of no such session is open.
    """

    @needs_scope("start:servers")  # type: ignore[untyped-decorator] # as above
    async def get(self, user_name: str, server_name: str) -> None:
        """Which node it would be for the person, and when it would start, by the scheduler's word."""
        user = self.find_user(user_name)
        spawner = user.spawners.get(server_name) if user else None
        if spawner is None or not await asyncio.to_thread(_is_lab_of, spawner):
            raise web.HTTPError(404, "no such session's form is open")
        try:
            options = (await offer_for(spawner)).read(options_in(self.request.query_arguments))
            share = await share_for(spawner, options)
            others = other_nodes(spawner)
            priority_class = priority_for(user.name, others)
            outlook = await spawner.capacities.outlook(would_be(spawner, options, share, priority_class))
        except (OptionError, JobRefusedError) as error:
            self.set_status(400)
            self.write(json.dumps({"option": getattr(error, "option", ""), "message": str(error)}))
            return
        node = node_words(priority_class, len(others) + 1, before(spawner, options), waiting(others))
        self.write(json.dumps({"words": f"{node} {start_words(outlook, here())}"}))


class CardsHandler(APIHandler):  # type: ignore[misc] # as above
    """`GET <hub api>/ccds/people/<person>/cards`: `{"html": …}`, the person's sessions as the home page has them."""

    def initialize(self, cards: Cards) -> None:
        """Takes what the home page has, too."""
        self.cards = cards

    @needs_scope("start:servers")  # type: ignore[untyped-decorator] # as above
    async def get(self, user_name: str) -> None:
        """The cards now."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404, "no such person")
        shown = await self.cards.now(user)
        self.write(json.dumps({"html": cards_page(self.settings["jinja2_env_sync"], user, self.hub.base_url, shown)}))


def _is_lab_of(spawner: Any) -> bool:  # noqa: ANN401 - as above
    """Whether it is a lab session that its person may have."""
    try:
        session = spawner.session
    except CcdsError:
        return False
    return session.kind.runs_code and why_revoked(session, spawner.user.name, spawner.settings) is None


def handlers(capacities: Capacities, cards: Cards) -> list[tuple[Any, ...]]:
    """The routes, for the hub's configuration."""
    return [
        ("/api/ccds/people/([^/]+)/free", FreeHandler, {"capacities": capacities}),
        ("/api/ccds/people/([^/]+)/cards", CardsHandler, {"cards": cards}),
        ("/api/ccds/sessions/([^/]+)/([^/]+)/outlook", OutlookHandler),
    ]
