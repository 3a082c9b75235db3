"""IBM Spectrum LSF behind the `Scheduler` port.

`render` writes what bsub reads, `parse` reads what LSF's programs print, `judge` says what that means for one job, `words` puts
pending reasons plainly; all four are pure. `runs` keeps the folders that nodes share, `client` asks and acts.

No real LSF was at hand when this was written: it parses what IBM documents and nothing else (tests/batch/lsf_answers), and
docs/lsf.md says how an administrator finds out whether their LSF agrees.
"""

from __future__ import annotations

from ccds_kernel.batch.lsf.client import LsfScheduler
from ccds_kernel.batch.lsf.render import LsfSite
from ccds_kernel.batch.lsf.request import ENVIRONMENT

__all__ = ["ENVIRONMENT", "LsfScheduler", "LsfSite"]
