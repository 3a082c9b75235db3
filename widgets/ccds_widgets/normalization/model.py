"""The rules of the preview: what a page may see and do. No SQL, no network, no files, no browser.

What stays on the screen is the recipe applied to whole volumes at full resolution, by the very code that runs over every
study: pictures, histograms, tables and hash are of that. A job makes them while the page stays usable. What follows a slider
meanwhile comes of coarser copies and says so: see `copies`.

The draft is kept with each change, so that neither a page that is reloaded nor a kernel that ends loses it. Nothing that the
page sends is believed: each request is parsed, permitted anew, and checked against what is there now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.base import sentence
from ccds_widgets.normalization import messages
from ccds_widgets.normalization.cohort_fit import CohortFit
from ccds_widgets.normalization.copies import Copies
from ccds_widgets.normalization.draft import Kept, check, draft_of, first_draft, read_kept
from ccds_widgets.normalization.forms import forms_json
from ccds_widgets.normalization.full import NOTHING, Full, Wanted
from ccds_widgets.normalization.glimpse import glimpse
from ccds_widgets.normalization.notes import Notes
from ccds_widgets.normalization.ports import Recipes, Volumes
from ccds_widgets.normalization.probing import probe
from ccds_widgets.normalization.results import Recent, Result, Side
from ccds_widgets.normalization.saving import Saved, save
from ccds_widgets.normalization.showing import Showing
from ccds_widgets.normalization.shown import volume_json
from ccds_widgets.normalization.slicing import pictures_of

Answer = dict[str, Any]


class PreviewModel:
    """One person's preview of one project.

    Args:
        volumes: where the project's volumes are.
        recipes: where this person's recipes go.
        pictures: what keeps them, for this preview and others.
        copies: what keeps the coarser copies, for this preview and others.
        memory: bytes that a recipe may take for a volume.
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
        copies: Copies,
        *,
        memory: int,
        project: str,
        permit: Callable[[], None],
        path_to: Callable[[VolumeEntry], str],
        recipe: Recipe | None = None,
    ) -> None:
        self._volumes, self._recipes = volumes, recipes
        self._project, self._permit, self._path_to = project, permit, path_to
        self._full = Full(project, volumes, pictures, copies, memory)
        self._draft_name = recipe.digest()[:16] if recipe else "new"
        first = draft_of(recipe) if recipe else first_draft()
        self._kept = read_kept(recipes.draft(self._draft_name)) or Kept(draft=first)
        self._name = recipe.name if recipe else ""
        self._showing = Showing(self._full)
        self._entries: dict[str, VolumeEntry] = {}
        self._good = NOTHING
        self._notes = Notes(first, check(first), "", several=False)  # of what was applied: what is kept may be newer
        self._recipe: Recipe | None = None
        self._saved: Saved | None = None
        self._to_save: str | None = None
        self._fit: CohortFit | None = None
        self._fitted: str | None = None
        self._answers: dict[type[messages.Request], Callable[[Any], Answer]] = {
            messages.Choose: self._choose,
            messages.Beside: self._set_beside,
            messages.Edit: lambda request: self._changed(draft=request.draft),
            messages.Fit: self._begin_fit,
            messages.Poll: lambda _: self._state(),
            messages.Stop: lambda _: self._stop(),
            messages.Try: lambda request: glimpse(request, self._shown(), self._full),
            messages.Keep: self._keep_typed,
            messages.Slices: lambda request: pictures_of(request, self._shown(), self._full),
            messages.Probe: lambda request: probe(request, self._shown(), self._full),
            messages.Save: self._save,
        }

    def start(self) -> Answer:
        """Everything that the page shows: as it was left, or the first volume and a first recipe."""
        self._ask_permission()
        self._entries = {entry.id: entry for entry in self._volumes.entries()}
        chosen = [name for name in self._kept.chosen() if name in self._entries]
        self._kept = self._kept.choosing(chosen or list(self._entries)[:1])
        files = self._recipes.files()
        if self._kept.beside not in files:
            self._kept = self._kept.model_copy(update={"beside": None})
        self._work()
        look = self._kept.look.model_dump(mode="json") if self._kept.look else None
        return {
            "project": self._project,
            "volumes": [volume_json(entry) for entry in self._entries.values()],
            "forms": forms_json(),
            "look": look,
            "name": look["name"] if look else self._name,
            "unkept": None,
            **self._state(),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._ask_permission()
        return self._answers[type(request)](request)

    def _ask_permission(self) -> None:
        """Ends what goes on where the person may not see images any more.

        Raises:
            CcdsError: so it is.
        """
        try:
            self._permit()
        except CcdsError:
            self._stop_all()
            raise

    # --- what is changed

    def _choose(self, request: messages.Choose) -> Answer:
        if not set(request.volumes) <= set(self._entries):
            raise CcdsError(expected="volumes of this project", found="one that isn't listed", do="reload the page")
        chosen = self._kept.choosing(list(dict.fromkeys(request.volumes)))
        return self._changed(volume=chosen.volume, more=chosen.more)

    def _set_beside(self, request: messages.Beside) -> Answer:
        if request.file is not None and request.file not in self._recipes.files():
            raise CcdsError(
                expected="a recipe of your folder recipes", found="one that isn't there", do="reload the page"
            )
        return self._changed(beside=request.file)

    def _changed(self, **changed: object) -> Answer:
        """The state after the change."""
        self._to_save = self._fitted = None
        if "draft" in changed:
            self._end_fit()
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

    def _keep_typed(self, request: messages.Keep) -> Answer:
        """Landmarks of a fit that was begun before would take the place of what is typed now."""
        if self._fit is not None and self._fit.draft != request.draft:
            self._end_fit()
        return {"unkept": self._keep(draft=request.draft, look=request.look)}

    def _save(self, request: messages.Save) -> Answer:
        """Saved as soon as it is known that the recipe can be applied to what is shown."""
        unkept = self._keep(draft=request.draft)
        self._to_save = request.name
        self._work()
        return {"unkept": unkept, **self._state()}

    def _begin_fit(self, request: messages.Fit) -> Answer:
        """Its landmarks are the draft's once all volumes are measured; a change of the draft ends it."""
        recipe = check(request.draft).recipe
        if recipe is None:
            raise CcdsError(expected="a recipe to fit", found="one with a mistake", do="mend what is marked")
        fit = CohortFit(request.draft, recipe, self._volumes, list(self._entries.values()), self._permit)
        unkept = self._keep(draft=request.draft)
        self._end_fit()
        self._work()
        self._fit, self._fitted, self._to_save = fit, None, None
        return {"unkept": unkept, **self._state()}

    def _end_fit(self) -> None:
        if self._fit is not None:
            self._fit.stop()
            self._fit = None

    def _collect_fit(self) -> None:
        """Takes the landmarks in, once they are there."""
        fit = self._fit
        if fit is None or not fit.done:
            return
        self._fit = None
        draft, self._fitted = fit.fitted()
        self._keep(draft=draft)
        self._work()

    def _stop(self) -> Answer:
        self._stop_all()
        return self._state()

    def _stop_all(self) -> None:
        self._to_save = None
        self._end_fit()
        self._showing.stop()

    # --- the work

    def _work(self) -> None:
        """Begins to apply the draft. Where that can't be done the last good result stays, and what was wrong is noted."""
        checked = check(self._kept.draft)
        self._recipe = checked.recipe
        chosen = self._kept.chosen()
        modality = self._entries[chosen[0]].modality if chosen else ""
        self._notes = Notes(self._kept.draft, checked, modality, several=len(chosen) > 1)
        beside = self._beside()
        entries = [self._entries[name] for name in chosen]
        self._showing.begin([Wanted(entry, self._recipe, self._good, beside) for entry in entries])

    def _beside(self) -> Recipe | None:
        if self._kept.beside is None:
            return None
        try:
            return self._recipes.read(self._kept.beside)
        except CcdsError as error:
            self._notes.beside(error)
            return None

    def _collect(self) -> None:
        """Takes in what has been made since; once all is, saves what waits for that.

        Raises:
            CcdsError: what was to be saved can't be.
        """
        worked = self._showing.progress is not None
        for outcome in self._showing.collect():
            self._notes.outcome(outcome)
        if self._showing.progress or self._showing.stopped:
            return
        if worked:
            self._drop_what_has_no_room()
        shown = self._shown()
        if shown and self._recipe is not None and not any(map(self._is_older, shown)):
            self._good = self._recipe
        name, self._to_save = self._to_save, None
        if name is not None:
            self._saved = self._save_as(name, shown)

    def _drop_what_has_no_room(self) -> None:
        """Pictures that others took the room of would be made again at each step of the slider: rather none of them."""
        for result in self._shown()[: -1 if len(self._kept.chosen()) > 1 else 0]:
            if not self._full.holds(result):
                self._showing.drop(result)
                self._notes.no_room(result.entry)

    def _save_as(self, name: str, shown: Sequence[Result]) -> Saved:
        if not shown or self._recipe is None or any(map(self._is_older, shown)):
            raise CcdsError(
                expected="a recipe that can be applied to the volume shown",
                found="one that can't",
                do="mend what is marked",
            )
        return save(self._recipes, name, self._recipe)

    # --- what is there

    def _shown(self) -> list[Result]:
        return self._showing.of(self._kept.chosen())

    def _is_older(self, result: Result) -> bool:
        """Whether what is shown is not what the draft makes of the volume."""
        return self._recipe is None or result.recipe.digest() != self._recipe.digest()

    def _state(self) -> Answer:
        self._collect_fit()
        self._collect()
        progress = self._showing.progress
        return {
            "chosen": self._kept.chosen(),
            "beside": self._kept.beside,
            "files": list(self._recipes.files()),
            **self._notes.as_json(),
            "results": [self._told(name) for name in self._kept.chosen()],
            "working": progress.as_json() if progress else None,
            "fitting": self._fit.progress() if self._fit else None,
            "fitted": self._fitted,
            "stopped": self._showing.stopped,
            "saved": self._saved_json(),
        }

    def _told(self, volume: str) -> Answer | None:
        told = self._showing.told(volume)
        if told is None:
            return None
        result, answer = told
        return {**answer, "older": self._is_older(result)}

    def _saved_json(self) -> Answer | None:
        """What is told of the saved recipe, where that is what is shown."""
        shown = self._shown()
        if not self._saved or not shown or self._is_older(shown[0]) or shown[0].recipe.digest() != self._saved.digest:
            return None
        try:
            after = self._full.shown(shown[0])[Side.AFTER]
        except CcdsError:  # the volume is another one by now, or gone: nobody can say what the command makes of it
            return None
        return self._saved.as_json(self._project, self._path_to(shown[0].entry), after.digest)
