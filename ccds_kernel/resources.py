"""Files that come with ccds and are no Python: app notebooks, the hub's templates and configuration.

In a checkout they lie where they are edited; in an installation below `share/ccds` of the environment.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ccds_kernel.errors import CcdsError

_CHECKOUT = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """The file or folder `name`, such as `notebooks/apps`, as an absolute path.

    Raises:
        CcdsError: the installation is incomplete.
    """
    for root in (_CHECKOUT, Path(sys.prefix) / "share" / "ccds"):
        if (root / name).exists():
            return root / name
    raise CcdsError(
        expected=f"{name} of the ccds installation", found=f"none in {sys.prefix}/share/ccds", do="install ccds anew"
    )
