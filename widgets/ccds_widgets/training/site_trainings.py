"""The trainings of a project on its site: the kernel's functions, with what can't change any more remembered.

A look asks the scheduler one question for all runs that may be alive; following a run's metrics asks it nothing. A run that
ended is read once, and again only when it was started again: a project with hundreds of old runs costs a look no more than
their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ccds_kernel.batch import Scheduler, SchedulerUnavailableError
from ccds_kernel.dataset.entry import SPLITS
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.training.bundle import bundles, find_bundle, options_of
from ccds_kernel.training.datalist import read_datalist
from ccds_kernel.training.folder import run_folders
from ccds_kernel.training.launch import launch
from ccds_kernel.training.metrics import Metric, read_metrics
from ccds_kernel.training.run import Run, open_run, statuses
from ccds_kernel.training.spec import TrainingSpec
from ccds_widgets.training.ports import Asked, Look, Seen

Volumes = Mapping[str, Sequence[int]]


class SiteTrainings:
    """The `Trainings` of `project`; implements the port, whose docstrings hold.

    Args:
        project: whose runs.
        datalist: what a new run trains on.
        scheduler: the site's.
        bundle: a bundle's folder to choose from beside those that come with ccds.
        cpus: cores of a new run.
        memory_mb: MiB of a new run.
    """

    def __init__(
        self, project: Project, datalist: Path, scheduler: Scheduler, *, bundle: Path | None, cpus: int, memory_mb: int
    ) -> None:
        self._project = project
        self._datalist = datalist
        self._scheduler = scheduler
        self._folders = {name: name for name in bundles()} | ({bundle.name: str(bundle)} if bundle else {})
        self._cpus = cpus
        self._memory_mb = memory_mb
        self._ended: dict[str, Seen] = {}
        self._counted: tuple[object, Volumes] | None = None

    def look(self) -> Look:
        """Every run."""
        order: list[str] = []
        alive: list[Run] = []
        damaged: list[CcdsError] = []
        for folder in run_folders(self._project.folder):
            order.append(folder.path.name)
            known = self._ended.get(folder.path.name)
            if known and not folder.start_file(known.status.starts + 1).exists():
                continue
            try:
                folder.exit_of(folder.starts()[-1].number)  # one that can't be read must not spoil the question for all
                alive.append(Run(self._project, folder, self._scheduler))
            except CcdsError as error:
                damaged.append(error)
        seen = {
            run.id: Seen(run.record, status)
            for run, status in zip(alive, statuses(alive, self._scheduler, explained=False), strict=True)
        }
        self._ended |= {run_id: one for run_id, one in seen.items() if one.status.state.ended}
        seen = self._ended | seen
        return Look(tuple(seen[run_id] for run_id in order if run_id in seen), tuple(damaged))

    def waits_for(self, run_id: str) -> str:
        """What a run waits for."""
        return self._open(run_id).waits_for()

    def metrics(self, run_id: str, offset: int) -> tuple[list[Metric], int]:
        """A run's metrics."""
        return read_metrics(self._open(run_id).folder.metrics, offset)

    def volumes(self) -> Volumes:
        """The data list's volumes, read again when the file is another one, and as long as something is wrong with it.

        What is wrong isn't remembered: whoever mends a volume leaves the list as it was.
        """
        try:
            found = self._datalist.stat()
        except OSError:
            return self._count()  # which says why
        version = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._counted is None or self._counted[0] != version:
            self._counted = version, self._count()
        return self._counted[1]

    def _count(self) -> Volumes:
        entries = read_datalist(self._datalist, self._project.folder)
        counts = Counter((entry.split, entry.label) for entry in entries)
        return {split: (counts[split, 0], counts[split, 1]) for split in SPLITS}

    def bundles(self) -> Mapping[str, Sequence[str]]:
        """The bundles that come with ccds, and the one that was given."""
        return {name: options_of(find_bundle(folder)) for name, folder in self._folders.items()}

    def gpu_slots(self) -> int | None:
        """The scheduler's GPU slots."""
        try:
            return sum(node.gpus for node in self._scheduler.capacity())
        except SchedulerUnavailableError:
            return None

    def launch(self, asked: Asked) -> str:
        """Starts a training."""
        if asked.bundle not in self._folders:
            raise CcdsError(
                expected=f"one of the bundles {', '.join(self._folders)}",
                found="another one",
                do="choose one of the list",
            )
        spec = TrainingSpec(
            datalist=self._datalist,
            bundle=self._folders[asked.bundle],
            epochs=asked.epochs,
            batch_size=asked.batch_size,
            seed=asked.seed,
            image_size=asked.image_size,
            learning_rate=asked.learning_rate,
            gpus=asked.gpus,
            cpus=self._cpus,
            memory_mb=self._memory_mb,
        )
        return launch(self._project, spec, self._scheduler).id

    def cancel(self, run_id: str) -> None:
        """Asks for a run's end."""
        self._open(run_id).cancel()

    def restart(self, run_id: str) -> None:
        """Starts a run again."""
        self._open(run_id).restart()

    def _open(self, run_id: str) -> Run:
        return open_run(self._project, run_id, self._scheduler)
