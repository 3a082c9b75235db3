"""The page that starts a session, in place of JupyterHub's: links fill the form, and pages of others start nothing.

JupyterHub starts a session on any GET, with the options that stand in the address, and asks for no XSRF token then: a browser
sends the login along with a link on whatever page it stands. Here

- a lab session starts by its form only, which has the token: what stands in the address (`?gpus=2&hours=4`, or `?opt-gpus=2` as
  JupyterHub writes it) fills that form;
- an app session starts by a link on our own pages, and from the browser's own bar or a bookmark where the browser says so. A link
  on anybody else's page leads to a page with a button.

Options come as a form's fields; what comes in any other way, as JSON say, is refused and not left unread. An option that was
refused is told beside its field, and the rest stays as it was chosen.

No address that a browser keeps has the XSRF token in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import format_exception, url_path_join
from tornado import web

from ccds_kernel.errors import CcdsError
from ccds_kernel.session.name import SessionName
from ccds_spawners.options import NAMES, OptionError

_PREFIX = "opt-"
_HERE = {"same-origin", "none"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class SpawnPage(SpawnHandler):  # type: ignore[misc] # JupyterHub has no type hints
    """`/hub/spawn/<person>/<session>`: GET shows what there is to choose, POST starts."""

    sent: Mapping[str, object] = {}
    """The options that came with the request, as far as they are options."""

    async def prepare(self) -> None:
        """Notes what was sent, for the form."""
        posted = self.request.method == "POST"
        self.sent = options_in(self.request.body_arguments if posted else self.request.query_arguments)
        await super().prepare()

    def _get_user_options(self, _query_options: Mapping[str, object]) -> dict[str, object]:
        """None: no address starts anything."""
        return {}

    @needs_scope("servers")  # type: ignore[untyped-decorator] # as above
    async def _post(self, user_name: str, server_name: str, display_name: str) -> None:
        """Starts the session, or shows its own form again with what was wrong.

        Raises:
            HTTPError: 415 for a body that is no form's.
        """
        self._refuse_other_bodies()
        user = self.current_user if user_name == self.current_user.name else self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404, "no such person")
        if server_name:
            await self._check_named_server_request(user, server_name, display_name)
        spawner = user.get_or_create_spawner(server_name, display_name, replace_failed=True)
        if spawner.active:
            self.redirect(self._get_pending_url(user, server_name))
            return
        form = {name: [one.decode("utf8", "replace") for one in values] for name, values in self._body().items()}
        try:
            await self._wrap_spawn_single_user(
                user, server_name, display_name, spawner, self._get_pending_url(user, server_name), form
            )
        except web.HTTPError as refused:
            spawner.handler = self
            again = await spawner.get_options_form()
            if not again:
                raise
            self.set_status(refused.status_code)
            error = getattr(refused, "error", None)
            message = "" if isinstance(error, OptionError) and error.option else format_exception(refused)[0]
            self.finish(await self._render_form(for_user=user, spawner_options_form=again, message=message))

    async def _check_named_server_request(
        self,
        user: Any,  # noqa: ANN401 - JupyterHub's
        server_name: str,
        display_name: str,
        check_limit: bool = True,
    ) -> None:
        """JupyterHub's check, after one that says what a session is called."""
        _require_session(server_name)
        await super()._check_named_server_request(user, server_name, display_name, check_limit)

    def _refuse_other_bodies(self) -> None:
        sent = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if self.request.body and sent not in _FORMS:
            found = ascii(sent[:40]) if sent else "a body of no type"
            raise web.HTTPError(
                415, f"expected the fields of a form; found {found}; send a form, or JSON to the hub's API at /hub/api"
            )

    def _get_pending_url(self, user: Any, server_name: str) -> str:  # noqa: ANN401 - JupyterHub's
        """The page that follows the start, with where to go then, and nothing else of this request's address."""
        page: str = url_path_join(self.hub.base_url, "spawn-pending", user.escaped_name, quote(server_name))
        then = self.get_argument("next", "")
        return f"{page}?next={quote(then, safe='')}" if then else page

    async def _wrap_spawn_single_user(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - JupyterHub's
        """Starts it; where a page of others asks for that, asks the person first."""
        if self.request.method == "GET" and not self._asked_here():
            user = arguments[0]
            _require_session(arguments[1])
            ask = self.settings["jinja2_env_sync"].get_template("start_here.html").render(name=arguments[1])
            self.finish(await self._render_form(for_user=user, spawner_options_form=ask))
            return None
        return await super()._wrap_spawn_single_user(*arguments, **options)

    def _asked_here(self) -> bool:
        """Whether the person came from our own pages, or from no page at all, as their browser says.

        Over plain HTTP to another machine it doesn't: there the page that led here has to be named, and ours. One that isn't
        named may be anybody's.
        """
        site = self.request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in _HERE
        origin = self.request.headers.get("Referer", "")
        return bool(urlsplit(origin).netloc == self.request.host)

    def _body(self) -> dict[str, list[bytes]]:
        files = {f"{name}_file": [b"a file"] for name in self.request.files}  # no option is a file: refused as unknown
        body: dict[str, list[bytes]] = self.request.body_arguments
        return body | files


def _require_session(server_name: str) -> None:
    try:
        SessionName.parse(server_name)
    except CcdsError as error:
        raise web.HTTPError(403, str(error)) from None


def options_in(arguments: Mapping[str, list[bytes]]) -> dict[str, object]:
    """The options among a request's arguments, with JupyterHub's prefix or without."""
    found: dict[str, object] = {}
    for name, values in arguments.items():
        option = name.removeprefix(_PREFIX)
        if option in NAMES:
            found[option] = [value.decode("utf8", "replace") for value in values]
    return found


HANDLERS = [("/spawn", SpawnPage), ("/spawn/([^/]+)", SpawnPage), ("/spawn/([^/]+)/([^/]+)", SpawnPage)]
