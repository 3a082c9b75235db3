"""A person's sessions as cards: those that live, as their spawners know them, then those that ended lately, as it is recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ccds_kernel.batch.policy import own_before, people_before
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.cluster.record import SessionRecord
from ccds_kernel.cluster.records import Records
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.session.name import SessionKind, SessionName
from ccds_kernel.settings import Settings
from ccds_spawners.card import Card, Idle, ended_card, live_card
from ccds_spawners.nodes import LiveNodes, chosen_options, node_of, other_nodes
from ccds_spawners.rights import why_revoked
from ccds_spawners.words import here

MOST_ENDED = 8
_KINDS = {SessionKind.LAB: "JupyterLab", SessionKind.APP: "Apps", SessionKind.REPORTS: "Deployed models"}

_log = logging.getLogger("ccds.hub.cards")


@dataclass(frozen=True)
class Read:
    """What files say for a person's cards.

    Attributes:
        ended: the sessions that ended lately, the latest first; of an app session its last run only.
        may_restart: those names among them whose session the person may have again.
        applications: all, by slug.
    """

    ended: tuple[SessionRecord, ...]
    may_restart: frozenset[str]
    applications: dict[str, IrbApplication]


class Cards:
    """What the home page and its updates show; nobody is asked for it, neither the scheduler nor a session.

    What lies in files is read in a thread: on a disk that hangs the hub itself goes on.

    Args:
        settings: the site's settings.
        records: how sessions went.
        nodes: everybody's nodes, as the policy last saw them.
    """

    def __init__(self, settings: Settings, records: Records, nodes: LiveNodes) -> None:
        self._settings = settings
        self._records = records
        self._nodes = nodes

    async def now(self, user: Any) -> tuple[Card, ...]:  # noqa: ANN401 - JupyterHub has no type hints
        """All cards of `user` as they are now, in the order of the page."""
        read = await asyncio.to_thread(self._read, user.name)
        return self._shown(user, read, here())

    def for_page(self, user: Any) -> Callable[[], Awaitable[tuple[Card, ...]]]:  # noqa: ANN401 - as above
        """For the templates, which are given this on every page and await what they call: the cards now."""
        return lambda: self.now(user)

    def _read(self, person: str) -> Read:
        """It may block."""
        ended = self._ended_lately(person)
        names = {record.session for record in ended}
        return Read(
            ended,
            frozenset(name for name in names if self._may_have(name, person)),
            {application.slug: application for application in registry_of(self._settings).applications()},
        )

    def _ended_lately(self, person: str) -> tuple[SessionRecord, ...]:
        """None where the records can't be read: the home page is there all the same."""
        days = self._settings.sessions.keep_cards_days
        try:
            found = self._records.of_person(person, datetime.now(UTC) - timedelta(days=days))
        except CcdsError as error:
            _log.error("the cards of ended sessions can't be shown: %s", error)
            return ()
        over = sorted((record for record in found if record.ended), key=_end)
        kept = {(record.session, _is_node(record) and record.job): record for record in over}
        return tuple(sorted(kept.values(), key=_end, reverse=True))[:MOST_ENDED]

    def _shown(self, user: Any, read: Read, now: datetime) -> tuple[Card, ...]:  # noqa: ANN401 - as above
        live = [spawner for name, spawner in user.spawners.items() if name and (spawner.active or spawner.interrupted)]
        names = {spawner.name for spawner in live}
        return (
            *(self._live(spawner, read.applications, now) for spawner in sorted(live, key=lambda one: one.name)),
            *(
                ended_card(
                    record,
                    now,
                    title=title_of(record.session, read.applications),
                    may_restart=record.session in read.may_restart,
                    is_there_again=record.session in names,
                )
                for record in read.ended
            ),
        )

    def _live(self, spawner: Any, applications: dict[str, IrbApplication], now: datetime) -> Card:  # noqa: ANN401 - as above
        node, others = node_of(spawner), other_nodes(spawner)
        earlier = own_before(node, others) if node else ()
        return live_card(
            spawner.view(),
            now,
            title=title_of(spawner.name, applications),
            options=chosen_options(spawner) if node else None,
            cpus=spawner.cores,
            people_before=people_before(node, self._nodes.live) if node else 0,
            nth=len(others) + 1,
            own_before=[title_of(one.session, applications) for one in earlier],
            idle=_idle(spawner),
        )

    def _may_have(self, name: str, person: str) -> bool:
        try:
            return why_revoked(SessionName.parse(name), person, self._settings) is None
        except CcdsError:
            return False


def title_of(name: str, applications: dict[str, IrbApplication]) -> str:
    """What a session is, for people: its kind, its number, its project's title where that is known."""
    try:
        session = SessionName.parse(name)
    except CcdsError:
        return name
    kind = _KINDS[session.kind] + (f" {session.number}" if session.number > 1 else "")
    application = applications.get(session.project)
    return f"{kind} · {application.title}" if application else kind


def cards_page(templates: Any, user: Any, base_url: str, cards: Iterable[Card]) -> str:  # noqa: ANN401 - JupyterHub has no type hints
    """The cards as the home page shows them."""
    return str(templates.get_template("cards.html").render(user=user, base_url=base_url, cards=tuple(cards)))


def _end(record: SessionRecord) -> datetime:
    return record.ended or record.submitted


def _is_node(record: SessionRecord) -> bool:
    return record.priority_class is not PriorityClass.APP


def _idle(spawner: Any) -> Idle | None:  # noqa: ANN401 - as above
    if spawner.idle_since is None:
        return None
    return Idle(since=spawner.idle_since, ends=spawner.idle_end.at if spawner.idle_end else None)
