"""Where pip finds packages in a session: the site's own index, since sessions reach no other; and when it may do nothing.

Where sessions have one Unix user with the installation, pip could write into that. So it is refused in all sessions, and
allowed again by whatever begins with an environment of its person's: pip goes to the Python that `PIP_PYTHON` names.

Rejected: `PIP_REQUIRE_VIRTUALENV` (the installation may be a virtual environment itself).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path

REFUSED: Mapping[str, str] = {"PIP_PYTHON": str(Path(__file__).with_name("no_pip.sh"))}
"""In its environment pip says in one line that there is no place of the person's to install into, and does nothing."""

_ASKS_NOBODY = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def pip_variables(index: str) -> Mapping[str, str]:
    """What pip's environment says about `index`, as `[environments] index` has it: an address, a folder of wheels, or empty.

    Empty leaves it to pip's own configuration on the node.
    """
    if index.startswith("/"):
        return _ASKS_NOBODY | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index}
    return _ASKS_NOBODY | ({"PIP_INDEX_URL": index} if index else {})


def allow_pip(environ: MutableMapping[str, str]) -> None:
    """Takes the refusal out of `environ`."""
    for name in REFUSED:
        environ.pop(name, None)
