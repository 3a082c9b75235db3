"""The server of a lab session: JupyterLab in the person's own folder of the project, from which nothing is downloaded.

The egress lock is always on, in layers that each hold without the others: the gate lets only the page's daily requests
through, the authorizer refuses the interfaces that convert and export, the contents manager hands out notebooks and source only,
what kernels send to the page in a minute is bounded, and the page has no menu for what isn't there. The browser is told to save
nothing (`sandbox` without downloads) and to send nothing elsewhere. What no lock on a page stops, code that prints a value, is
said in docs/limits.md; whether results may leave through the airlock is the application's `egress`.

Where code runs as the person (`[sessions] helper`), neither kernels nor terminals have the server's rights.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.auth.authorizer import Authorizer
from traitlets import default

from ccds_kernel.audit.events.access import DownloadRefused
from ccds_kernel.audit.site import audit_sink
from ccds_kernel.env.pip import REFUSED
from ccds_kernel.errors import CcdsError
from ccds_kernel.session import provisioner, terminal
from ccds_kernel.session.gate import install
from ccds_kernel.session.helped import helper_command, is_helped
from ccds_kernel.session.lab_channel import SETTING as PACE
from ccds_kernel.session.lab_channel import LabChannel
from ccds_kernel.session.lab_contents import LabContents
from ccds_kernel.session.lab_place import lab_folder
from ccds_kernel.session.lab_refusal import SETTING, LabRefusal, NoFiles
from ccds_kernel.session.lab_routes import ROUTES
from ccds_kernel.session.notice_route import add_notice_route
from ccds_kernel.session.output_pace import OutputPace
from ccds_kernel.session.page_policy import with_lab_policy
from ccds_kernel.session.refused_downloads import RefusedDownloads
from ccds_kernel.session.server_token import keep_to_server
from ccds_kernel.session.use_report import PageClock, UseLog, report_use
from ccds_kernel.settings import load_settings

_OFF = ("voila.server_extension", "jupyter_lsp", "notebook_shim", "jupyter_builder", "nbclassic", "notebook")
_JUPYTER = Path(sys.prefix) / "share" / "jupyter"
_RESOURCES = frozenset({"api", "contents", "csp", "events", "kernels", "kernelspecs", "sessions", "terminals"})


class LabAuthorizer(Authorizer):
    """Of jupyter_server's interfaces those of daily work: no conversion, no shutdown of the server, no configuration."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ANN401, ARG002 - its signature
        """Whether `resource` is one of daily work."""
        return resource in _RESOURCES


class InstalledKernels(KernelSpecManager):
    """The kernels that were installed with ccds: what a kernelspec says is run by the server."""

    @default("kernel_dirs")
    def _installed(self) -> list[str]:
        return [str(_JUPYTER / "kernels")]


def configure(c: Any) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c`, the configuration of `jupyterhub-singleuser`, for a lab session."""
    keep_to_server(c)
    c.ServerApp.root_dir = str(Path.cwd())
    c.ServerApp.default_url = "/lab"
    c.ServerApp.allow_root = True
    c.ServerApp.quit_button = False  # a session is stopped on the hub's page
    c.ServerApp.reraise_server_extension_failures = True  # without the gate there is no server
    c.ServerApp.jpserver_extensions = {"jupyterlab": True, __name__: True, **dict.fromkeys(_OFF, False)}
    c.ServerApp.authorizer_class = LabAuthorizer
    c.ServerApp.contents_manager_class = LabContents
    c.ServerApp.tornado_settings = with_lab_policy() | {"log_function": UseLog(PageClock())}
    c.ContentsManager.files_handler_class = NoFiles
    c.ContentsManager.allow_hidden = False
    c.FileContentsManager.delete_to_trash = False  # it tells the page so: what is deleted is gone
    c.ServerApp.websocket_ping_interval = 30_000
    c.ServerApp.kernel_websocket_connection_class = LabChannel
    # Of kernels and extensions only what was installed with ccds: none from the person's folder.
    c.MultiKernelManager.default_kernel_name = "ccds"
    c.ServerApp.kernel_spec_manager_class = InstalledKernels
    c.LabApp.labextensions_path = [str(_JUPYTER / "labextensions")]
    c.LabApp.extra_labextensions_path = []
    folder = Path(os.environ["CCDS_SESSION_FOLDER"])
    lab = lab_folder(folder)
    c.LabApp.user_settings_dir = str(lab / "user-settings")
    c.LabApp.workspaces_dir = str(lab / "workspaces")
    os.environ.update(REFUSED)  # for the plain kernel; what begins with an environment of its person's allows pip
    helped = is_helped()
    if helped:
        provisioner.configure(c)
    shell = helper_command("shell") if helped else [sys.executable, "-P", "-m", terminal.__name__]
    c.ServerApp.terminado_settings = {"shell_command": shell}
    # No news from outside, light or dark as asked; which menus aren't there.
    c.LabApp.app_settings_dir = str(Path(__file__).with_name("lab_settings"))
    c.LabApp.extension_manager = "readonly"  # the other one asks a package index
    c.LabApp.news_url = None
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server_app: Any) -> None:  # noqa: ANN401 - jupyter_server has no type hints
    sink, loop = audit_sink(load_settings()), server_app.io_loop

    def write(event: DownloadRefused) -> None:
        if loop.asyncio_loop.is_running():
            loop.run_in_executor(None, write_now, event)
        else:  # the session ends
            write_now(event)

    def write_now(event: DownloadRefused) -> None:
        try:
            sink.write(event)
        except CcdsError as error:  # it was refused all the same
            server_app.log.warning("a refused download isn't in the audit log: %s", error)

    refused = RefusedDownloads(
        os.environ["JUPYTERHUB_USER"],
        os.environ.get("CCDS_PROJECT", ""),
        write,
        loop.call_later,
    )
    atexit.register(refused.flush)
    server_app.web_app.settings[SETTING] = refused
    server_app.web_app.settings[PACE] = OutputPace(time.monotonic, lambda: refused.note("outputs"))
    server_app.contents_manager.refused = refused.note
    report_use(server_app, load_settings())
    add_notice_route(server_app, Path(os.environ["CCDS_SESSION_FOLDER"]))
    install(server_app, ROUTES, LabRefusal)
