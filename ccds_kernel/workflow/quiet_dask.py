"""Keeping Dask's log to itself, where a person reads what its process says: whatever fails, the run says so in its own words.

An interrupt often comes in the midst of something of Dask's, which writes a traceback and a warning of it (distributed
2026.8: `sync`, `Client.gather`), though the run ends in order.
"""

from __future__ import annotations

from contextlib import ExitStack

from ccds_kernel.silence import Silence, mute


def _begin(kept: ExitStack) -> None:
    # Those that Dask gives levels of their own, and that speak of failures.
    mute(kept, "distributed", "distributed.client", "tornado.application")


quiet_dask = Silence(_begin).held
"""Inside of it Dask says nothing."""
