"""What the training launcher needs of whatever runs trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ccds_kernel.errors import CcdsError
from ccds_kernel.training.metrics import Metric
from ccds_kernel.training.record import RunRecord
from ccds_kernel.training.run import RunStatus


@dataclass(frozen=True)
class Seen:
    """A run at the moment of a look: what it is, and where it stands."""

    record: RunRecord
    status: RunStatus


@dataclass(frozen=True)
class Look:
    """A project's runs at one moment.

    Attributes:
        runs: the latest first.
        damaged: what is wrong with each run that can't be read.
    """

    runs: tuple[Seen, ...]
    damaged: tuple[CcdsError, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for in the form; its values are checked when a training is made of it.

    Attributes:
        bundle: one of `Trainings.bundles`.
        epochs, batch_size, seed, image_size, learning_rate, gpus: as of `ccds_kernel.training.spec.TrainingSpec`.
    """

    bundle: str
    epochs: int
    batch_size: int
    seed: int
    image_size: int | None
    learning_rate: float | None
    gpus: int


class Trainings(Protocol):
    """One person's view of a project's trainings; `site_trainings.SiteTrainings` is one.

    Every method may be called from any thread, one at a time.
    """

    def look(self) -> Look:
        """Every run now: at most one question to the scheduler; never raises where that doesn't answer.

        The reason of a run that waits may be missing; `waits_for` asks for it.
        """

    def waits_for(self, run_id: str) -> str:
        """What a run waits for: one question to the scheduler; empty where there is nothing to say.

        Raises:
            CcdsError: there is no such run.
        """

    def metrics(self, run_id: str, offset: int) -> tuple[list[Metric], int]:
        """What a run has told from byte `offset` on, and where to ask next; the scheduler isn't asked.

        Raises:
            CcdsError: there is no such run.
        """

    def volumes(self) -> Mapping[str, Sequence[int]]:
        """Split → how many volumes have label 0, and how many 1.

        Raises:
            CcdsError: the data list is wrong; says how.
        """

    def bundles(self) -> Mapping[str, Sequence[str]]:
        """Each bundle that can be chosen, with those of image_size and learning_rate that it lets be set."""

    def gpu_slots(self) -> int | None:
        """How many GPU slots the site has; None where the scheduler doesn't answer."""

    def launch(self, asked: Asked) -> str:
        """Starts a training; returns the run's id when the scheduler has it.

        Raises:
            CcdsError: something is wrong with what was asked for, the data list, or the project; or the scheduler refuses it.
                No run is left.
            SchedulerUnavailableError: the scheduler doesn't answer; the run is there, without a job, and `restart` submits it.
        """

    def cancel(self, run_id: str) -> None:
        """Asks for a run's end.

        Raises:
            CcdsError: it can't be cancelled by this person, or not now.
        """

    def restart(self, run_id: str) -> None:
        """Starts a run again from its last checkpoint.

        Raises:
            CcdsError: it can't be restarted by this person, or not now; where the scheduler doesn't answer, restart again later.
        """
