"""Whether this environment can train: asked without importing anything, since MONAI takes many seconds."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform

from ccds_kernel.errors import CcdsError

NEEDED = {"torch": "torch", "monai": "monai", "ignite": "pytorch-ignite"}
"""Module → distribution, of the `training` extra."""


def need_training_extra() -> None:
    """Makes sure that the libraries of the `training` extra are installed.

    Raises:
        CcdsError: one is missing; says how to get it.
    """
    missing = [distribution for module, distribution in NEEDED.items() if not _is_there(module)]
    if missing:
        raise missing_extra(", ".join(missing))


def missing_extra(names: str) -> CcdsError:
    """What is told where `names` are missing."""
    return CcdsError(
        expected="the libraries that training needs",
        found=f"no {names} in this environment",
        do="install the extra 'training' in the ccds checkout: .venv/bin/pip install --editable '.[training]'",
    )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def versions() -> dict[str, str]:
    """The versions of what trains: Python, ccds and the libraries that are installed."""
    found = {"python": platform.python_version()}
    for distribution in ("ccds", *NEEDED.values()):
        try:
            found[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
