"""How the hub tells a person no: one line, a status that says whose turn it is, never a traceback.

400: choose otherwise. 503: try again later. 403: everything else.
"""

from __future__ import annotations

from jupyterhub.spawner import SpawnException

from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError
from ccds_kernel.errors import CcdsError
from ccds_spawners.options import OptionError
from ccds_spawners.wall_time import ExtensionError

_FORBIDDEN = 403
_STATUS: dict[type[CcdsError], int] = {
    OptionError: 400,
    ExtensionError: 400,
    JobRefusedError: 400,
    SchedulerUnavailableError: 503,
}


def status_of(error: CcdsError) -> int:
    """The HTTP status with which the hub answers."""
    return _STATUS.get(type(error), _FORBIDDEN)


class Refusal(SpawnException):  # type: ignore[misc] # JupyterHub has no type hints
    """A session that isn't started, with the one line that says why."""

    def __init__(self, error: CcdsError) -> None:
        self.error = error
        super().__init__(str(error), reason=type(error).__name__, status_code=status_of(error))
        self.jupyterhub_message = self.message  # what its pages show; without it they show the exception's repr
