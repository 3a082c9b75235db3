"""A head as a CT sees it, from simple shapes: skull, brain, ventricles, falx, sinuses, and what the case adds.

It is to look plausible at 64 to 96 voxels an axis, not to be a reference phantom (those are large files, and show no
disease). Typical attenuations in Hounsfield units: air -1000, fat -90, cerebrospinal fluid 6, white matter 28, gray matter
38, fresh blood 52 to 72, bone 300 to 1200.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ccds_kernel.demo.bleeding import SIGN, paint_bleeds, paint_collection
from ccds_kernel.demo.case import Case, Incidental
from ccds_kernel.demo.constitution import Constitution
from ccds_kernel.demo.shapes import Canvas, Field, Grid, Triple

SKULL_MM = (72.0, 91.0, 86.0)
"""Half lengths of the outer table."""
AIR, FAT, CSF, BONE = -1000.0, -90.0, 6.0, 950.0
NAPE_MM, BACK_MM, TENTORIUM_MM = 45.0, 10.0, -15.0
"""Behind the first the headrest begins, behind the second the venous sinus; below the third there are no sulci."""


@dataclass(frozen=True, eq=False)
class Head:
    """A head without noise; all of the grid's shape.

    Args:
        hu: attenuation in Hounsfield units.
        blood: share of each voxel that is fresh blood within the skull.
        inside: distance from the inner table of the skull in mm, positive inside.
    """

    hu: Field
    blood: Field
    inside: Field


def head(case: Case, grid: Grid, person: Constitution) -> Head:
    """The head of `person` with what the case says.

    Args:
        case: what is in it.
        grid: in coordinates of the head.
        person: whose head it is.
    """
    outside = grid.depth((0, 0, 0), SKULL_MM)
    thick = np.float32(person.skull_mm)
    floor = grid.z - _skull_base(grid)
    inside = np.minimum(outside - thick, floor)

    canvas = _outer(case, grid, outside, person)
    above = grid.soft(floor + np.float32(6))
    shell = grid.soft(outside) * (1 - grid.soft(outside - thick)) * above
    canvas.paint(shell, BONE)
    plate = grid.soft(floor + np.float32(2.5)) * (1 - grid.soft(floor)) * grid.soft(outside - thick)
    canvas.paint(plate * np.float32(0.5), BONE)
    within = grid.soft(inside)
    contents, blood = _intracranial(case, _shifted(case, grid), inside, person)
    canvas.hu += within * (contents - canvas.hu)
    _skull_base_bones(case, canvas)
    return Head(canvas.hu, blood * within, inside)


def _skull_base(grid: Grid) -> Field:
    """Height of the floor of the skull in mm: frontal fossa high, middle lower, posterior lowest."""
    middle = 1 / (1 + np.exp(-(grid.y + 32) / 4))
    posterior = 1 / (1 + np.exp(-(grid.y - 12) / 4))
    side, back = np.abs(grid.x), (grid.y - 42) / 44
    roofs = 8 * np.exp(-(((side - 31) / 15) ** 2)) * (1 - middle)
    sella_and_rim = (12 * np.exp(-((grid.x / 13) ** 2)) + 12 * (side / 62) ** 2) * middle * (1 - posterior)
    bowl = 16 * ((side / 52) ** 2 + back**2) * posterior
    floor: Field = -22 - 26 * middle - 18 * posterior + roofs + sella_and_rim + bowl
    return floor


def _shifted(case: Case, grid: Grid) -> Grid:
    """The grid as the pushed brain sees it: the midline bends away from the largest hemorrhage."""
    if not case.bleeds:
        return grid
    worst = max(case.bleeds, key=lambda bleed: bleed.shift_mm)
    weight = np.exp(-(grid.x**2 / 3200 + grid.y**2 / 4000 + (grid.z - 10) ** 2 / 4000))
    return Grid(grid.x + np.float32(SIGN[worst.side] * worst.shift_mm) * weight, grid.y, grid.z, grid.edge_mm)


def _outer(case: Case, grid: Grid, outside: Field, person: Constitution) -> Canvas:
    """Air, headrest, scalp and face."""
    canvas = Canvas(grid, AIR)
    rest = grid.depth((0, -6, 0), (94, 116, 400))
    canvas.paint(grid.soft(3 - np.abs(rest)) * (grid.y > NAPE_MM), -750)
    skin = outside + np.float32(6)
    face = np.minimum(grid.depth((0, -4, -60), (63, 86, 400)), -22 - grid.z)
    body = grid.soft(np.maximum(skin, face))
    canvas.paint(body, 15)
    canvas.paint(grid.soft(np.maximum(skin - 2, face - 3)), FAT * 0.5)
    canvas.paint(grid.soft(np.maximum(skin - 4, face - 7)), person.muscle_hu)
    side = case.side_of("scalp_hematoma")
    if side:
        lump = grid.soft(grid.depth((SIGN[side] * 58, -48, 28), (18, 18, 22)))
        canvas.paint(lump * (1 - grid.soft(outside)), 58)
    return canvas


def _intracranial(case: Case, grid: Grid, inside: Field, person: Constitution) -> tuple[Field, Field]:
    """What fills the skull, in HU, and its share of fresh blood; outside of the skull the values mean nothing."""
    old = case.side_of("atrophy") is not None
    folds = _folds(grid, person)
    canvas = Canvas(grid, person.white_hu)
    canvas.paint(grid.soft(8 + 4 * folds - inside), person.gray_hu)
    _deep_gray(canvas, person.gray_hu)
    _low_density(case, canvas)
    rim = grid.soft((2.5 if old else 0.8) - inside)
    sulci = np.clip((0.32 if old else 0.26) - np.abs(folds), 0, 1) * (4.5 if old else 3.5)
    fluid = np.maximum(rim, np.clip(sulci, 0, 1) * grid.soft((17 if old else 12) - inside) * (grid.z > TENTORIUM_MM))
    gap = grid.soft((2.4 if old else 1.2) - np.abs(grid.x)) * (_falx_region(grid, inside))
    fissures = Canvas(grid, 0)
    fissures.pair(0.8, (50, -12, 0), (13, 3.5 + 2 * old, 13), -12)
    fluid = np.maximum(np.maximum(fluid, fissures.hu), gap)
    canvas.paint(fluid, CSF)
    ventricles = _ventricles(grid, person.ventricles + 0.4 * old)
    canvas.paint(ventricles, CSF)
    _dura(canvas, inside, person)
    paint_collection(case, canvas, inside)
    blood = paint_bleeds(case, canvas, inside, fluid=fluid, ventricles=ventricles, folds=folds)
    _vessels(case, canvas, inside, person)
    _bright(case, canvas, person)
    return canvas.hu, blood


def _folds(grid: Grid, person: Constitution) -> Field:
    """A smooth field about zero whose zero surfaces serve as sulci."""
    field = np.zeros(grid.x.shape, np.float32)
    for wave in person.waves:
        a, b, c, phase = (np.float32(part) for part in wave)
        field += np.cos(a * grid.x + b * grid.y + c * grid.z + phase)
    return field / np.float32(2)


def _falx_region(grid: Grid, inside: Field) -> Field:
    """Where the falx is: near the midline's vault, not in the depth nor below the tentorium."""
    return grid.soft(np.float32(34) - inside) * grid.soft(grid.z + 2)


