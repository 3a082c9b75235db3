"""The cohort view's files: converted volumes, those that runs have made, saved recipes, and what was measured before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread import Side
from ccds_kernel.normalization.spread_cache import SpreadCache
from ccds_kernel.normalization.spread_measure import grid_in, planned_in, quantiles_in, tried_in
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from ccds_widgets.normalization.saved_recipes import SavedRecipe, SavedRecipes
from ccds_widgets.normalization.spread.ports import How, Plan, Told

TRIED_OF_A_SCANNER, MOST_TRIED = 4, 40
"""On how many volumes a recipe is tried that no run has made: so many of each scanner, so many in all."""


@dataclass(frozen=True)
class SiteCohort:
    """A `Cohort` on a project's folders.

    Args:
        volumes: the converted ones.
        normalized: where runs put what a recipe of that hash makes.
        saved: the person's recipes.
        cache: the person's.
    """

    volumes: VolumeFolder
    normalized: Callable[[str], VolumeFolder]
    saved: SavedRecipes
    cache: SpreadCache

    def entries(self) -> Sequence[VolumeEntry]:
        """As of the port."""
        return self.volumes.entries()

    def recipes(self) -> Sequence[SavedRecipe]:
        """As of the port."""
        return self.saved.all()

    def plan(self, entries: Sequence[VolumeEntry], recipe: Recipe | None) -> Plan:
        """As of the port: headers first, then voxels, of each scanner in turn."""
        order = in_turn(entries)
        made: set[int] = set()
        made_folder = None
        if recipe is not None:
            made_folder = self.normalized(recipe.digest())
            made = {place for place in order if made_folder.path(entries[place]).is_file()}
        tried = _tried(entries, [place for place in order if place not in made]) if recipe else []

        def steps() -> Iterator[Told]:
            for place in order:
                yield _told(place, How.HEADER, lambda entry: Side(grid_in(self.volumes.path(entry))), entries)
            for place in order if recipe else ():
                yield self._grid_after(place, entries, recipe, made_folder if place in made else None)
            for place in order:
                yield _told(
                    place, How.VOXELS, lambda entry: Side(None, self._quantiles(self.volumes, "", entry)), entries
                )
                if place in tried:
                    yield self._tried(place, entries, recipe)
                elif place in made:
                    yield self._made(place, entries, recipe, made_folder)

        total = len(entries) * (3 if recipe else 2) + len(made) + len(tried)
        return Plan(steps(), total, len(made), len(tried))

    def _grid_after(
        self, place: int, entries: Sequence[VolumeEntry], recipe: Recipe | None, made: VolumeFolder | None
    ) -> Told:
        if made is not None:
            return _told(place, How.MADE, lambda entry: Side(grid_in(made.path(entry))), entries)

        def planned(entry: VolumeEntry) -> Side:
            return Side(planned_in(recipe, self.volumes.path(entry)) if recipe else None)

        return _told(place, How.PLANNED, planned, entries)

    def _tried(self, place: int, entries: Sequence[VolumeEntry], recipe: Recipe | None) -> Told:
        def tried(entry: VolumeEntry) -> Side:
            if recipe is None:
                return Side()
            name, version = f"tried {recipe.digest()} {entry.id}", self.volumes.version(entry)
            return Side(None, self._kept(name, version, lambda: tried_in(recipe, self.volumes.path(entry))))

        return _told(place, How.TRIED, tried, entries)

    def _made(
        self, place: int, entries: Sequence[VolumeEntry], recipe: Recipe | None, made: VolumeFolder | None
    ) -> Told:
        def of_made(entry: VolumeEntry) -> Side:
            if recipe is None or made is None:
                return Side()
            return Side(None, self._quantiles(made, f"{recipe.digest()} ", entry))

        return _told(place, How.MADE, of_made, entries)

    def _quantiles(self, folder: VolumeFolder, of: str, entry: VolumeEntry) -> tuple[float, ...]:
        return self._kept(f"{of}{entry.id}", folder.version(entry), lambda: quantiles_in(folder.path(entry)))

    def _kept(self, name: str, version: str, measure: Callable[[], tuple[float, ...]]) -> tuple[float, ...]:
        known = self.cache.get(name, version)
        if known is None:
            known = measure()
            self.cache.put(name, version, known)
        return known


def in_turn(entries: Sequence[VolumeEntry]) -> list[int]:
    """The places of `entries`, one of each scanner after the other, so that what is measured first says something of all."""
    of_scanner: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        of_scanner[entry.modality, entry.scanner].append(place)
    return [place for place in chain.from_iterable(zip_longest(*of_scanner.values())) if place is not None]


def _tried(entries: Sequence[VolumeEntry], order: Sequence[int]) -> set[int]:
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    chosen: set[int] = set()
    for place in order:
        scanner = entries[place].modality, entries[place].scanner
        if len(chosen) < MOST_TRIED and counts[scanner] < TRIED_OF_A_SCANNER:
            counts[scanner] += 1
            chosen.add(place)
    return chosen


def _told(place: int, how: How, measure: Callable[[VolumeEntry], Side], entries: Sequence[VolumeEntry]) -> Told:
    """What `measure` says of a volume, or why it can't."""
    after = how not in (How.HEADER, How.VOXELS)
    try:
        return Told(place, after, measure(entries[place]), how)
    except CcdsError as error:
        return Told(place, after, Side(), how, str(error))
    except MemoryError:
        return Told(
            place, after, Side(), how, "expected memory for the volume; found too little; take a larger session"
        )
