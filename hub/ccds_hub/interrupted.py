"""Takes up the starts that a hub's death interrupted: those sessions' jobs wait, or run, and keep their places.

It asks the hub, by its own REST interface, to start each of them again, with what its person chose and as that person, by a token
that is good for this one session for some minutes. The session's spawner finds the job (`ClusterSpawner._adopt`). JupyterHub
itself has nobody any more who waits for such a start, and no other way to have one again.

What can't be started now, since the scheduler or the hub doesn't answer, is tried again; what is refused (its person may not
have it any more, or is nobody's any more) isn't, and its job is ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from jupyterhub import orm
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from ccds_kernel.errors import CcdsError
from ccds_spawners.adopt import is_interrupted

AGAIN_S = 5.0
_PATIENCE_S = 60.0
_TOKEN_S = 300
_SERVER_ERROR = 500

_log = logging.getLogger("ccds.hub.interrupted")


async def take_up(hub: Any, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:  # noqa: ANN401 - JupyterHub has no type hints
    """Starts again all that was interrupted; returns when nothing is left to be tried.

    Args:
        hub: the hub's application, which listens.
        pause: sleeps that many seconds.
    """
    tried: set[int] = set()
    while left := [one for one in _interrupted(hub) if one.id not in tried]:
        for one, answered in zip(left, await asyncio.gather(*(_start(hub, one) for one in left)), strict=True):
            if answered:
                tried.add(one.id)
        await pause(AGAIN_S)


def load(hub: Any) -> None:  # noqa: ANN401 - likewise
    """Makes the spawners of such starts, which JupyterHub makes only when they are asked for: their nodes count from now on."""
    for one in _interrupted(hub):
        hub.users[one.user].spawners[one.name].load_state(one.state)


def _interrupted(hub: Any) -> list[Any]:  # noqa: ANN401 - likewise
    """The starts that nobody has taken up, from the hub's database."""
    stopped = hub.db.query(orm.Spawner).filter(orm.Spawner.server_id.is_(None))
    return [one for one in stopped if is_interrupted(one.state or {})]


async def _start(hub: Any, one: Any) -> bool:  # noqa: ANN401 - likewise
    """Asks for one start; whether that was answered, for good or ill."""
    person, session = one.user.name, one.name
    token = hub.users[one.user].new_api_token(
        note=f"Takes up the start of {session}",
        scopes=[f"servers!server={person}/{session}"],
        expires_in=_TOKEN_S,
    )
    request = HTTPRequest(
        f"{hub.hub.api_url}/users/{quote(person, safe='')}/servers/{quote(session, safe='')}",
        method="POST",
        body="",
        headers={"Authorization": f"token {token}"},
        request_timeout=_PATIENCE_S,
    )
    try:
        await AsyncHTTPClient().fetch(request)
    except HTTPClientError as error:
        _log.warning("session %s:%s isn't taken up: the hub answers %s", person, session, error.code)
        return bool(error.code < _SERVER_ERROR) and await _give_up(hub, one)
    except OSError as error:
        _log.warning("session %s:%s isn't taken up yet: %s", person, session, type(error).__name__)
        return False
    _log.info("session %s:%s: its start goes on", person, session)
    return True


async def _give_up(hub: Any, one: Any) -> bool:  # noqa: ANN401 - likewise
    """Ends the job of a start that was refused, where the hub did that before it came to the spawner; whether it has."""
    if one not in _interrupted(hub):
        return True  # its spawner was asked, and has ended it
    try:
        await hub.users[one.user].spawners[one.name].give_up()
    except CcdsError as error:
        _log.warning("session %s:%s: its job isn't ended yet: %s", one.user.name, one.name, error)
        return False
    return True