def _dura(canvas: Canvas, inside: Field, person: Constitution) -> None:
    """Falx and tentorium, which are as dense as blood."""
    grid = canvas.grid
    canvas.paint(grid.sheet(grid.x, person.dura_mm) * _falx_region(grid, inside), person.dura_hu)
    height = grid.z - (np.float32(8) - np.abs(grid.x) * np.float32(0.42))  # a tent: high in the middle
    behind = grid.soft(grid.y - np.float32(18))
    canvas.paint(grid.sheet(height, person.dura_mm) * behind, person.dura_hu)


def _deep_gray(canvas: Canvas, gray_hu: float) -> None:
    canvas.pair(gray_hu, (24, -4, 4), (8, 16, 11), -12)  # lentiform nucleus
    canvas.pair(gray_hu, (12, -17, 12), (5, 9, 9))  # caudate head
    canvas.pair(gray_hu - 1, (11, 11, 6), (8, 13, 9))  # thalamus
    canvas.pair(gray_hu, (24, 42, -38), (28, 26, 20))  # cerebellum
    canvas.ellipsoid(gray_hu - 6, (0, 16, -36), (13, 12, 24))  # brainstem


def _ventricles(grid: Grid, width: float) -> Field:
    """Their filled share; cisterns included."""
    canvas = Canvas(grid, 0)
    canvas.pair(1, (9 * width, -21, 13), (5 * width, 15 * width, 9 * width), 14)
    canvas.pair(1, (10 * width, 0, 22), (5.5 * width, 24, 6 * width))
    canvas.pair(1, (21, 29, 12), (6.5 * width, 13 * width, 10 * width), -22)
    canvas.pair(1, (23, 47, 6), (4 * width, 11, 5 * width), 6)
    canvas.ellipsoid(1, (0, 3, -1), (2.2 * width, 13, 10))
    canvas.ellipsoid(1, (0, 36, -38), (7 * width, 5.5, 8))
    canvas.ellipsoid(1, (0, -8, -24), (12, 10, 7))
    canvas.ellipsoid(1, (0, 28, -8), (12 * width, 4, 7))
    return canvas.hu


