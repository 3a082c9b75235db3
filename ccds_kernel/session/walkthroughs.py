"""The scientist's walk-throughs in a lab session: notebooks that come with ccds, laid into the person's own folder.

What the person changed, running it included, is theirs and stays; what they left as it was follows the installed version.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ccds_kernel.files import write_whole
from ccds_kernel.resources import resource

FOLDER = "walkthroughs"
_LAID = Path(".ccds", "walkthroughs.json")


def lay_out(home: Path) -> list[str]:
    """Puts the installed walk-throughs into `home`/walkthroughs; returns the names of those that were written.

    Raises:
        CcdsError: the installation is incomplete.
        OSError: the folder can't be written.
    """
    laid = _laid(home)
    written = []
    for source in sorted(resource("notebooks/lab").glob("*.ipynb")):
        text, target = source.read_text(encoding="utf-8"), home / FOLDER / source.name
        digest = _digest(text)
        there = _digest(_read(target)) if target.exists() else None
        if there not in (None, digest, laid.get(source.name)):
            continue  # theirs
        if there != digest:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(target, text, 0o600)
            written.append(source.name)
        if laid.get(source.name) != digest:  # also where a crash came between the notebook and its note
            laid[source.name] = digest
            (home / _LAID).parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(home / _LAID, json.dumps(laid), 0o600)
    return written


def _laid(home: Path) -> dict[str, str]:
    """File name → SHA-256 of what was laid there."""
    try:
        found = json.loads(_read(home / _LAID))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
