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
from ccds_kernel.normalization.volume_folder_judged import told_of_left_out
from ccds_widgets.normalization import messages
from ccds_widgets.normalization.applying import Applying
from ccds_widgets.normalization.cohort_fit import CohortFit
from ccds_widgets.normalization.copies import Copies
from ccds_widgets.normalization.draft import check, draft_of, first_draft
from ccds_widgets.normalization.forms import forms_json
from ccds_widgets.normalization.full import Full, NotHeld
from ccds_widgets.normalization.glimpse import glimpse
from ccds_widgets.normalization.keeping import Keeping
from ccds_widgets.normalization.ports import Recipes, Volumes
from ccds_widgets.normalization.probing import probe
from ccds_widgets.normalization.results import Recent, Result
from ccds_widgets.normalization.saving import Saving
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
        self._project, self._permit = project, permit
        self._full = Full(project, volumes, pictures, copies, memory)
        self._saving = Saving(recipes, self._full, project, path_to)
        first = draft_of(recipe) if recipe else first_draft()
        self._keeping = Keeping(recipes, recipe.digest()[:16] if recipe else "new", first)
        self._name = recipe.name if recipe else ""
        self._applying = Applying(self._full, first)
        self._entries: dict[str, VolumeEntry] = {}
        self._fit: CohortFit | None = None
        self._fitted: str | None = None
        self._answers: dict[type[messages.Request], Callable[[Any], Answer]] = {
            messages.Choose: self._choose,
            messages.Beside: self._set_beside,
            messages.Edit: lambda request: self._changed(draft=request.draft),
            messages.Fit: self._begin_fit,
            messages.Poll: lambda _: self._state(),
            messages.Stop: lambda _: self._stop(),
            messages.Try: lambda request: self._of_pictures(glimpse, request),
            messages.Keep: self._keep_typed,
            messages.Slices: lambda request: self._of_pictures(pictures_of, request),
            messages.Probe: lambda request: self._of_pictures(probe, request),
            messages.Save: self._save,
        }

    def start(self) -> Answer:
        """Everything that the page shows: as it was left, or the first volume and a first recipe."""
        self._ask_permission()
        self._entries = {entry.id: entry for entry in self._volumes.entries()}
        keeping = self._keeping
        chosen = [name for name in keeping.now.chosen() if name in self._entries]
        keeping.now = keeping.now.choosing(chosen or list(self._entries)[:1])
        if keeping.now.beside not in self._recipes.files():
            keeping.now = keeping.now.model_copy(update={"beside": None})
        keeping.opened()
        self._work()
        look = keeping.now.look.model_dump(mode="json") if keeping.now.look else None
        return {
            "project": self._project,
            "volumes": [volume_json(entry) for entry in self._entries.values()],
            "left_out": told_of_left_out(self._project, len(self._volumes.left_out())),
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
        chosen = self._keeping.now.choosing(list(dict.fromkeys(request.volumes)))
        return self._changed(volume=chosen.volume, more=chosen.more)

    def _set_beside(self, request: messages.Beside) -> Answer:
        if request.file is not None and request.file not in self._recipes.files():
            raise CcdsError(
                expected="a recipe of your folder recipes", found="one that isn't there", do="reload the page"
            )
        return self._changed(beside=request.file)

    def _changed(self, **changed: object) -> Answer:
        """The state after the change."""
        self._saving.wanted = self._fitted = None
        if "draft" in changed:
            self._end_fit()
        unkept = self._keeping.change(changed)
        self._work()
        return {"unkept": unkept, **self._state()}

    def _keep_typed(self, request: messages.Keep) -> Answer:
        """Landmarks of a fit that was begun before would take the place of what is typed now."""
        if self._fit is not None and self._fit.draft != request.draft:
            self._end_fit()
        return {"unkept": self._keeping.change({"draft": request.draft, "look": request.look})}

    def _save(self, request: messages.Save) -> Answer:
        """Saved as soon as it is known that the recipe can be applied to what is shown."""
        unkept = self._keeping.change({"draft": request.draft}, named=True)
        self._saving.wanted = request.name
        self._work()
        return {"unkept": unkept, **self._state()}

    def _begin_fit(self, request: messages.Fit) -> Answer:
        """Its landmarks are the draft's once all volumes are measured; a change of the draft ends it."""
        recipe = check(request.draft).recipe
        if recipe is None:
            raise CcdsError(expected="a recipe to fit", found="one with a mistake", do="mend what is marked")
        fit = CohortFit(request.draft, recipe, self._volumes, list(self._entries.values()), self._permit)
        unkept = self._keeping.change({"draft": request.draft})
        self._end_fit()
        self._work()
        self._fit, self._fitted, self._saving.wanted = fit, None, None
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
        self._keeping.change({"draft": draft})
        self._work()

    def _stop(self) -> Answer:
        self._stop_all()
        return self._state()

    def _stop_all(self) -> None:
        self._saving.wanted = None
        self._end_fit()
        self._applying.stop()

    # --- the work

    def _work(self) -> None:
        """Begins to apply the draft."""
        kept = self._keeping.now
        file = kept.beside
        beside = (lambda: None) if file is None else (lambda: self._recipes.read(file))
        self._applying.begin(kept.draft, [self._entries[name] for name in kept.chosen()], beside)

    def _of_pictures(self, ask: Callable[[Any, Sequence[Result], Full], Answer], request: messages.Request) -> Answer:
        """What `ask` answers; `again` while pictures of what is shown must be made anew, which isn't waited for."""
        try:
            return ask(request, self._applying.shown(), self._full)
        except NotHeld:
            self._applying.again()
            return {"again": True}

    def _state(self) -> Answer:
        """What the page shows now; what was to be saved is, once all pictures are there.

        Raises:
            CcdsError: what was to be saved can't be.
        """
        self._collect_fit()
        if self._applying.collect():
            self._saving.try_now(self._applying.whole())
        saved = self._saved_json()  # may begin work
        kept = self._keeping.now
        return {
            "chosen": kept.chosen(),
            "beside": kept.beside,
            "files": list(self._recipes.files()),
            **self._applying.as_json(),
            "fitting": self._fit.progress() if self._fit else None,
            "fitted": self._fitted,
            "saved": saved,
        }

    def _saved_json(self) -> Answer | None:
        shown = self._applying.shown()
        if not shown or self._applying.is_older(shown[0]):
            return None
        try:
            return self._saving.as_json(shown[0])
        except NotHeld:
            self._applying.again()
            return None
