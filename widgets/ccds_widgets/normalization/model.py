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
from ccds_widgets.normalization.planes import Linked, Plane
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
        pictures: what keeps them, for this preview and others.
        project: the project's id, to be shown.
        permit: raises a CcdsError where the person may not see images (any more); asked before each answer.
        path_to: how a volume's file is called on the command line.
        recipe: what to start from; a draft that was begun from the same recipe goes on.
    """

    def __init__(
        self,
        volumes: Volumes,
        recipes: Recipes,
        pictures: Recent,
        *,
        project: str,
        permit: Callable[[], None],
        path_to: Callable[[VolumeEntry], str],
        recipe: Recipe | None = None,
    ) -> None:
        self._volumes, self._recipes, self._pictures = volumes, recipes, pictures
        self._project, self._permit, self._path_to = project, permit, path_to
        self._draft_name = recipe.digest()[:16] if recipe else "new"
        first = draft_of(recipe) if recipe else first_draft()
        self._kept = read_kept(recipes.draft(self._draft_name)) or Kept(draft=first)
        self._name = recipe.name if recipe else ""
        self._entries: dict[str, VolumeEntry] = {}
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
            version = self._volumes.version(entry)
            self._before(entry, version)
        except CcdsError as error:
            self._result, self._trouble["volume"] = None, sentence(error)
            return
        if checked.recipe is not None:
            try:
                self._show(entry, version, checked.recipe)
            except StepError as error:
                errors[checked.places[error.place - 1]] = sentence(_plain(error))
            except CcdsError as error:
                self._trouble["output"] = sentence(error)
            else:
                self._good = checked.recipe
        if self._result is None or (self._result.entry.id, self._result.version) != (entry.id, version):
            self._show_older(entry, version)

    def _key(self, entry: VolumeEntry, version: str) -> tuple[str, ...]:
        return self._project, entry.id, version

    def _before(self, entry: VolumeEntry, version: str) -> Picture:
        return self._pictures.get(self._key(entry, version), lambda: self._volumes.read(entry).volume)

    def _pair(self, entry: VolumeEntry, version: str, recipe: Recipe) -> tuple[Picture, Picture]:
        before = self._before(entry, version)
        key = (*self._key(entry, version), recipe.digest())
        return before, self._pictures.get(key, lambda: apply(recipe, before.volume))

    def _show(self, entry: VolumeEntry, version: str, recipe: Recipe) -> None:
        before, after = self._pair(entry, version, recipe)
        shown, made = self._result, (entry.id, version, recipe.digest())
        if shown is None or (shown.entry.id, shown.version, shown.recipe.digest()) != made:
            self._revision += 1
            linked = {plane: Linked.of(before.volume, after.volume, plane) for plane in Plane}
            self._result = Result(self._revision, entry, version, recipe, linked)

    def _show_older(self, entry: VolumeEntry, version: str) -> None:
        """Another volume with the last recipe that was right, or as it is."""
        try:
            self._show(entry, version, self._good)
        except CcdsError:
            self._show(entry, version, _NOTHING)

    def _shown(self, result: Result) -> tuple[Picture, Picture]:
        """The pictures of `result`, made again where other ones took their room.

        Raises:
            CcdsError: the volume is gone, or is another one now.
        """
        if self._volumes.version(result.entry) != result.version:
            raise CcdsError(
                expected="the volume as it was opened",
                found="another file in its place",
                do="reload the page to see that one",
            )
        return self._pair(result.entry, result.version, result.recipe)

    def _is_older(self) -> bool:
        """Whether what is shown is not what the draft makes of the volume."""
        return self._result is not None and (
            self._recipe is None or self._result.recipe.digest() != self._recipe.digest()
        )

    def _state(self) -> Answer:
        result, older = self._result, self._is_older()
        shown = saved = None
        if result:
            before, after = self._shown(result)
            shown = result_json(result, before, after)
            if self._saved and not older and result.recipe.digest() == self._saved.recipe:
                saved = self._saved.as_json(self._path_to(result.entry), after.digest)
        return {
            "volume": self._kept.volume,
            "draft": as_json(self._kept.draft, self._errors),
            "trouble": self._trouble,
            "older": older,
            "result": shown,
            "saved": saved,
        }

    # --- what the page asks for

    def _slices(self, request: messages.Slices) -> Answer:
        result = self._result
        if result is None or request.revision != result.revision:
            return {"gone": True}
        linked = result.linked[request.plane]
        for cut, numbers in ((linked.before, request.before), (linked.after, request.after)):
            if any(number >= cut.size[2] for number in numbers):
                raise CcdsError(expected="a slice of this volume", found="one beyond it", do="reload the page")
        before, after = self._shown(result)
        low, high = before.range
        if request.display:
            low = request.display.center - request.display.width / 2
            high = low + request.display.width
        return {
            "buffers": [
                *(grey(linked.before.slice(before.volume, number), low, high) for number in request.before),
                *(grey(linked.after.slice(after.volume, number), *after.range) for number in request.after),
            ]
        }

    def _probe(self, request: messages.Probe) -> Answer:
        result = self._result
        if result is None or request.revision != result.revision:
            return {"gone": True}
        linked = result.linked[request.plane]
        before, after = self._shown(result)
        sides = {"before": (linked.before, before.volume), "after": (linked.after, after.volume)}
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
