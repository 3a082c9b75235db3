"""The tables of all stages."""

import importlib
import pkgutil

import ccds_kernel
from ccds_kernel.store.metadata import metadata


def every_table() -> set[str]:
    """The names of the tables that any `tables.py` of the kernel declares."""
    for module in pkgutil.walk_packages(ccds_kernel.__path__, "ccds_kernel."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)
    return set(metadata.tables)
