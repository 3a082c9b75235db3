"""A default-deny rule in front of a server's router: only what is listed gets through.

Hiding a menu or asking an authorizer is not enough: some handlers (Voilà's, static files) never ask one. This rule stands
before all of them, so that a route that a later version of a library adds is closed until somebody lists it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

from ccds_kernel.session.page_headers import PAGE_HEADERS

_STAMP = re.compile(r"[0-9]{1,16}")
"""The time, which Jupyter's pages add as an argument of that name, so that no answer comes from a cache."""

_SENT_BACK = "redirects"
"""What the hub counts in a request that it sends back here: it got it while the proxy, begun anew, knew no way to the session."""


@dataclass(frozen=True)
class Route:
    """One permitted kind of request.

    Args:
        methods: HTTP methods.
        path: a regular expression for the whole path behind the server's base URL; it begins with a slash.
        query: the names of query arguments that may come with it; None where any may.
    """

    methods: frozenset[str]
    path: re.Pattern[str]
    query: frozenset[str] | None

    def lets(self, method: str, path: str, query: Iterable[str]) -> bool:
        """Whether this route permits a request for `path` (behind the base URL) with these query arguments."""
        return (
            method in self.methods
            and self.path.fullmatch(path) is not None
            and (self.query is None or self.query.issuperset(query))
        )


def route(methods: str, path: str, query: str | None = "") -> Route:
    """A `Route` from words: `route("GET HEAD", r"/static/.*", "v")`; `query=None` permits any."""
    return Route(frozenset(methods.split()), re.compile(path), None if query is None else frozenset(query.split()))


def permitted(routes: Iterable[Route], base_url: str, method: str, path: str, query: Iterable[str]) -> bool:
    """Whether one of `routes` permits the request; a path that climbs, doubles slashes or hides them never is."""
    base = base_url.rstrip("/")
    if not path.startswith(f"{base}/"):
        return False
    rest = path.removeprefix(base)
    if any(trick in rest.lower() for trick in ("..", "//", "%2f", "%2e")):
        return False
    added = {_SENT_BACK} if method in {"GET", "HEAD"} else set()  # nothing else can be sent back
    names = [name for name in query if not _STAMP.fullmatch(name) and name not in added]
    return any(one.lets(method, rest, names) for one in routes)


class _Denied(Matcher):
    """Matches, and so takes away from the real handlers, every request that isn't permitted."""

    def __init__(self, base_url: str, routes: tuple[Route, ...], log: Any) -> None:  # noqa: ANN401 - a traitlets logger
        self._base_url = base_url
        self._routes = routes
        self._log = log

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """None for what is permitted: the router then goes on to the real handlers."""
        if permitted(self._routes, self._base_url, request.method or "", request.path, request.query_arguments):
            return None
        self._log.warning("gate: refused %s", request.method)  # no path: a stranger chose what is in it
        return {}


class _Refusal(web.RequestHandler):
    """Answers 403 to everything."""

    def set_default_headers(self) -> None:
        """Those of every page, and a policy by which this one loads nothing."""
        for name, value in (PAGE_HEADERS | {"Content-Security-Policy": _NOTHING}).items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Ends the request before any method runs."""
        self.set_status(_FORBIDDEN)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("This session doesn't serve that.\n")

    def data_received(self, chunk: bytes) -> None:
        """Takes no body."""


_FORBIDDEN = 403
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


def install(server_app: Any, routes: Iterable[Route], refusal: type[web.RequestHandler] = _Refusal) -> None:  # noqa: ANN401 - jupyter_server has no type hints
    """Puts the gate in front of every handler of `server_app`, a jupyter_server ServerApp; `refusal` answers the rest."""
    application = server_app.web_app
    denied = _Denied(application.settings["base_url"], tuple(routes), server_app.log)
    application.default_router.rules.insert(0, Rule(denied, refusal))
