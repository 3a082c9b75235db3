"""The job of one start: `python -m ccds_kernel.training.inside FOLDER NUMBER`.

Runs the bundle as `python -m monai.bundle run` would, in this process, and leaves in one line how it ended. Being killed leaves
nothing, which is how a killed training is told from a failed one. Rejected: a process around MONAI's, which would
have to pass signals on and would know less about why the training ended.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.training.attempt import noted_attempt
from ccds_kernel.training.bundle import CONFIGURATION, METADATA
from ccds_kernel.training.extra import NEEDED, missing_extra
from ccds_kernel.training.folder import RunFolder
from ccds_kernel.training.inside.not_finite import NotFiniteError
from ccds_kernel.training.record import Exit, Outcome


def main(arguments: Sequence[str]) -> int:
    """Trains; the exit status is 0 when all epochs are done."""
    folder, number = RunFolder(Path(arguments[0])), int(arguments[1])
    folder.exit_file(number).unlink(missing_ok=True)  # what an earlier run of this job left
    with noted_attempt(folder, number):
        left = _train(folder)
    folder.leave_exit(number, left)
    return 0 if left.outcome is Outcome.FINISHED else 1


def _train(folder: RunFolder) -> Exit:
    sys.path.append(str(folder.bundle))  # a bundle may bring its own `scripts`; last, so that it hides no library
    try:
        # By name: MONAI takes many seconds, and its absence is told like any other failure.
        importlib.import_module("monai.bundle").run(
            config_file=[str(folder.bundle / CONFIGURATION), str(folder.path / "overrides.json")],
            meta_file=str(folder.bundle / METADATA),
        )
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told in one line, and whole in the run's log
        traceback.print_exc()
        return _told(error)
    return Exit(outcome=Outcome.FINISHED)


def _told(error: BaseException) -> Exit:
    """What is left behind for `error`. MONAI wraps what happens inside its components: the cause is looked for."""
    for cause in _causes(error):
        if isinstance(cause, NotFiniteError):
            return Exit(outcome=Outcome.STOPPED, reason=str(cause))
        if isinstance(cause, CcdsError):
            return Exit(outcome=Outcome.FAILED, reason=str(cause))
        if isinstance(cause, ModuleNotFoundError) and cause.name in NEEDED:
            return Exit(outcome=Outcome.FAILED, reason=str(missing_extra(NEEDED[cause.name])))
    # Its text may quote data: it stays in the log.
    *_, first = _causes(error)
    return Exit(outcome=Outcome.FAILED, reason=f"the bundle raised {type(first).__name__}; see the run's log.txt")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
