"""A recipe's step `nyul` fitted on all volumes of a project, beside the page: one volume in memory at a time, stoppable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.fit import Fitting
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.jobs import Job, Tell
from ccds_widgets.normalization.messages import Draft
from ccds_widgets.normalization.ports import Volumes

STEP = "nyul"


class CohortFit:
    """A fit that goes on. One thread at a time; the job beside it has its own.

    Args:
        draft: what is fitted.
        recipe: the same.
        volumes: where they are.
        entries: all of them.
        permit: raises a CcdsError where the person may not see images (any more); asked before each volume.

    Raises:
        CcdsError: the recipe has nothing to fit.
    """

    def __init__(
        self,
        draft: Draft,
        recipe: Recipe,
        volumes: Volumes,
        entries: Sequence[VolumeEntry],
        permit: Callable[[], None],
    ) -> None:
        self.draft = draft
        self._permit = permit
        self._fitting = Fitting(recipe)
        self._volumes = volumes
        self._job = Job([partial(self._add, entry) for entry in entries])

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self._job.done

    def stop(self) -> None:
        """Ends it; nothing comes of it."""
        self._job.stop()

    def progress(self) -> dict[str, Any]:
        """For the page."""
        return self._job.progress.as_json()

    def fitted(self) -> tuple[Draft, str]:
        """The draft with its landmarks, and what is told of it.

        Raises:
            CcdsError: no volume can be used.
            CcdsError: the person may not see images any more.
            Exception: the job ended by a defect of ours.
        """
        if self._job.failed is not None:
            raise self._job.failed
        step = next(step for step in self._fitting.fitted().steps if step.name == STEP)
        content = self.draft.model_dump(mode="json")
        for one in content["steps"]:
            if one["name"] == STEP and one["on"]:
                one["parameters"] = step.parameters()
        used = self._job.made.count(True)
        left_out = len(self._job.made) - used
        volumes = "1 volume" if used == 1 else f"{used} volumes"
        told = f"Fitted on {volumes}" + (f"; left out, as they can’t be used: {left_out}." if left_out else ".")
        return Draft.model_validate(content), told

    def _add(self, entry: VolumeEntry, tell: Tell) -> bool:
        tell("reading")
        self._permit()  # a cohort takes hours: a right may lapse, and no page be there that asks
        try:
            stored = self._volumes.read(entry)
            tell("measuring")
            self._fitting.add(stored.volume, stored.digest, wanted=lambda: tell("measuring"))
        except CcdsError:
            return False
        return True
