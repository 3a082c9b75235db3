"""`training_launcher()`: the launcher for a cell of a lab notebook."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ccds_kernel.batch import Scheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import load_settings
from ccds_widgets.training.model import TrainingModel
from ccds_widgets.training.ports import Asked
from ccds_widgets.training.site_trainings import SiteTrainings
from ccds_widgets.training.view import TrainingWidget

FIRST = Asked(bundle="classify3d", epochs=30, batch_size=8, seed=0, image_size=48, learning_rate=0.001, gpus=0)
"""What the form says at first, on a site without GPUs: about a minute for a hundred volumes on one core."""


def training_launcher(
    project: Project,
    datalist: Path | str,
    *,
    bundle: Path | str | None = None,
    cpus: int = 1,
    memory_mb: int = 4096,
    scheduler: Scheduler | None = None,
) -> TrainingWidget:
    """The launcher, to be the last line of a cell. Whatever it starts goes on without it.

    Args:
        project: where to train; a `ccds` kernel has the session's as `project`.
        datalist: the file that `write_datalist` made, or another data list. It may come later.
        bundle: a MONAI bundle's folder to choose from beside those that come with ccds.
        cpus: cores of a run.
        memory_mb: MiB of a run.
        scheduler: the site's, where it isn't given.
    """

    def open_model() -> TrainingModel:
        project.require(Action.TRAIN)
        site = scheduler or scheduler_of(load_settings())
        folder = Path(bundle).absolute() if bundle is not None else None
        trainings = SiteTrainings(project, Path(datalist), site, bundle=folder, cpus=cpus, memory_mb=memory_mb)
        return TrainingModel(
            trainings,
            project=project.id,
            person=project.person,
            permit=lambda: project.require(Action.TRAIN),
            form=replace(FIRST, gpus=1 if trainings.gpu_slots() else 0),
        )

    return TrainingWidget(open_model)
