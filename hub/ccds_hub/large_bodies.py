"""Refuses a request whose body is far too large, in one line with the limit, and keeps nothing of it.

Tornado's own limit closes the connection while the body still comes; the proxy before it then says that the hub isn't there. Here
the rest is read and thrown away, up to a limit of its own, so that the answer arrives; beyond that, and for a body that
doesn't say how long it is, Tornado closes the connection.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join
from tornado import httputil, web
from tornado.http1connection import HTTP1Connection

MOST_BYTES = 2**20
"""Of a request's body: far more than any form or call of the hub's own has, and far less than what would fill its memory."""

_MOST_THROWN_AWAY = 64 * 2**20
_PAGE, _API = "/too-large", "/api/ccds/too-large"


class SmallBodies(httputil.HTTPServerConnectionDelegate):
    """The hub's application, for requests with small bodies; any other is led to a handler that refuses it.

    Args:
        application: Tornado's.
        prefix: the hub's, such as `/hub/`.
    """

    def __init__(self, application: web.Application, prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """Takes a request."""
        inner = self._application.start_request(server_conn, request_conn)
        return _OneRequest(inner, request_conn, self._prefix)


class _OneRequest(httputil.HTTPMessageDelegate):
    def __init__(self, inner: httputil.HTTPMessageDelegate, connection: httputil.HTTPConnection, prefix: str) -> None:
        self._inner = inner
        self._connection = connection
        self._prefix = prefix
        self._large = False

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> Awaitable[None] | None:
        length = headers.get("Content-Length", "")
        self._large = length.isascii() and length.isdigit() and int(length[:20]) > MOST_BYTES
        if self._large and isinstance(start_line, httputil.RequestStartLine):
            assert isinstance(self._connection, HTTP1Connection)  # noqa: S101 - what Tornado's server has
            self._connection.set_max_body_size(_MOST_THROWN_AWAY)
            to = _API if start_line.path.startswith(url_path_join(self._prefix, "api/")) else _PAGE
            start_line = start_line._replace(path=url_path_join(self._prefix, to))
            headers = headers.copy()
            for name in ("Content-Length", "Content-Type"):  # it has no body any more
                headers.pop(name, None)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return None if self._large else self._inner.data_received(chunk)

    def finish(self) -> None:
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


class _Refuses:
    """Whoever asks, and whatever for."""

    def check_xsrf_cookie(self) -> None:
        """Nothing: it is refused whoever sent it."""

    async def prepare(self) -> None:
        """Refuses it.

        Raises:
            HTTPError: 413, always.
        """
        most = f"expected a request of at most {MOST_BYTES // 2**20} MiB; found a larger one; send less"
        raise web.HTTPError(413, most)


class LargePage(_Refuses, BaseHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """The answer to a browser."""


class LargeCall(_Refuses, APIHandler):  # type: ignore[misc] # as above
    """The answer to a program."""


HANDLERS: list[tuple[str, Any]] = [(_PAGE, LargePage), (_API, LargeCall)]
