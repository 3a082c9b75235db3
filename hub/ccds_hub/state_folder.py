"""The state folder: what must survive a restart of hub and proxy, and that nobody else may read."""

from __future__ import annotations

import fcntl
import secrets
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole

_SECRET_BYTES = 32


def closed_folder(state: Path) -> Path:
    """The folder of the hub's database and secrets, made where it isn't there, open to its owner only.

    Raises:
        CcdsError: it can't be made, or can't be closed to others.
    """
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.chmod(0o700)  # it may have been there, open to everybody
    except OSError as error:
        raise CcdsError(
            expected=f"a state folder {state} of the hub's own",
            found=(error.strerror or "an error").lower(),
            do="give it to the service account that runs the hub",
        ) from None
    return state


def kept_secret(path: Path) -> str:
    """The secret in `path`, readable by its owner only; made where there is none, or none that is whole.

    Hub and proxy may start at once: both get the same one. A proxy that is given an empty one asks nobody for it.
    """
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = path.read_text(encoding="ascii") if path.exists() else ""
        if len(kept) != 2 * _SECRET_BYTES:
            kept = secrets.token_hex(_SECRET_BYTES)
            write_whole(path, kept, 0o600)
        return kept
