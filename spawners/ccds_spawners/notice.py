"""Tells the people in a running session something: that it ends soon, say. `ccds_kernel.session.notice` shows it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.session.notice import NAME


def tell(folder: Path, text: str, until: datetime | None = None) -> None:
    """Shows `text` in every page of a session, in place of what was shown before.

    Args:
        folder: the folder of the session's server, see `session_folder`.
        text: one line; it holds no patient text. Empty takes back what is shown.
        until: an aware time after which it isn't shown any more; None for as long as the session lives.

    Raises:
        CcdsError: it can't be written.
    """
    said = json.dumps({"text": " ".join(text.split()), "until": until.isoformat() if until else None})
    try:
        write_whole(folder / NAME, said, 0o644)  # nobody else comes into the folder; in a container the person does
    except OSError as error:
        raise CcdsError(
            expected="to leave a notice for a running session",
            found=(error.strerror or "an error").lower(),
            do="tell the administrators of this site",
        ) from None
