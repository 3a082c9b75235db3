"""The Python that peers run in: a virtual environment of theirs, since no peer is a dependency of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def peers_python(folder: Path, pins: Sequence[str]) -> Path | None:
    """The Python of an environment with `pins` in `folder`, made where there is none yet; None where it can't be had.

    Raises:
        SystemExit: the folder is somebody else's: what lies there isn't run.
    """
    python, made_of = folder / "bin" / "python", folder / "made-of"
    wanted = "\n".join(pins)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SystemExit(f"{folder} is somebody else's: name another folder with --peers")
    if not made_of.exists() or made_of.read_text(encoding="utf-8") != wanted:
        print(f"the peers' environment is made ({', '.join(pins)}) …", flush=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *pins], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"without an environment of the peers: {error}")
            return None
        made_of.write_text(wanted, encoding="utf-8")
    return python
