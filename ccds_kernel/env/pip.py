"""Where pip finds packages in a session: the site's own index, since sessions reach no other."""

from __future__ import annotations

from collections.abc import Mapping

_ASKS_NOBODY = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def pip_variables(index: str) -> Mapping[str, str]:
    """What pip's environment says about `index`, as `[environments] index` has it: an address, a folder of wheels, or empty.

    Empty leaves it to pip's own configuration on the node.
    """
    if index.startswith("/"):
        return _ASKS_NOBODY | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index}
    return _ASKS_NOBODY | ({"PIP_INDEX_URL": index} if index else {})