def _low_density(case: Case, canvas: Canvas) -> None:
    """Old and new ischemia, edema."""
    if case.side_of("white_matter"):
        canvas.pair(20, (14, -34, 14), (9, 10, 10))
        canvas.pair(20, (24, 36, 15), (11, 15, 12))
    spots: tuple[tuple[Incidental, float, Triple, Triple, float], ...] = (
        ("lacune", 12, (19, -6, 8), (4.5, 5.5, 4.5), 1.0),
        ("old_infarct", 10, (38, 48, 22), (15, 17, 18), 0.9),
        ("old_hemorrhage", 12, (30, -2, 4), (3.5, 13, 9), 0.9),
        ("acute_infarct", 23, (46, -8, 14), (20, 30, 24), 0.85),
        ("metastasis", 18, (32, -30, 32), (18, 20, 17), 0.9),
    )
    for kind, value, (x, y, z), axes, share in spots:
        side = case.side_of(kind)
        if side:
            canvas.ellipsoid(value, (SIGN[side] * x, y, z), axes, share=share)


def _vessels(case: Case, canvas: Canvas, inside: Field, person: Constitution) -> None:
    """Venous sinuses and arteries, as dense as the person's blood, brighter with contrast medium."""
    grid, wide = canvas.grid, person.sinuses
    if case.contrast:
        canvas.hu += np.float32(3)
    density = person.vessel_hu + (80 if case.contrast else 0)
    lengthwise = grid.soft(np.float32(3 * wide) - np.abs(grid.x)) * grid.soft(np.float32(7 * wide) - inside)
    canvas.paint(lengthwise * (grid.y > BACK_MM) * (grid.z > TENTORIUM_MM), density)
    across = grid.soft(np.float32(4 * wide) - np.abs(grid.z - TENTORIUM_MM)) * grid.soft(np.float32(7 * wide) - inside)
    canvas.paint(across * grid.soft(grid.y - np.float32(22)), density)
    canvas.pair(density, (22, -12, -20), (13, 1.4 * wide, 1.4 * wide), -10)
    canvas.ellipsoid(density, (0, 2, -18), (1.8 * wide, 1.8 * wide, 9))
    canvas.ellipsoid(density, (0, 40, 4), (2.2 * wide, 16, 2.2 * wide))


def _bright(case: Case, canvas: Canvas, person: Constitution) -> None:
    """Calcium and look-alikes: what is bright and no hemorrhage."""
    size = person.calcium
    if case.side_of("falx_calcification"):
        canvas.ellipsoid(260, (0, -38, 48), (1.8 * size, 7 * size, 6 * size))
    if case.side_of("choroid_calcification"):
        canvas.pair(150, (21, 31, 10), (3 * size, 4 * size, 3.5 * size))
        canvas.ellipsoid(140, (0, 24, -3), (2.5 * size, 2.5 * size, 2.5 * size))
    if case.side_of("atherosclerosis"):
        canvas.pair(240, (12, -14, -31), (2.5, 4, 3))
    one_sided: tuple[tuple[Incidental, float, Triple, Triple], ...] = (
        ("ganglia_calcification", 120, (21, -4, 2), (2.4 * size, 3 * size, 2.6 * size)),
        ("acute_infarct", 58, (24, -14, -18), (11, 1.8, 1.8)),
        ("artifact", 54, (38, 42, -16), (17, 3.5, 3)),
        ("metastasis", 62, (32, -30, 32), (8, 8, 8)),
        ("metastasis", 32, (32, -30, 32), (4, 4, 4)),
    )
    for kind, value, (x, y, z), axes in one_sided:
        side = case.side_of(kind)
        if side:
            canvas.ellipsoid(value, (SIGN[side] * x, y, z), axes)


def _skull_base_bones(case: Case, canvas: Canvas) -> None:
    """Petrous bones, sella, orbits and the air-filled spaces."""
    canvas.pair(900, (38, 12, -46), (25, 8, 7), 28)
    canvas.ellipsoid(500, (0, 0, -44), (11, 9, 12))
    canvas.pair(-350, (57, 25, -50), (8, 10, 9))
    canvas.ellipsoid(20 if case.side_of("sinus_fluid") else -850, (0, -20, -46), (13, 11, 9))
    canvas.pair(-60, (31, -62, -40), (17, 22, 15))
    canvas.pair(12, (31, -71, -40), (12, 12, 12))
    canvas.pair(40, (24, -48, -40), (2.5, 14, 3), 14)
    canvas.pair(700, (49, -56, -40), (3, 16, 14), 10)
    canvas.ellipsoid(-550, (0, -60, -42), (11, 22, 12))
    canvas.ellipsoid(-750, (0, -84, -14), (13, 3.5, 8))
    canvas.pair(-850, (28, -56, -66), (14, 16, 12))
