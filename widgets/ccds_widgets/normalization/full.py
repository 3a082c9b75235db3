"""Volumes at full resolution, by the very code that runs over every study: what a job of the preview does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.footprint import check_memory
from ccds_kernel.normalization.nifti import Header
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.copies import SLOW, Copies, Copy, TooSlow
from ccds_widgets.normalization.jobs import Tell
from ccds_widgets.normalization.ports import Volumes
from ccds_widgets.normalization.results import Picture, Recent, Result, Side

NOTHING = Recipe("nothing", ())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be seen of a volume.

    Args:
        entry: the volume.
        recipe: the draft; None where it is none.
        good: what is shown where the draft can't be: the last recipe that could.
        beside: a saved recipe, if one is to be seen beside the draft.
    """

    entry: VolumeEntry
    recipe: Recipe | None
    good: Recipe
    beside: Recipe | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Args:
        wanted: what was asked for.
        version: of the volume's file; None where it is no volume.
        shown: the recipe that is to be seen: the draft, or where that makes no sense for it another one.
        beside: as of `Wanted`; None also where it makes no sense for this volume.
        volume_error: why there is no volume.
        recipe_error: what is wrong with the draft.
        beside_error: what is wrong with `Wanted.beside`.
    """

    wanted: Wanted
    version: str | None = None
    shown: Recipe = NOTHING
    beside: Recipe | None = None
    volume_error: CcdsError | None = None
    recipe_error: CcdsError | None = None
    beside_error: CcdsError | None = None


class Full:
    """A project's volumes and what recipes make of them; any thread may call it.

    Args:
        project: its id.
        volumes: where they are.
        pictures: what keeps them.
        copies: what keeps the coarser copies.
        memory: bytes that a recipe may take for a volume; what would take more isn't begun.
    """

    def __init__(self, project: str, volumes: Volumes, pictures: Recent, copies: Copies, memory: int) -> None:
        self._project, self._volumes, self._pictures, self._copies = project, volumes, pictures, copies
        self._memory = memory

    def make(self, wanted: Wanted, tell: Tell) -> Outcome:
        """Makes and measures all pictures of `wanted`, telling step by step.

        Raises:
            Stopped: of `tell`.
        """
        entry = wanted.entry
        tell("reading")
        try:
            version = self._volumes.version(entry)
            self.picture(entry, version, None).measure()
        except CcdsError as error:
            return Outcome(wanted, volume_error=error)
        shown, recipe_error = wanted.good, None
        if wanted.recipe is not None:
            try:
                self._after(entry, version, wanted.recipe, tell)
                shown = wanted.recipe
            except CcdsError as error:
                recipe_error = error
        if shown is not wanted.recipe:
            try:
                self._after(entry, version, shown, tell)
            except CcdsError:
                shown = NOTHING
                self._after(entry, version, shown, tell)
        beside, beside_error = wanted.beside, None
        if beside is not None:
            try:
                self._after(entry, version, beside, tell)
            except CcdsError as error:
                beside, beside_error = None, error
        return Outcome(wanted, version, shown, beside, None, recipe_error, beside_error)

    def shown(self, result: Result) -> dict[Side, Picture]:
        """The pictures of `result`, made again where other ones took their room.

        Raises:
            CcdsError: the volume is gone, or is another one now.
        """
        self._check(result)
        recipes = {Side.BEFORE: None, Side.AFTER: result.recipe}
        if result.beside is not None:
            recipes[Side.BESIDE] = result.beside
        return {side: self.picture(result.entry, result.version, recipe) for side, recipe in recipes.items()}

    def holds(self, result: Result) -> bool:
        """Whether all pictures of `result` are there, so that they needn't be made again."""
        keys = [self._key(result.entry, result.version)]
        keys += [(*keys[0], recipe.digest()) for recipe in (result.recipe, result.beside) if recipe]
        return all(self._pictures.find(key) is not None for key in keys)

    def picture(self, entry: VolumeEntry, version: str, recipe: Recipe | None, tell: Tell | None = None) -> Picture:
        """A volume as it was scanned, or what `recipe` makes of it.

        Raises:
            CcdsError: it is no volume, or the recipe makes no sense for it.
        """
        if recipe is None:
            return self._pictures.get(self._key(entry, version), lambda: self._volumes.read(entry).volume)
        key = (*self._key(entry, version), recipe.digest())
        found = self._pictures.find(key)
        if found is not None:
            return found
        before = self.picture(entry, version, None)  # the two are made one after the other, not one within the other
        volume = before.volume
        header = Header(volume.voxels.shape, volume.affine, volume.voxels.dtype, scaled=False)
        check_memory(recipe, header, self._memory)  # a slip of the finger, such as 0.1 mm, would end the kernel

        def watch(place: int) -> None:
            if tell:
                tell(recipe.steps[place - 1].name)

        return self._pictures.get(key, lambda: apply(recipe, volume, watch=watch))

    def copy(self, result: Result) -> Copy:
        """The coarser copy of `result`'s volume.

        Raises:
            CcdsError: as of `shown`.
        """
        self._check(result)
        return self._copy(result.entry, result.version)

    def _copy(self, entry: VolumeEntry, version: str) -> Copy:
        return self._copies.get(self._key(entry, version), lambda: self.picture(entry, version, None).volume)

    def _after(self, entry: VolumeEntry, version: str, recipe: Recipe, tell: Tell) -> None:
        """Makes and measures; the copy's slow steps first, so that a slider behind them can be moved meanwhile."""
        if any(step.name in SLOW for step in recipe.steps):
            tell("coarser copy")
            with suppress(CcdsError, TooSlow):  # what can't be done with the copy may well be with the whole volume
                self._copy(entry, version).run(recipe, slow=True, wanted=lambda: tell("coarser copy"))
        picture = self.picture(entry, version, recipe, tell)
        tell("measuring")
        picture.measure()

    def _check(self, result: Result) -> None:
        if self._volumes.version(result.entry) != result.version:
            raise CcdsError(
                expected="the volume as it was opened",
                found="another file in its place",
                do="reload the page to see that one",
            )

    def _key(self, entry: VolumeEntry, version: str) -> tuple[str, ...]:
        return self._project, entry.id, version
