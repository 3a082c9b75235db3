"""Takes up the starts that a hub's death interrupted: those sessions' jobs wait, or run, and keep their places.

It asks the hub, by its own REST interface, to start each of them again, with what its person chose and as that person, by a token
that is good for this one session, and for this one request. The session's spawner finds the job (`ClusterSpawner._adopt`).
JupyterHub itself has nobody any more who waits for such a start, and no other way to have one again.

A start is taken up when its spawner says so: the hub answers long before the scheduler may have. What can't be started now, since
the scheduler or the hub doesn't answer, is tried again; what is refused (its person may not have it any more, or is nobody's any
more) isn't, and its job is ended. So is that of a start which its person had called off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jupyterhub import orm
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from ccds_kernel.errors import CcdsError
from ccds_spawners.adopt import is_interrupted

AGAIN_S = 5.0
_PATIENCE_S = 60.0
_TOKEN_S = 300
_AT_ONCE = 8
"""Requests at one time: fewer than the HTTP client has connections, which drops what waits for one too long."""

_REFUSALS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
)
"""What the hub answers, or the session's spawner; anything else is tried again."""

_log = logging.getLogger("ccds.hub.interrupted")


async def take_up(hub: Any, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:  # noqa: ANN401 - JupyterHub has no type hints
    """Starts again all that was interrupted, each by itself; returns when nothing is left to be tried.

    Args:
        hub: the hub's application, which listens.
        pause: sleeps that many seconds.
    """
    requests = asyncio.Semaphore(_AT_ONCE)
    starts = [(one.user.name, one.name) for one in _interrupted(hub)]
    await asyncio.gather(*(_see_to(hub, person, session, requests, pause) for person, session in starts))


def load(hub: Any) -> None:  # noqa: ANN401 - likewise
    """Makes the spawners of such starts, which JupyterHub makes only when they are asked for: their nodes count from now on."""
    for one in _interrupted(hub):
        hub.users[one.user].spawners[one.name].load_state(one.state)


def _interrupted(hub: Any) -> list[Any]:  # noqa: ANN401 - likewise
    """The starts that nobody saw to their end, from the hub's database."""
    stopped = hub.db.query(orm.Spawner).filter(orm.Spawner.server_id.is_(None))
    return [one for one in stopped if is_interrupted(one.state or {})]


def _left(hub: Any, person: str, session: str) -> Any:  # noqa: ANN401 - likewise
    """The spawner of that start, where it waits to be taken up; None where it goes on or is over, or one of both is deleted."""
    found = (
        hub.db.query(orm.Spawner).join(orm.User).filter(orm.User.name == person, orm.Spawner.name == session).first()
    )
    spawner = hub.users[found.user].spawners[session] if found else None  # after a try that failed, another one
    return spawner if spawner and spawner.interrupted else None


async def _see_to(
    hub: Any,  # noqa: ANN401 - likewise
    person: str,
    session: str,
    requests: asyncio.Semaphore,
    pause: Callable[[float], Awaitable[None]],
) -> None:
    """Tries until that start goes on, or is over. What happens to it is nothing to the others."""
    while True:
        try:
            spawner = _left(hub, person, session)
            if spawner is None:
                return
            if not spawner.pending and (spawner.why_stopped or await _is_refused(hub, spawner, requests)):
                spawner = _left(hub, person, session)  # None where it was its spawner that refused, and ended it
                if spawner and not spawner.pending:
                    await spawner.give_up()
        except CcdsError as error:
            _log.warning("session %s:%s: its job isn't ended yet: %s", person, session, error)
        except Exception as error:  # noqa: BLE001 - a person or a session that is deleted meanwhile, a database that is busy
            _log.warning("session %s:%s isn't taken up yet: %s", person, session, type(error).__name__)
        await pause(AGAIN_S)


async def _is_refused(hub: Any, spawner: Any, requests: asyncio.Semaphore) -> bool:  # noqa: ANN401 - likewise
    """Asks for one start; whether it is refused for good."""
    async with requests:
        code = await _ask(hub, spawner)
    return code in _REFUSALS


async def _ask(hub: Any, spawner: Any) -> int | None:  # noqa: ANN401 - likewise
    """What the hub answers; None where it doesn't."""
    person, session = spawner.user.name, spawner.name
    token = spawner.user.new_api_token(
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
        code = int((await AsyncHTTPClient().fetch(request)).code)
    except HTTPClientError as error:
        code = int(error.code)
        _log.warning("session %s:%s isn't taken up: the hub answers %s", person, session, code)
    except OSError as error:
        _log.warning("session %s:%s isn't taken up yet: %s", person, session, type(error).__name__)
        return None
    finally:
        _take_back(hub, token)
    return code


def _take_back(hub: Any, token: str) -> None:  # noqa: ANN401 - likewise
    if found := orm.APIToken.find(hub.db, token):
        hub.db.delete(found)
        hub.db.commit()
