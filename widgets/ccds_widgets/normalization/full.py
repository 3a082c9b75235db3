"""Volumes at full resolution, by the very code that runs over every study: what a job of the preview does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.footprint import check_memory
from ccds_kernel.normalization.nifti import Header
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.copies import SLOW, Copies, Copy, TooSlow
from ccds_widgets.normalization.jobs import Tell
from ccds_widgets.normalization.ports import Volumes
from ccds_widgets.normalization.results import Picture, Recent, Result, Side, linked
from ccds_widgets.normalization.shown import result_json

NOTHING = Recipe("nothing", ())


class NotHeld(Exception):  # noqa: N818 - no error: it is told as "computing"
    """Other pictures took the room of one that is shown: a job must make it again."""


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
        result: what is to be seen, of the draft or where that makes no sense for it of another recipe; its revision isn't known
            yet. None where there is no volume.
        told: the result as the page takes it, told now: its pictures may have to make room before they are asked for.
        volume_error: why there is no volume.
        recipe_error: what is wrong with the draft.
        beside_error: what is wrong with `Wanted.beside`.
    """

    wanted: Wanted
    result: Result | None = None
    told: Mapping[str, Any] | None = None
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
            before = self.picture(entry, version, None)
            before.measure()
        except CcdsError as error:
            return Outcome(wanted, volume_error=error)
        pictures, shown, recipe_error = {Side.BEFORE: before}, wanted.good, None
        if wanted.recipe is not None:
            try:
                pictures[Side.AFTER] = self._after(entry, version, wanted.recipe, tell)
                shown = wanted.recipe
            except CcdsError as error:
                recipe_error = error
        if Side.AFTER not in pictures:
            try:
                pictures[Side.AFTER] = self._after(entry, version, shown, tell)
            except CcdsError:
                shown = NOTHING
                pictures[Side.AFTER] = self._after(entry, version, shown, tell)
        beside, beside_error = wanted.beside, None
        if beside is not None:
            try:
                pictures[Side.BESIDE] = self._after(entry, version, beside, tell)
            except CcdsError as error:
                beside, beside_error = None, error
        result = linked(entry, version, (shown, beside), {side: one.volume for side, one in pictures.items()})
        return Outcome(wanted, result, result_json(result, pictures), None, recipe_error, beside_error)

    def shown(self, result: Result) -> dict[Side, Picture]:
        """The pictures of `result`.

        Raises:
            NotHeld: one of them isn't there any more.
            CcdsError: the volume is gone, or is another one now.
        """
        self._check(result)
        recipes = {Side.BEFORE: None, Side.AFTER: result.recipe}
        if result.beside is not None:
            recipes[Side.BESIDE] = result.beside
        return {side: self._held(result, recipe) for side, recipe in recipes.items()}

    def holds(self, result: Result) -> bool:
        """Whether all pictures of `result` are there, so that they needn't be made again."""
        try:
            for recipe in (None, result.recipe, result.beside or result.recipe):
                self._held(result, recipe)
        except NotHeld:
            return False
        return True

    def _held(self, result: Result, recipe: Recipe | None) -> Picture:
        found = self._pictures.find(self._key(result.entry, result.version, recipe))
        if found is None:
            raise NotHeld
        return found

    def picture(self, entry: VolumeEntry, version: str, recipe: Recipe | None, tell: Tell | None = None) -> Picture:
        """A volume as it was scanned, or what `recipe` makes of it.

        Raises:
            CcdsError: it is no volume, or the recipe makes no sense for it.
        """
        key = self._key(entry, version, recipe)
        if recipe is None:
            return self._pictures.get(key, lambda: self._volumes.read(entry).volume)
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
            NotHeld, CcdsError: as of `shown`.
        """
        self._check(result)
        return self._copies.get(self._key(result.entry, result.version), lambda: self._held(result, None).volume)

    def _copy(self, entry: VolumeEntry, version: str) -> Copy:
        return self._copies.get(self._key(entry, version), lambda: self.picture(entry, version, None).volume)

    def _after(self, entry: VolumeEntry, version: str, recipe: Recipe, tell: Tell) -> Picture:
        """Makes and measures; the copy's slow steps first, so that a slider behind them can be moved meanwhile."""
        if any(step.name in SLOW for step in recipe.steps):
            tell("coarser copy")
            with suppress(CcdsError, TooSlow):  # what can't be done with the copy may well be with the whole volume
                self._copy(entry, version).run(recipe, slow=True, wanted=lambda: tell("coarser copy"))
        picture = self.picture(entry, version, recipe, tell)
        tell("measuring")
        picture.measure()
        return picture

    def _check(self, result: Result) -> None:
        if self._volumes.version(result.entry) != result.version:
            raise CcdsError(
                expected="the volume as it was opened",
                found="another file in its place",
                do="reload the page to see that one",
            )

    def _key(self, entry: VolumeEntry, version: str, recipe: Recipe | None = None) -> tuple[str, ...]:
        made_with = () if recipe is None else (recipe.digest(),)
        return self._project, entry.id, version, *made_with
