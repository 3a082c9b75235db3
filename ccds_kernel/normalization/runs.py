"""Runs of recipes over a project's volumes, for one person: looked at, and asked to stop. What runs is `run_volumes`.

As other repositories: every method asks the project again whether the person may do it. Who may write images stops runs; who may
read them looks. What a run makes lies in `normalized/<recipe hash>/`, the recipe beside it, and in `.run` there what became of
each volume.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.apply_file import read_recipe
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_items import items_of
from ccds_kernel.normalization.run_operator import Normalization
from ccds_kernel.normalization.volume_folder import VolumeFolder, take_only
from ccds_kernel.normalization.volume_folder_judged import judged_volumes
from ccds_kernel.workflow.manifest import Record, State
from ccds_kernel.workflow.operator import Item
from ccds_kernel.workflow.progress import Progress
from ccds_kernel.workflow.run_folder import RunFolder
from ccds_kernel.workflow.stopping import stop

RECIPE_FILE = "recipe.yaml"
FEWEST_LETTERS = 6
"""So many of a recipe's hash name its run."""


@dataclass(frozen=True, slots=True)
class NormalizationRun:
    """A recipe that was run in the project.

    Args:
        recipe: as it was saved when it was run first.
        folder: where its volumes are.
        progress: of the newest run.
    """

    recipe: Recipe
    folder: RunFolder
    progress: Progress

    @property
    def digest(self) -> str:
        """The recipe's hash."""
        return self.progress.digest

    def outcomes(self) -> Counter[State]:
        """How many volumes are done, and how many failed, whichever run it was that came to it."""
        return Counter(record.state for record in self.folder.manifest.records())

    def failures(self) -> list[Record]:
        """What became of the volumes that failed, by key."""
        failed = (one for one in self.folder.manifest.records() if one.state is State.FAILED)
        return sorted(failed, key=lambda record: record.key)


class NormalizationRuns:
    """The runs of `project`, for the person who opened it.

    Every method raises `ProjectAccessDenied` where that person may not do it (any more).
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def folder(self, recipe: Recipe) -> RunFolder:
        """Where the volumes that `recipe` makes are, or will be."""
        return RunFolder(self._normalized / recipe.digest())

    def operator(self, recipe: Recipe) -> Normalization:
        """What is done to each volume."""
        return Normalization(recipe, self._project.folder / "quarantine")

    def chosen(self, cohort: str | None, studies: Collection[str] | None) -> frozenset[str] | None:
        """The studies that `items` takes volumes of, by key, as the cohort is now; None where nothing keeps to some.

        Raises:
            CcdsError: no such cohort.
        """
        asked = None if studies is None else frozenset(studies)
        if cohort is None:
            return asked
        members = frozenset(CohortRepository(self._project).study_keys(cohort))
        return members if asked is None else asked & members

    def items(
        self,
        recipe: Recipe,
        *,
        cohort: str | None = None,
        studies: Collection[str] | None = None,
        only: Collection[str] | None = None,
    ) -> list[Item]:
        """The volumes that are there now, but for those that no verdict accepts.

        Args:
            recipe: what is to be done with them.
            cohort: only those of studies whose reports are in it.
            studies: only those of these studies, by key.
            only: the ids of volumes: these, as far as they are there. The project's database isn't asked then.

        Raises:
            CcdsError: no such cohort, or no volume at all; or the recipe has to be fitted first.
        """
        self._project.require(Action.READ_IMAGES)
        recipe.check_ready()
        volumes = judged_volumes(self._project)
        if only is not None:
            takes = take_only(frozenset(only))
            volumes = VolumeFolder(volumes.folder, lambda: takes)
            studies = {one.partition("/")[0] for one in only}
        chosen = self.chosen(cohort, studies)
        items = list(items_of(volumes, recipe, chosen))
        if not items:
            raise CcdsError(
                expected=f"volumes of {self._project.id}" + ("" if chosen is None else " of these studies"),
                found="none",
                do=f"make some: 'ccds imaging volumes --project {self._project.id}'",
            )
        return items

    def left_out(self, *, cohort: str | None = None, studies: Collection[str] | None = None) -> tuple[str, ...]:
        """The ids of the volumes that `items` would leave out because no verdict accepts them.

        Raises:
            CcdsError: no such cohort, or the folder can't be read.
        """
        self._project.require(Action.READ_IMAGES)
        return judged_volumes(self._project).left_out(self.chosen(cohort, studies))

    def all(self) -> list[NormalizationRun]:
        """Every recipe that was run here, the newest run first."""
        self._project.require(Action.READ_IMAGES)
        found = []
        for path in self._normalized.glob(f"[!.]*/{RECIPE_FILE}"):
            folder = RunFolder(path.parent)
            progress = folder.progress()
            with suppress(CcdsError):
                recipe = read_recipe(path)
                if progress is not None:
                    found.append(NormalizationRun(recipe, folder, progress))
        return sorted(found, key=lambda run: run.progress.begun_at, reverse=True)

    def get(self, name: str) -> NormalizationRun:
        """The run that people call `name`: the beginning of its recipe's hash, or the recipe's name.

        Raises:
            CcdsError: there is none, or several.
        """
        found = [
            run
            for run in self.all()
            if run.recipe.name == name or (len(name) >= FEWEST_LETTERS and run.digest.startswith(name))
        ]
        if len(found) != 1:
            raise CcdsError(
                expected=f"a run of {self._project.id}, by its recipe's name or {FEWEST_LETTERS} letters of its hash",
                found="several of that name" if found else "none of that name",
                do=f"see 'ccds normalization show --project {self._project.id}'",
            )
        return found[0]

    def stop(self, name: str) -> NormalizationRun:
        """Asks whoever runs it to stop: heard within seconds.

        Raises:
            CcdsError: see `get`; or nobody is at it.
        """
        self._project.require(Action.WRITE_IMAGES)
        run = self.get(name)
        stop(run.folder)
        return run

    @property
    def _normalized(self) -> Path:
        return self._project.folder / "normalized"
