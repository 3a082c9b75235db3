"""Hemorrhage in the head: crescents, lenses, clots, and blood where fluid should be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ccds_kernel.demo.case import Bleed, Case, Side
from ccds_kernel.demo.shapes import Canvas, Field, Grid, Triple

SIGN: Mapping[Side, int] = {"left": 1, "right": -1}

# Where a site's middle lies on the left, as a direction from the head's centre, for what hugs the skull.
DIRECTIONS: Mapping[str, Triple] = {
    "frontal": (0.65, -0.65, 0.4),
    "frontoparietal": (0.8, -0.1, 0.55),
    "frontotemporal": (0.9, -0.4, 0.1),
    "parietal": (0.7, 0.45, 0.55),
    "temporoparietal": (0.9, 0.4, 0.15),
    "temporal": (0.95, -0.1, -0.1),
}
# And in millimetres, for what lies in the brain.
PLACES: Mapping[str, Triple] = {
    "basal ganglia": (26, -3, 5),
    "thalamus": (13, 12, 6),
    "frontal lobe": (30, -45, 20),
    "parietal lobe": (36, 30, 38),
    "temporal lobe": (46, -4, -16),
    "occipital lobe": (26, 56, 10),
    "sylvian fissure": (50, -12, 0),
    "frontal sulci": (36, -44, 36),
    "parietal sulci": (40, 28, 46),
    "temporal sulci": (54, 8, -4),
}
MIDLINE_MM = 4.0
"""Nearer to the midline than this nothing belongs to one side."""
SUBDURAL_SPREAD, EPIDURAL_SPREAD = 0.6, 0.42
"""Half width of a collection as an angle from the head's centre, in radians."""


def paint_bleeds(case: Case, canvas: Canvas, inside: Field, *, fluid: Field, ventricles: Field, folds: Field) -> Field:
    """Paints every hemorrhage of `case`; gives each voxel's share of fresh blood.

    Args:
        case: the truth.
        canvas: the contents of the skull.
        inside: distance from the inner table in mm, positive inside.
        fluid: share of cerebrospinal fluid in sulci and fissures.
        ventricles: share of it in the ventricles.
        folds: a smooth field about zero that makes a clot's edge uneven.
    """
    blood: Field = np.zeros_like(inside)
    for bleed in case.bleeds:
        if bleed.kind in ("subdural", "epidural"):
            share = crescent(canvas.grid, bleed, inside)
        elif bleed.kind == "subarachnoid":
            # Blood widens the sulci that it fills.
            sulci = np.clip((0.4 - np.abs(folds)) * 4, 0, 1) * canvas.grid.soft(15 - inside)
            share = _around(canvas.grid, bleed, 10 + 3.5 * bleed.size_mm) * np.clip(
                np.maximum(1.5 * fluid, sulci), 0, 1
            )
        elif bleed.kind == "intraventricular":
            level = np.float32(SIGN[bleed.side]) * canvas.grid.x
            share = ventricles * (level > MIDLINE_MM) * canvas.grid.soft(canvas.grid.y - 58 + 3 * bleed.size_mm)
        else:
            share = _clot(canvas, bleed, folds)
        canvas.paint(share, bleed.density_hu)
        if bleed.stage == "mixed":
            front = np.float32(DIRECTIONS[bleed.site][1] * 80 - 8)  # the older, thinner blood rises
            older = share * canvas.grid.soft(front - canvas.grid.y)
            canvas.paint(older, 22)
            share = share - older
        blood = np.maximum(blood, share)
    return blood


def paint_collection(case: Case, canvas: Canvas, inside: Field) -> None:
    """Paints a chronic collection: a crescent without fresh blood."""
    side = case.side_of("chronic_collection")
    if side:
        old = Bleed("subdural", side, "frontoparietal", 10, "subacute", 40)
        canvas.paint(crescent(canvas.grid, old, inside), 13)


def crescent(grid: Grid, bleed: Bleed, inside: Field) -> Field:
    """The share filled by a collection under the skull, thickest at its site, thinning to nothing at its rim."""
    spread = SUBDURAL_SPREAD if bleed.kind == "subdural" else EPIDURAL_SPREAD
    direction = np.array(DIRECTIONS[bleed.site], np.float32)
    direction /= np.linalg.norm(direction)
    x, y, z = np.float32(SIGN[bleed.side]) * grid.x / 72, grid.y / 91, grid.z / 86
    length = np.sqrt(x * x + y * y + z * z) + np.float32(1e-3)
    angle = np.arccos(np.clip((direction[0] * x + direction[1] * y + direction[2] * z) / length, -1, 1))
    thickness = np.float32(bleed.size_mm) * (1 - (angle / np.float32(spread)) ** 2)
    share: Field = grid.soft(thickness - inside) * (angle < spread) * (x > 0.02)  # noqa: PLR2004 - stays on its side of the falx
    return share


def _around(grid: Grid, bleed: Bleed, reach_mm: float) -> Field:
    x, y, z = PLACES[bleed.site]
    return grid.soft(grid.depth((SIGN[bleed.side] * x, y, z), (0.6 * reach_mm, reach_mm, 0.8 * reach_mm)))


def _clot(canvas: Canvas, bleed: Bleed, folds: Field) -> Field:
    """Paints the edema around a clot in the brain; gives the clot's share."""
    x, y, z = PLACES[bleed.site]
    centre = (SIGN[bleed.side] * x, y, z)
    half = bleed.size_mm / 2
    depth = canvas.grid.depth(centre, (0.8 * half, half, 0.8 * half)) + folds * np.float32(0.15 * half)
    canvas.paint(canvas.grid.soft(depth + np.float32(min(6.0, 0.25 * half + 1))) * np.float32(0.8), 20)
    return canvas.grid.soft(depth)
