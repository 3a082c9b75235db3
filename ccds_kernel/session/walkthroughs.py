"""The scientist's walk-throughs in a lab session: notebooks that come with ccds, laid into the person's own folder.

What the person changed, running it included, is theirs and stays; what they left as it was follows the installed version.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ccds_kernel.resources import resource
from ccds_kernel.session.person_folder import PersonFolder

FOLDER = "walkthroughs"
_OWN = ".ccds"
_LAID = f"{_OWN}/walkthroughs.json"
_MOST_BYTES = 32_000_000


def lay_out(home: Path) -> list[str]:
    """Puts the installed walk-throughs into `home`/walkthroughs; returns the names of those that were written.

    Raises:
        CcdsError: the installation is incomplete.
        OSError: the folder can't be written.
    """
    files = PersonFolder(home)
    try:
        laid = _laid(files)
        written = []
        for source in sorted(resource("notebooks/lab").glob("*.ipynb")):
            text, target = source.read_text(encoding="utf-8"), f"{FOLDER}/{source.name}"
            digest = _digest(text)
            there = _digest_of(files, target)
            if there not in (None, digest, laid.get(source.name)):
                continue  # theirs
            if there != digest:
                files.make_folder(FOLDER)
                files.write(target, text.encode())
                written.append(source.name)
            if laid.get(source.name) != digest:  # also where a crash came between the notebook and its note
                laid[source.name] = digest
                files.make_folder(_OWN)
                files.write(_LAID, json.dumps(laid).encode())
    finally:
        files.close()
    return written


def _laid(files: PersonFolder) -> dict[str, str]:
    """File name → SHA-256 of what was laid there."""
    try:
        found = json.loads(files.read(_LAID, _MOST_BYTES))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _digest_of(files: PersonFolder, path: str) -> str | None:
    """The digest of what is there; None where nothing is."""
    try:
        return _digest(files.read(path, _MOST_BYTES).decode("utf-8", "replace"))
    except FileNotFoundError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
