"""`normalization_run()`: the run page for a cell of a lab notebook."""

from __future__ import annotations

from pathlib import Path

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_widgets.normalization.runs.model import RunsModel
from ccds_widgets.normalization.runs.site_runs import SiteRuns
from ccds_widgets.normalization.runs.view import RunsWidget


def normalization_run(project: Project, recipe: str | Path | None = None) -> RunsWidget:
    """The run page, to be the last line of a cell. What it begins goes on without it.

    Args:
        project: the session's; the person may see its images.
        recipe: the file of the recipe that is chosen at first, relative to the person's own folder in the project.
    """
    return RunsWidget(lambda: open_runs(project, recipe))


def open_runs(project: Project, recipe: str | Path | None = None) -> RunsModel:
    """The page's rules on the project's own runs.

    Raises:
        ProjectAccessDenied: the person may not see images in it.
        CcdsError: the recipe can't be read.
    """
    project.require(Action.READ_IMAGES)
    home = project.folder / "work" / project.person
    return RunsModel(
        SiteRuns(project),
        project=project.id,
        permit=lambda: project.require(Action.READ_IMAGES),
        permit_writing=lambda: project.require(Action.WRITE_IMAGES),
        may_write=lambda: project.may(Action.WRITE_IMAGES),
        recipe=None if recipe is None else read_recipe(home / recipe).digest(),
    )
