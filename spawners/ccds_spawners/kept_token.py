"""The token of a session, kept beside its server's log from before its job is submitted until the job has ended.

JupyterHub knows of a token only its hash, and loses it when it dies. A job that was submitted with a token works with no other:
with this file a hub that starts anew takes the job up as its own, and takes the token back once the session has ended. Whoever
reads the file (the service account) reads the same token in the environment of the session's server. Rejected: in the
database of the hub, which is copied and backed up as one that holds no token.
"""

from __future__ import annotations

from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole

_NAME = "token"


def keep_token(folder: Path, token: str) -> None:
    """Keeps `token` in `folder`, the folder of a session's server.

    Raises:
        CcdsError: it can't be written; then no job may be submitted with it.
    """
    try:
        write_whole(folder / _NAME, token, 0o600)
    except OSError as error:
        raise CcdsError(
            expected="to keep what a restart of the hub needs of this session",
            found=(error.strerror or "an error").lower(),
            do="tell the administrators of this site",
        ) from None


def kept_token(folder: Path) -> str:
    """The token that is kept in `folder`; empty where there is none."""
    try:
        return (folder / _NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def forget_token(folder: Path) -> None:
    """Removes it: the job that had it has ended."""
    (folder / _NAME).unlink(missing_ok=True)
