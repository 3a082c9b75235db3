"""`normalization_cohort()`: the cohort view for a cell of a lab notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ipywidgets import VBox, Widget

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from ccds_kernel.normalization.spread_cache import SpreadCache
from ccds_kernel.normalization.volume_folder import VolumeFolder
from ccds_kernel.normalization.volume_folder_judged import judged_volumes
from ccds_widgets.normalization.app import open_preview
from ccds_widgets.normalization.model import PreviewModel
from ccds_widgets.normalization.saved_recipes import SavedRecipes
from ccds_widgets.normalization.spread.model import SpreadModel
from ccds_widgets.normalization.spread.site_cohort import SiteCohort
from ccds_widgets.normalization.spread.view import SpreadWidget
from ccds_widgets.normalization.view import PreviewWidget

_CACHE = Path(".ccds") / "spread.jsonl"


def normalization_cohort(
    project: Project, recipe: str | Path | None = None, *, on_choose: Callable[[str], None] | None = None
) -> Widget:
    """The cohort view, to be the last line of a cell. A volume that is chosen in it is opened in a preview below.

    Args:
        project: the session's; the person may see its images.
        recipe: a recipe's file, relative to the person's own folder in the project: volumes are shown before and after it.
        on_choose: is called with the id of a volume that is chosen, `<study key>/<series>`, in place of that preview.
    """
    below = VBox()

    def open_below(volume: str) -> None:
        below.children = (PreviewWidget(lambda: chosen_preview(project, volume, recipe)),)

    widget = SpreadWidget(lambda: open_cohort(project, recipe, on_choose=on_choose or open_below))
    return widget if on_choose else VBox([widget, below])


def open_cohort(project: Project, recipe: str | Path | None = None, *, on_choose: Callable[[str], None]) -> SpreadModel:
    """The view's rules on the project's own folders.

    Raises:
        ProjectAccessDenied: the person may not see images in it.
        CcdsError: the recipe can't be read.
    """
    project.require(Action.READ_IMAGES)
    home = project.folder / "work" / project.person
    cohort = SiteCohort(
        judged_volumes(project),
        lambda digest: VolumeFolder(project.folder / "normalized" / digest),
        SavedRecipes(RecipeFolder(home / "recipes")),
        SpreadCache(home / _CACHE),
    )
    return SpreadModel(
        cohort,
        project=project.id,
        permit=lambda: project.require(Action.READ_IMAGES),
        on_choose=on_choose,
        recipe=None if recipe is None else read_recipe(home / recipe),
    )


def chosen_preview(project: Project, volume: str, recipe: str | Path | None) -> PreviewModel:
    """The preview of `project` with that volume chosen.

    Raises:
        ProjectAccessDenied, CcdsError: as `open_preview`; or the volume is gone.
    """
    preview = open_preview(project, recipe)
    preview.start()
    preview.answer({"kind": "choose", "volumes": [volume]})
    return preview
