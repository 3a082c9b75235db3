"""Which steps of a recipe are not sensible for a modality, or look like a slip. Advice only: whoever knows better goes on."""

from __future__ import annotations

from ccds_kernel.normalization.recipe import Recipe


def advice(recipe: Recipe, modality: str) -> tuple[tuple[int, str], ...]:
    """For each step that isn't sensible for images of `modality`, or for any, its place, from 1, and why, with what to do.

    Args:
        recipe: its order counts: z_score after a window is sensible for CT.
        modality: as DICOM writes it (CT, MR, PT); empty where it isn't known: slips alone are told then.
    """
    found: list[tuple[int, str]] = []
    native = True
    for place, step in enumerate(recipe.steps, 1):
        line = step.slip() or (step.advice(modality, native=native) if modality else None)
        if line:
            found.append((place, line))
        native = native and not step.maps
    return tuple(found)


def depends_on_modality(recipe: Recipe) -> bool:
    """Whether there is a modality for which something would be said of `recipe` that isn't said of all."""
    of_all = advice(recipe, "")
    return any(advice(recipe, one) != of_all for one in ("CT", "MR", "PT"))
