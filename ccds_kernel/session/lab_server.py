"""The server of a lab session: JupyterLab in the person's own folder of the project."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any


def configure(c: Any) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c`, the configuration of `jupyterhub-singleuser`, for a lab session."""
    c.ServerApp.root_dir = str(Path.cwd())
    c.ServerApp.default_url = "/lab"
    c.ServerApp.allow_root = True
    c.ServerApp.jpserver_extensions = {"jupyterlab": True, "voila.server_extension": False, "jupyter_lsp": False}
    c.MultiKernelManager.default_kernel_name = "ccds"
    # Named, so that it is no login shell: /etc/profile would take `ccds` off the path again.
    c.ServerApp.terminado_settings = {"shell_command": [shutil.which("bash") or "/bin/sh"]}
    c.ServerApp.websocket_ping_interval = 30_000
    c.LabApp.app_settings_dir = str(
        Path(__file__).with_name("lab_settings")
    )  # no news from outside, light or dark as asked
    c.LabApp.extension_manager = "readonly"  # the other one asks a package index
    c.LabApp.news_url = None
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
