"""Which overlay a session's kernels and terminals use: that of their person, project and image. An app session has none.

Whatever is wrong with it, the session starts without it and says so in one line; pip then installs nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ccds_kernel.env.image import Image
from ccds_kernel.env.overlay import Overlay, make_overlay
from ccds_kernel.env.pip import REFUSED, allow_pip, pip_variables
from ccds_kernel.env.start import check_start, import_from, tell_children
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.identity import identity
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings, load_settings


def env_folder(settings: Settings, project: str, person: str) -> Path:
    """Where the overlays of `person` in `project` lie."""
    return settings.paths.projects / project / "work" / person / ".ccds" / "env"


def use_in_kernel() -> str:
    """Lets this process, a kernel, use its session's overlay; returns what is to be told about that, empty where all is well."""
    return _use(import_from)


def use_in_terminal() -> str:
    """Puts the session's overlay into this process's environment, for a shell; returns what is to be told about that."""
    return _use(check_start)


def _use(begin_with: Callable[[Overlay], None]) -> str:
    project = os.environ.get("CCDS_PROJECT")
    try:
        if not project or not SessionName.parse(os.environ.get("CCDS_SESSION", "")).kind.runs_code:
            return ""
        settings = load_settings()
        person = identity(settings).person
    except CcdsError:  # no session of the hub: it opens no project either, and says why
        return ""
    os.environ.update({**pip_variables(settings.environments.index), **REFUSED})
    try:
        overlay = make_overlay(env_folder(settings, project, person), Image.of_this_process(os.environ))
        begin_with(overlay)
    except CcdsError as error:
        return str(error)
    tell_children(overlay, os.environ)
    allow_pip(os.environ)
    return ""
