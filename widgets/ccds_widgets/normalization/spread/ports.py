"""What the cohort view needs of the project, as values and small protocols: no files, no threads in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.spread import Side
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.normalization.saved_recipes import SavedRecipe


class How(StrEnum):
    """Where what is told of a volume comes from.

    Members:
        HEADER: the header of the converted volume.
        VOXELS: the voxels of the converted volume.
        MADE: the volume that a run has made by the recipe.
        PLANNED: the header of the converted volume, and what the recipe's steps say that they make of such a grid.
        TRIED: the recipe, tried on a coarse copy.
    """

    HEADER = "header"
    VOXELS = "voxels"
    MADE = "made"
    PLANNED = "planned"
    TRIED = "tried"


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was measured.

    Args:
        volume: its place among the entries.
        after: whether it is of the volume after the recipe.
        side: what is new of it; the rest is as it was told before.
        how: where it comes from.
        error: why it couldn't be measured, one line; else empty.
    """

    volume: int
    after: bool
    side: Side
    how: How
    error: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured.

    Args:
        steps: measures one thing when it is asked for the next.
        total: how many there are.
        made: how many of the volumes a run has made by the recipe.
        tried: on how many of the others the recipe is tried.
    """

    steps: Iterator[Told]
    total: int
    made: int
    tried: int


class Cohort(Protocol):
    """A project's volumes and a person's recipes."""

    def entries(self) -> Sequence[VolumeEntry]:
        """Every volume that is there now.

        Raises:
            CcdsError: they can't be listed.
        """

    def recipes(self) -> Sequence[SavedRecipe]:
        """The person's saved recipes that can be read, by file."""

    def plan(self, entries: Sequence[VolumeEntry], recipe: Recipe | None) -> Plan:
        """What is to be measured of `entries`; nothing is read yet but which volumes a run has made."""
