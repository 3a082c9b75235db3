"""The state folder: what must survive a restart of hub and proxy, and that nobody else may read."""

from __future__ import annotations

from pathlib import Path

from ccds_kernel.errors import CcdsError


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
