"""Where JupyterLab keeps what a person set in its page, and how its workspaces look."""

from __future__ import annotations

import os
from pathlib import Path

LAB_FOLDER = "CCDS_LAB_FOLDER"
"""The environment's word for it; without one it is in the folder of the session's server."""


def lab_folder(server: Path) -> Path:
    """That of this session, whose server's folder is `server`."""
    return Path(os.environ.get(LAB_FOLDER) or server / "lab")
