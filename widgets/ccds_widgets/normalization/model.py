"""The rules of the preview: what a page may see and do. No SQL, no network, no files, no browser.

What is shown is the recipe applied to the whole volume at full resolution, by the very code that runs over every study:
pictures, histograms and hash are of that. Nothing is computed on a reduced copy: a resampled slice of a resampled volume is
not the slice of the volume, and a percentile or a mean of a part is another one.

The draft is kept with each change, so that neither a page that is reloaded nor a kernel that ends loses it. Nothing that the
page sends is believed: each request is parsed, permitted anew, and checked against what is there now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import StepError, apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.base import sentence
from ccds_widgets.normalization import messages
from ccds_widgets.normalization.draft import Kept, as_json, check, draft_of, first_draft, read_kept
from ccds_widgets.normalization.forms import forms_json
from ccds_widgets.normalization.ports import Recipes, Volumes
from ccds_widgets.normalization.results import Picture, Recent, Result
from ccds_widgets.normalization.saving import Saved
from ccds_widgets.normalization.shown import result_json, volume_json
from ccds_widgets.normalization.tones import grey

Answer = dict[str, Any]
_NOTHING = Recipe("nothing", ())


class PreviewModel:
    """One person's preview of one project.

    Args:
        volumes: where the project's volumes are.
        recipes: where this person's recipes go.
        project: the project's id, to be shown.
        permit: raises a CcdsError where the person may not see images (any more); asked before each answer.
        path_to: how a volume's file is called on the command line.
        recipe: what to start from; a draft that was begun from the same recipe goes on.
    """

    def __init__(
        self,
        volumes: Volumes,
        recipes: Recipes,
        *,
        project: str,
        permit: Callable[[], None],
        path_to: Callable[[VolumeEntry], str],
        recipe: Recipe | None = None,
    ) -> None:
        self._volumes, self._recipes = volumes, recipes
        self._project, self._permit, self._path_to = project, permit, path_to
        self._draft_name = recipe.digest()[:16] if recipe else "new"
        first = draft_of(recipe) if recipe else first_draft()
        self._kept = read_kept(recipes.draft(self._draft_name)) or Kept(draft=first)
        self._name = recipe.name if recipe else ""
        self._entries: dict[str, VolumeEntry] = {}
        self._befores: Recent[str] = Recent()
        self._afters: Recent[tuple[str, str]] = Recent()
        self._result: Result | None = None
        self._good = _NOTHING
        self._recipe: Recipe | None = None
        self._saved: Saved | None = None
        self._errors: Sequence[str | None] = ()
        self._trouble: dict[str, str | None] = {}
        self._revision = 0

    def start(self) -> Answer:
        """Everything that the page shows: as it was left, or the first volume and a first recipe."""
        self._permit()
        self._entries = {entry.id: entry for entry in self._volumes.entries()}
        if self._kept.volume not in self._entries:
            self._kept = self._kept.model_copy(update={"volume": next(iter(self._entries), None)})
        self._work()
        look = self._kept.look.model_dump(mode="json") if self._kept.look else None
        return {
            "project": self._project,
            "volumes": [volume_json(entry) for entry in self._entries.values()],
            "forms": forms_json(),
            "look": look,
            "name": look["name"] if look else self._name,
            **self._state(),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._permit()
        match request:
            case messages.Choose():
                return self._choose(request)
            case messages.Edit():
                return self._changed(draft=request.draft)
            case messages.Keep():
                return {"unkept": self._keep(draft=request.draft, look=request.look)}
            case messages.Slices():
                return self._slices(request)
            case messages.Probe():
                return self._probe(request)
            case messages.Save():
                return self._save(request)

    # --- the result

    def _choose(self, request: messages.Choose) -> Answer:
        if request.volume not in self._entries:
            raise CcdsError(expected="a volume of this project", found="one that isn't listed", do="reload the page")
        return self._changed(volume=request.volume)

    def _changed(self, **changed: object) -> Answer:
        """The state after the change."""
        unkept = self._keep(**changed)
        self._work()
        return {"unkept": unkept, **self._state()}

    def _keep(self, **changed: object) -> str | None:
        """Takes the change in and keeps it; the line that says why it couldn't be kept."""
        self._kept = self._kept.model_copy(update=changed)
        try:
            self._recipes.keep_draft(self._draft_name, self._kept.model_dump_json())
        except CcdsError as error:
            return sentence(error)
        return None

    def _work(self) -> None:
        """Applies the draft. Where that can't be done the last good result stays, and what was wrong is noted."""
        self._trouble = {"volume": None, "output": None}
        checked = check(self._kept.draft)
        self._recipe = checked.recipe
        errors = [sentence(error) if error else None for error in checked.errors]
        self._errors = errors
        entry = self._entries.get(self._kept.volume or "")
        if entry is None:
            self._result = None
            return
        try:
            self._before(entry)
        except CcdsError as error:
            self._result, self._trouble["volume"] = None, sentence(error)
            return
        if checked.recipe is not None:
            try:
                self._show(entry, checked.recipe)
            except StepError as error:
                errors[checked.places[error.place - 1]] = sentence(_plain(error))
            except CcdsError as error:
                self._trouble["output"] = sentence(error)
            else:
                self._good = checked.recipe
        if self._result is None or self._result.volume != entry.id:
            self._show_older(entry)

    def _before(self, entry: VolumeEntry) -> Picture:
        return self._befores.get(entry.id, lambda: self._volumes.read(entry).volume)

    def _show(self, entry: VolumeEntry, recipe: Recipe) -> None:
        before, digest = self._before(entry), recipe.digest()
        after = self._afters.get((entry.id, digest), lambda: apply(recipe, before.volume))
        if self._result is None or (self._result.volume, self._result.recipe) != (entry.id, digest):
            self._revision += 1
            self._result = Result(self._revision, entry.id, digest, before, after)

    def _show_older(self, entry: VolumeEntry) -> None:
        """Another volume with the last recipe that was right, or as it is."""
        try:
            self._show(entry, self._good)
        except CcdsError:
            self._show(entry, _NOTHING)

    def _is_older(self) -> bool:
        """Whether what is shown is not what the draft makes of the volume."""
        return self._result is not None and (self._recipe is None or self._result.recipe != self._recipe.digest())

    def _state(self) -> Answer:
        result, older = self._result, self._is_older()
        saved = None
        if self._saved and result and not older and result.recipe == self._saved.recipe:
            saved = self._saved.as_json(self._path_to(self._entries[result.volume]), result.after.digest)
        return {
            "volume": self._kept.volume,
            "draft": as_json(self._kept.draft, self._errors),
            "trouble": self._trouble,
            "older": older,
            "result": result_json(result) if result else None,
            "saved": saved,
        }

    # --- what the page asks for

    def _slices(self, request: messages.Slices) -> Answer:
        result = self._result
        if result is None or request.revision != result.revision:
            return {"gone": True}
        linked = result.linked(request.plane)
        for cut, numbers in ((linked.before, request.before), (linked.after, request.after)):
            if any(number >= cut.size[2] for number in numbers):
                raise CcdsError(expected="a slice of this volume", found="one beyond it", do="reload the page")
        low, high = result.before.range
        if request.display:
            low = request.display.center - request.display.width / 2
            high = low + request.display.width
        before, after = result.before.volume, result.after.volume
        return {
            "buffers": [
                *(grey(linked.before.slice(before, number), low, high) for number in request.before),
                *(grey(linked.after.slice(after, number), *result.after.range) for number in request.after),
            ]
        }

    def _probe(self, request: messages.Probe) -> Answer:
        result = self._result
        if result is None or request.revision != result.revision:
            return {"gone": True}
        linked = result.linked(request.plane)
        sides = {"before": (linked.before, result.before.volume), "after": (linked.after, result.after.volume)}
        cut, volume = sides[request.side]
        width, height, count = cut.size
        if request.x >= width or request.y >= height or request.number >= count:
            raise CcdsError(expected="a place in the picture", found="one beyond it", do="reload the page")
        place = volume.affine @ [*cut.voxel(request.x, request.y, request.number), 1]
        answer: Answer = {"place_mm": place[:3].tolist()}
        for side, (its_cut, its_volume) in sides.items():
            index = np.rint(np.linalg.solve(its_volume.affine, place)[:3]).astype(int)
            if np.all(index >= 0) and np.all(index < its_volume.voxels.shape):
                i, j, k = (int(at) for at in index)
                answer[side] = {"value": float(its_volume.voxels[i, j, k]), "pixel": its_cut.pixel((i, j, k))}
            else:
                answer[side] = None
        return answer

    def _save(self, request: messages.Save) -> Answer:
        unkept = self._keep(draft=request.draft)
        self._work()
        if self._result is None or self._recipe is None or self._is_older():
            raise CcdsError(
                expected="a recipe that can be applied to the volume shown",
                found="one that can't",
                do="mend what is marked",
            )
        named = Recipe(" ".join(request.name.split()), self._recipe.steps, self._recipe.output)
        there = self._recipes.save(named)
        self._saved = Saved(there.file, named.digest(), there.was_there)
        return {"unkept": unkept, **self._state()}


def _plain(error: StepError) -> CcdsError:
    """The error as the step raised it: where it is told, its place needs no words."""
    return error.__cause__ if isinstance(error.__cause__, CcdsError) else error
