"""`python -P -m ccds_kernel.session.terminal`: a session's shell, in which `python` and `pip` are those of its overlay."""

from __future__ import annotations

import os
import shutil
import sys

from ccds_kernel.session.environment import use_in_terminal


def main() -> None:
    """Becomes the shell."""
    notice = use_in_terminal()
    if notice:
        sys.stderr.write(f"ccds: {notice}\n")
        sys.stderr.flush()
    # Not a login shell: /etc/profile would take `ccds` off the path again.
    shell = shutil.which("bash") or "/bin/sh"
    os.execv(shell, [shell])  # noqa: S606 - no shell in between is wanted


if __name__ == "__main__":
    main()
