"""How a session's server asks the root helper for something: the command, and what goes through its environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ccds_kernel.env.image import VARIABLE as IMAGE
from ccds_kernel.errors import CcdsError
from ccds_kernel.session import root_helper
from ccds_kernel.settings import load_settings, settings_file


def is_helped() -> bool:
    """Whether this session's code runs as its person, through the root helper: a session of a project, where the site has it.

    Not in a container: there nothing becomes somebody else.
    """
    in_container = bool(os.environ.get(IMAGE))
    return bool(os.environ.get("CCDS_PROJECT")) and not in_container and load_settings().sessions.helper


def helper_command(verb: str) -> list[str]:
    """The command that starts a `kernel` or a `shell` as this session's person.

    Raises:
        CcdsError: the settings aren't there.
        KeyError: this is no session.
    """
    session = (os.environ["JUPYTERHUB_USER"], os.environ["CCDS_PROJECT"], os.environ["CCDS_SESSION"])
    return [*helper_start(settings_file().resolve()), verb, *session]


def helper_start(config: Path) -> tuple[str, ...]:
    """The words with which the root helper is called; what it shall do comes after them.

    Args:
        config: the site's `ccds.toml`, by the path that sudoers names.
    """
    return ("sudo", "-n", "--", sys.executable, "-I", "-S", str(Path(root_helper.__file__).resolve()), str(config))


def refusal(said: str) -> CcdsError:
    """What a helper that refused means for the person; `said` is its line."""
    return CcdsError(
        expected="the root helper to start this as you",
        found=said.removeprefix("ccds root helper: ").strip() or "no answer",
        do="tell the administrators of this site",
    )
