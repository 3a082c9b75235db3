"""What a recipe wasn't applied to yet, study by study: for whoever hands out studies themselves, such as a nightly DAG."""

from __future__ import annotations

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.memory import session_memory
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_items import items_of
from ccds_kernel.normalization.runs import NormalizationRuns
from ccds_kernel.normalization.volume_folder_judged import judged_volumes
from ccds_kernel.workflow.local_engine import LocalEngine
from ccds_kernel.workflow.run import Run


def studies_left(project: Project, recipe: Recipe) -> list[str]:
    """The keys of studies with a volume that a run of `recipe` would take up now; none where nothing is left, or nothing there.

    Raises:
        ProjectAccessDenied: this person may not look.
        CcdsError: the folder can't be read.
    """
    project.require(Action.READ_IMAGES)
    runs = NormalizationRuns(project)
    run = Run(runs.operator(recipe), runs.folder(recipe), LocalEngine(1, memory=session_memory()), project.person)
    left, _ = run.left(items_of(judged_volumes(project), recipe))
    return sorted({item.key.partition("/")[0] for item in left})
