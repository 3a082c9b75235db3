"""What is said of a recipe before it is run over volumes: which of its steps aren't sensible for which of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ccds_kernel.normalization.advice import advice
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.volume_folder import modality_beside


@dataclass(frozen=True, slots=True)
class Advised:
    """A step that isn't sensible for volumes of one modality.

    Args:
        modality: as DICOM writes it; empty for volumes whose sidecar doesn't say.
        volumes: how many of them are to be normalized.
        step: its place in the recipe, from 1.
        advice: why it isn't sensible, and what to do instead.
    """

    modality: str
    volumes: int
    step: int
    advice: str

    def __str__(self) -> str:
        """One line."""
        of = f" {self.modality}" if self.modality else ""
        return f"step {self.step} for {self.volumes}{of} volume{'s' if self.volumes != 1 else ''}: {self.advice}"


def advised(recipe: Recipe, volumes: Iterable[Path]) -> tuple[Advised, ...]:
    """What is to be said of `recipe`, by modality as the sidecars beside the files `volumes` have it."""
    modalities = Counter(modality_beside(path) for path in volumes)
    return tuple(
        Advised(modality, count, place, line)
        for modality, count in sorted(modalities.items())
        for place, line in advice(recipe, modality)
    )
