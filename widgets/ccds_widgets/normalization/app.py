"""The preview of a lab session: the widget on the project that the session's kernel has bound."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.memory import session_memory
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_kernel.normalization.volume_folder_judged import judged_volumes
from ccds_widgets.normalization.copies import Copies
from ccds_widgets.normalization.model import PreviewModel
from ccds_widgets.normalization.results import Recent
from ccds_widgets.normalization.view import PreviewWidget


def normalization_preview(project: Project, recipe: str | Path | None = None) -> PreviewWidget:
    """The preview of `project`'s volumes. Opens nothing yet: see `PreviewWidget`.

    Args:
        project: the session's; the person may see its images.
        recipe: a recipe's file to start from, relative to the person's own folder in the project.
    """
    return PreviewWidget(lambda: open_preview(project, recipe))


@cache
def kernel_pictures() -> Recent:
    """What all previews of this kernel keep, a quarter of the session's memory at most."""
    return Recent(session_memory() // 4)


@cache
def kernel_copies() -> Copies:
    """The coarser copies of all previews of this kernel."""
    return Copies()


def open_preview(
    project: Project,
    recipe: str | Path | None = None,
    pictures: Recent | None = None,
    memory: int | None = None,
) -> PreviewModel:
    """The preview's rules on the project's own folders.

    Args:
        project: as of `normalization_preview`.
        recipe: as of `normalization_preview`.
        pictures: what keeps them, `kernel_pictures` where it isn't given.
        memory: bytes that a recipe may take for a volume; what pictures leave of the session's, where it isn't given.

    Raises:
        ProjectAccessDenied: the person may not see images in it.
        CcdsError: the recipe can't be read.
    """
    project.require(Action.READ_IMAGES)
    home = project.folder / "work" / project.person
    volumes = judged_volumes(project)

    def path_to(entry: VolumeEntry) -> str:
        return os.path.relpath(volumes.path(entry), home)

    return PreviewModel(
        volumes,
        RecipeFolder(home / "recipes"),
        pictures or kernel_pictures(),
        kernel_copies(),
        memory=session_memory() // 4 * 3 if memory is None else memory,
        project=project.id,
        permit=lambda: project.require(Action.READ_IMAGES),
        path_to=path_to,
        recipe=None if recipe is None else read_recipe(home / recipe),
    )
