"""The server of an app session: serves the listed Voilà apps and nothing else.

Three locks, each holding without the others: the gate lets only the page's own requests through, the authorizer refuses
jupyter_server's other APIs, and the widget channel lets no code reach the kernel.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_server.auth.authorizer import Authorizer

from ccds_kernel.resources import resource
from ccds_kernel.session import plain_errors, provisioner
from ccds_kernel.session.apps import apps_of_this_session
from ccds_kernel.session.gate import Route, install, route
from ccds_kernel.session.helped import is_helped
from ccds_kernel.session.notice_route import add_notice_route
from ccds_kernel.session.page_policy import with_policy
from ccds_kernel.session.preheat import PreheatingKernelManager, without_mathjax
from ccds_kernel.session.server_token import keep_to_server
from ccds_kernel.session.widget_channel import WidgetChannel

_KERNEL = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ASSET = r"[A-Za-z0-9@_~.\-/]+"
_OFF = (
    "jupyterlab",
    "jupyter_lsp",
    "jupyter_server_terminals",
    "notebook_shim",
    "jupyter_builder",
    "nbclassic",
    "notebook",
)


def routes(apps: tuple[str, ...]) -> tuple[Route, ...]:
    """Everything that the pages of `apps` ask for."""
    return (
        route("GET", r"/(?:api|logout|oauth_callback)?", None),
        *(route("GET", rf"/voila/render/{app}\.ipynb") for app in apps),
        route(
            "GET HEAD",
            rf"/voila/(?:static|templates/\w+/static|labextensions|api/themes)/{_ASSET}",
            "v _ config delayStartupUntil amp;delayStartupUntil",
        ),
        route("GET", rf"/static/favicons?/{_ASSET}|/static/favicon\.ico", "v"),
        route("GET", rf"/api/kernels/{_KERNEL}", None),
        route("GET", rf"/api/kernels/{_KERNEL}/channels", "session_id"),
        route("POST", rf"/voila/api/shutdown/{_KERNEL}", "_xsrf"),
        route("GET", r"/ccds/notice"),
    )


class AppAuthorizer(Authorizer):
    """Of jupyter_server's own APIs only what a page needs to reach its kernel."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ANN401, ARG002 - its signature
        """Whether `action` on `resource` is one of the few that a page needs."""
        needed = {("read", "kernels"), ("execute", "kernels"), ("read", "api"), ("read", "csp")}
        return (action, resource) in needed and handler.request.method in {"GET", "HEAD"}


def configure(c: Any) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c`, the configuration of `jupyterhub-singleuser`, for an app session."""
    keep_to_server(c)
    c.ServerApp.root_dir = str(resource("notebooks/apps"))
    c.ServerApp.default_url = f"/voila/render/{apps_of_this_session()[0]}.ipynb"
    c.ServerApp.allow_root = True
    c.ServerApp.terminals_enabled = False
    c.ServerApp.reraise_server_extension_failures = True  # without the gate there is no server
    c.ServerApp.jpserver_extensions = {
        "voila.server_extension": True,
        __name__: True,
        **dict.fromkeys(_OFF, False),
    }
    c.ServerApp.kernel_manager_class = PreheatingKernelManager
    c.ServerApp.kernel_websocket_connection_class = WidgetChannel
    c.ServerApp.authorizer_class = AppAuthorizer
    if is_helped():
        provisioner.configure(c)
    else:
        c.KernelManager.transport_encryption = "required"  # whoever is on this node could read along on its loopback
    c.ServerApp.websocket_ping_interval = 30_000
    c.ServerApp.tornado_settings = with_policy()
    c.MappingKernelManager.allowed_message_types = [
        "comm_open", "comm_msg", "comm_info_request", "kernel_info_request",
    ]  # fmt: skip
    c.MappingKernelManager.cull_idle_timeout = 3600
    c.FileContentsManager.allow_hidden = False
    c.VoilaConfiguration.template = "ccds"
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.file_allowlist = []
    c.VoilaConfiguration.strip_sources = True
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaConfiguration.page_config_hook = without_mathjax


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server_app: Any) -> None:  # noqa: ANN401 - jupyter_server has no type hints
    apps = apps_of_this_session()
    add_notice_route(server_app, Path(os.environ["CCDS_SESSION_FOLDER"]))
    install(server_app, routes(apps))
    plain_errors.install(server_app)
    notebook = Path(f"{apps[0]}.ipynb")
    server_app.io_loop.add_callback(server_app.kernel_manager.begin, server_app, str(notebook))
