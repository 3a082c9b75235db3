"""Applies a recipe to every volume of a project that it wasn't applied to yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from ccds_kernel.audit.events.normalization import NormalizationBegun, NormalizationEnded
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import write_whole
from ccds_kernel.imaging.output import remove_abandoned
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_advice import Advised, advised
from ccds_kernel.normalization.run_operator import SUFFIX, Normalization
from ccds_kernel.normalization.runs import RECIPE_FILE, NormalizationRuns
from ccds_kernel.workflow.engine import Engine
from ccds_kernel.workflow.manifest import Cause
from ccds_kernel.workflow.progress import Progress, RunState
from ccds_kernel.workflow.run import Run
from ccds_kernel.workflow.run_folder import RunFolder

_ASKS_EVERY_S = 60.0
_WORKERS_ARE_GONE_S = 1.0
"""Once a run has ended what they left half done is nobody's."""


def run_volumes(
    project: Project,
    recipe: Recipe,
    engine: Engine,
    *,
    cohort: str | None = None,
    studies: Collection[str] | None = None,
    only: Collection[str] | None = None,
    again: bool = False,
    tell: Callable[[Progress], object] = lambda _: None,
    advise: Callable[[Sequence[Advised]], object] = lambda _: None,
) -> Progress:
    """Applies `recipe` to every volume that it wasn't applied to yet; how far it came.

    What was made of volumes that are gone is set aside. Whether the person may do it is asked again every minute.

    Args:
        project: where the volumes are, opened by the person who runs it.
        recipe: what is done.
        engine: who does it.
        cohort: only volumes of studies whose reports are in it.
        studies: only volumes of these studies, by key.
        only: see `NormalizationRuns.items`.
        again: whether volumes in quarantine are tried again.
        tell: see `Run.over`.
        advise: is called once, before the work, with the steps that aren't sensible for volumes among them.

    Raises:
        ProjectAccessDenied: that person may not write images (any more).
        CcdsError: as `NormalizationRuns.items` and `Run.over`; or the folder can't be written.
    """
    project.require(Action.WRITE_IMAGES)
    runs = NormalizationRuns(project)
    items = runs.items(recipe, cohort=cohort, studies=studies, only=only)
    advise(advised(recipe, (item.source for item in items)))
    folder = runs.folder(recipe)
    operator = runs.operator(recipe)
    digest = operator.digest
    project.audit.write(
        NormalizationBegun(person=project.person, project=project.id, digest=digest, volumes=len(items))
    )
    watched = _Watched(project, tell)
    try:
        _keep_recipe(recipe, folder)
        run = Run(operator, folder, engine, project.person, again=again)
        return run.over(items, watched.look, partial(_tidied, project, operator, folder))
    except OSError as error:
        raise CcdsError(
            expected="to write into the project's folder normalized",
            found=error.strerror or "an error",
            do="ask the administrators of this site",
        ) from error
    finally:
        project.audit.write(watched.ended(digest))


class _Watched:
    """Passes on how far a run is, keeps the last of it, and asks now and then whether the person may still do it."""

    def __init__(self, project: Project, tell: Callable[[Progress], object]) -> None:
        self._project, self._tell = project, tell
        self._asked = time.monotonic()
        self._last: Progress | None = None

    def look(self, progress: Progress) -> None:
        self._last = progress
        now = time.monotonic()
        if now - self._asked > _ASKS_EVERY_S:
            self._asked = now
            self._project.require(Action.WRITE_IMAGES)
        self._tell(progress)

    def ended(self, digest: str) -> NormalizationEnded:
        """What is written down at the end; a run that never came to say that it ended broke off."""
        last = self._last
        state = RunState.BROKEN if last is None or last.state is RunState.RUNNING else last.state
        return NormalizationEnded(
            person=self._project.person,
            project=self._project.id,
            digest=digest,
            state=state.value,
            done=last.done if last else 0,
            done_before=last.done_before if last else 0,
            failed=last.failed if last else 0,
        )


def _keep_recipe(recipe: Recipe, folder: RunFolder) -> None:
    path = folder.into / RECIPE_FILE
    folder.into.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_whole(path, recipe.to_yaml(), 0o664)


@contextmanager
def _tidied(project: Project, operator: Normalization, folder: RunFolder) -> Iterator[None]:
    """Before the work what was made of volumes that are gone is set aside; afterwards what was made of those that memory doesn't
    suffice for any more, and what workers left half done is removed.

    Only by the run that is at work: a second one, which is refused, takes nothing from the first.
    """
    _set_gone_aside(project, operator, folder)
    try:
        yield
        for record in folder.manifest.records():
            if (
                record.failure is not None and record.failure.cause is Cause.MEMORY
            ):  # what is refused a worker sets aside
                operator.set_aside(record.key, folder.into)
    finally:
        for study in folder.into.glob("[!.]*/"):
            remove_abandoned(study, _WORKERS_ARE_GONE_S)


def _set_gone_aside(project: Project, operator: Normalization, folder: RunFolder) -> None:
    for key in folder.manifest.keys():  # noqa: SIM118 - no mapping
        if not (project.folder / "nifti" / f"{key}{SUFFIX}").exists():
            operator.set_aside(key, folder.into)
            folder.manifest.remove(key)
