"""The doors to a store, in one place: what callers import."""

from ccds_kernel.store.sqlite import NETWORK_FILE_SYSTEMS, blank_database, file_system_of, open_store, refuse_network
from ccds_kernel.store.transactions import PROJECT, Home, Store

__all__ = [
    "NETWORK_FILE_SYSTEMS",
    "PROJECT",
    "Home",
    "Store",
    "blank_database",
    "file_system_of",
    "open_store",
    "refuse_network",
]
