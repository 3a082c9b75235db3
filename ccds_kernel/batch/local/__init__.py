"""The scheduler for one machine: `LocalScheduler` over a state folder, with one small daemon behind it.

`client` is the port; `dispatch`, `estimate` and `verdict` are the pure rules; `table` is the state; `keeper` carries the
decisions out; `daemon` is the process, woken through `doorbell`; `runs` and `process` deal with the jobs' processes.
"""

from __future__ import annotations

from ccds_kernel.batch.local.client import LocalScheduler
from ccds_kernel.batch.local.dispatch import Capacity

__all__ = ["Capacity", "LocalScheduler"]
