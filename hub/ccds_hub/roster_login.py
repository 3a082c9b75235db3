"""What all ways to log in share: only whom the rosters name gets in, and only at a bearable pace.

A person's name is taken as it came. JupyterHub folds case and maps names; here `Ann` is nobody, because a name that a directory
takes for `ann`'s and the rosters don't would be two people in the audit log, in the counts of failed tries and in the file
system. Who stands on no roster any more is logged out within `REFRESH_SECONDS`, tokens included.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import time
from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import maybe_future
from tornado import web
from traitlets import Any as AnyTrait

from ccds_hub.client_address import client_address
from ccds_hub.known_places import KnownPlaces
from ccds_hub.login_limit import LoginLimit
from ccds_hub.refused_logins import Reason, RefusedLogins
from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.site import reads_published
from ccds_kernel.settings import Settings, settings_now
from ccds_kernel.settings.section import PERSON

REFRESH_SECONDS = 60
GRACE_SECONDS = 600
"""For how long whoever is logged in stays so while the rosters can't be read: a disk that is away for a moment logs a whole
hospital out of its work otherwise. New logins are refused from the first moment."""
_TOO_MANY = 429
_OUR_FAULT = 500


def may_log_in(person: str, settings: Settings) -> bool:
    """Whether `person` stands on a roster, or is one of the site's leadership or administrators.

    Raises:
        CcdsError: the registry can't be read.
    """
    if reads_published(person, settings_now(settings)):
        return True
    registry = registry_of(settings)
    try:
        os.scandir(registry.folder).close()  # one that can't be read looks as an empty one does
    except FileNotFoundError:
        return False  # nothing was ever applied
    except OSError as error:
        raise CcdsError(
            expected=f"to read the registry {registry.folder}",
            found=(error.strerror or "an error").lower(),
            do="mend the disk, or the folder's permissions",
        ) from None
    return any(application.entry_of(person) for application in registry.applications())


class RosterLogin(Authenticator):  # type: ignore[misc] # JupyterHub has no type hints
    """Lets in whom the rosters name; asked at each login and each minute after it. Mixed in before what checks passwords."""

    settings = AnyTrait(help="the site's settings").tag(config=True)
    limit = AnyTrait(help="counts failed logins").tag(config=True)
    refused = AnyTrait(help="writes refused logins down").tag(config=True)
    guessable = True
    """Whether there is something that could be guessed here, so that failures have to wait."""
    clock = AnyTrait(time.monotonic, help="seconds, monotonic")
    _unreadable_since: float | None = None

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - traitlets' signature
        super().__init__(**kwargs)
        self.limit = self.limit or LoginLimit(theirs=KnownPlaces(self.settings.paths.state / "login-places.json"))
        self.refused = self.refused or RefusedLogins(audit_log(self.settings))

    def normalize_username(self, username: str) -> str:
        """The name as it came."""
        return username

    def validate_username(self, username: str) -> bool:
        """Whether a roster could name somebody so."""
        return re.fullmatch(PERSON, username) is not None

    async def get_authenticated_user(self, handler: Any, data: Any) -> Any:  # noqa: ANN401 - JupyterHub's signature
        """As JupyterHub's, the whole of it at a bearable pace: here alone is it known what came of a try.

        Raises:
            HTTPError: 429 with Retry-After, for a known name as for an unknown one.
        """
        person, address = _typed(data), self._address(handler)
        wait = math.ceil(self.limit.begin(person, address)) if self.guessable else 0
        if wait:
            await self._note(person, Reason.TOO_OFTEN)
            raise _TooOften(wait)
        try:
            found = await super().get_authenticated_user(handler, data)
        except web.HTTPError as error:
            if error.status_code >= _OUR_FAULT and self.guessable:
                self.limit.was_no_try(person, address)
            raise
        if found and self.guessable:
            self.limit.succeeded(person, address)
        if not found:
            await self._note(person, Reason.WRONG)
        return found

    async def check_allowed(self, username: str, _authentication: Any = None) -> bool:  # noqa: ANN401 - JupyterHub's signature
        """Whether `username` may log in; nobody may while the registry can't be read."""
        try:
            return await asyncio.to_thread(may_log_in, username, self.settings)
        except CcdsError:
            return False

    async def refresh_user(self, user: Any, handler: Any = None) -> Any:  # noqa: ANN401 - JupyterHub's signature
        """Whether who is logged in may still be; rosters that can't be read say nothing about them for `GRACE_SECONDS`.

        Their sessions are ended by the spawner: this is about the hub's own pages, and about tokens.
        """
        try:
            listed = await asyncio.to_thread(may_log_in, user.name, self.settings)
            self._unreadable_since = None
        except CcdsError:
            if self._unreadable_since is None:
                self._unreadable_since = self.clock()
            listed = self.clock() - self._unreadable_since < GRACE_SECONDS
        if not listed:
            if handler is not None and not hasattr(handler, "_token_authenticated"):
                # JupyterHub 6.1 sets it for tokens only and then reads it for cookies too: an AttributeError instead of a 403.
                handler._token_authenticated = False  # noqa: SLF001 - as said
            with contextlib.suppress(CcdsError):
                await asyncio.to_thread(self.refused.note, user.name, Reason.NOT_LISTED)
            return False
        return await maybe_future(super().refresh_user(user, handler))

    def get_handlers(self, app: Any) -> list[Any]:  # noqa: ANN401 - JupyterHub's signature
        """JupyterHub's, and before its own: the page on which people would make themselves tokens."""
        return [(r"/token", _Closed), *super().get_handlers(app)]

    def _address(self, handler: Any) -> str:  # noqa: ANN401 - a handler of JupyterHub
        request = handler.request
        # Of the connection itself: tornado has put what a header says into `remote_ip`.
        peer = getattr(request.connection.context, "_orig_remote_ip", request.remote_ip)
        return client_address(request.headers.get_list("X-Forwarded-For"), peer, self.settings.hub.believed_proxies)

    async def _note(self, person: str, reason: Reason) -> None:
        """Writes a refusal down; who is on a roster is named. A log that can't be written lets nobody in, and says so itself."""
        known = bool(re.fullmatch(PERSON, person)) and await self.check_allowed(person)
        if reason is Reason.WRONG and person and not known:
            reason = Reason.NOT_LISTED
        with contextlib.suppress(CcdsError):
            await asyncio.to_thread(self.refused.note, person if known else "", reason)


class _Closed(BaseHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """Answers 403: nobody needs a token of their own, and one that lies about opens what its person may open."""

    @web.authenticated
    async def get(self) -> None:
        """Says so."""
        raise web.HTTPError(403, "This site gives no tokens to people: a session has its own.")


def _typed(data: Any) -> str:  # noqa: ANN401 - a form's fields, or what a provider sent
    name = data.get("username", "") if isinstance(data, dict) else ""
    return name if isinstance(name, str) else ""


class _TooOften(web.HTTPError):
    """429; JupyterHub's error pages send an exception's `headers`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(_TOO_MANY, "Too many tries for this name or from here. Try again in %i s.", seconds)
        self.headers = {"Retry-After": str(seconds)}
