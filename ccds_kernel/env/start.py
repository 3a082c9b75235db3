"""Lets a process begin with an overlay: its packages before those beneath it, its Python and pip for what it starts.

Only afterwards: what the kernel itself is made of is imported before, from the installation, so that nothing that somebody
installs keeps it from starting. A `.pth` file of the overlay is code that runs at the start; where there is one, another
process tries it first, since it may end the one that reads it, or never end.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path

from ccds_kernel.env.overlay import Overlay, broken

_TRIAL_SECONDS = 20
_DONE = b"obeyed\n"


def check_start(overlay: Overlay) -> None:
    """Makes sure that a Python of `overlay` would start; changes nothing here.

    Raises:
        CcdsError: it wouldn't.
    """
    overlay.check()
    try:
        starts = not overlay.path_files() or _is_obeyed(overlay)
    except (OSError, subprocess.TimeoutExpired):
        starts = False
    if not starts:
        raise broken("a .pth file in it that fails")


def import_from(overlay: Overlay) -> None:
    """Lets this process import from `overlay`, before what lies beneath, and start Pythons that do.

    Raises:
        CcdsError: it is broken; then nothing has changed.
    """
    check_start(overlay)
    before = list(sys.path)
    beneath = {os.path.realpath(folder) for folder in site.getsitepackages()}
    place = next((at for at, entry in enumerate(before) if os.path.realpath(entry) in beneath), len(before))
    try:
        sys.path.insert(place, str(overlay.packages))
        added = _obey(overlay)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a line of somebody's raises
        sys.path[:] = before
        raise broken(f"a .pth file in it that fails with {type(error).__name__}") from None
    sys.path[place + 1 : place + 1] = added
    sys.executable = str(overlay.python)
    if spawn := sys.modules.get("multiprocessing.spawn"):
        spawn.set_executable(sys.executable)


def tell_children(overlay: Overlay, environ: MutableMapping[str, str]) -> None:
    """Makes `python` and `pip` those of `overlay` for what is started with `environ`."""
    environ["VIRTUAL_ENV"] = str(overlay.folder)
    environ["PATH"] = f"{overlay.python.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"


def _is_obeyed(overlay: Overlay) -> bool:
    """Whether another process comes to its end when it does what the `.pth` files of `overlay` say."""
    command = [sys.executable, "-P", "-m", __name__, str(overlay.folder)]
    none = subprocess.DEVNULL
    tried = subprocess.run(
        command, check=False, timeout=_TRIAL_SECONDS, stdin=none, stdout=subprocess.PIPE, stderr=none
    )
    return tried.returncode == 0 and tried.stdout.endswith(_DONE)  # what ends a process early may end it with 0


def _obey(overlay: Overlay) -> list[str]:
    """Does what the `.pth` files say, as Python does; returns what is to be imported from besides. Fails where Python warns."""
    added = []
    for file in overlay.path_files():
        for line in file.read_text(encoding="utf-8-sig").splitlines():
            if line.startswith(("import ", "import\t")):
                exec(line)  # noqa: S102 - the person's own, as Python itself would
            elif (
                line.strip() and not line.startswith("#") and (found := Path(overlay.packages, line.rstrip())).exists()
            ):
                added.append(str(found))
    return added


if __name__ == "__main__":
    tried = Overlay(Path(sys.argv[1]))
    sys.path.insert(0, str(tried.packages))
    _obey(tried)
    sys.stdout.buffer.write(_DONE)
