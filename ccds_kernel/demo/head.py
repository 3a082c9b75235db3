"""A head as a CT sees it, from simple shapes: skull, brain, ventricles, falx, sinuses, and what the case adds.

It is to look plausible at 64×64, not to be a reference phantom (those are large files, and show no disease). Typical
attenuations in Hounsfield units: air -1000, fat -90, cerebrospinal fluid 6, white matter 26, gray matter 37, fresh blood 58
to 76, bone 300 to 1200.
"""

from __future__ import annotations

import numpy as np

from ccds_kernel.demo.bleeding import SIGN, paint_bleeds, paint_collection
from ccds_kernel.demo.case import Case, Incidental
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.shapes import Canvas, Field, Grid, Triple

SKULL_MM = (72.0, 91.0, 86.0)
"""Half lengths of the outer table."""
AIR, FAT, CSF, WHITE, GRAY, MUSCLE, BONE = -1000.0, -90.0, 6.0, 26.0, 37.0, 50.0, 950.0
NAPE_MM, BACK_MM, TENTORIUM_MM = 45.0, 10.0, -15.0
"""Behind the first the headrest begins, behind the second the venous sinus; below the third there are no sulci."""


def head(case: Case, grid: Grid, draw: Draw) -> Field:
    """The head of `case` without noise, in HU, of the grid's shape.

    Args:
        case: what is in it.
        grid: in coordinates of the head.
        draw: what differs between people: thickness of the skull, folds, width of the ventricles.
    """
    outside = grid.depth((0, 0, 0), SKULL_MM)
    thick = np.float32(draw.uniform(5.0, 7.5))
    floor = grid.z - _skull_base(grid)
    inside = np.minimum(outside - thick, floor)

    canvas = _outer(case, grid, outside)
    above = grid.soft(floor + np.float32(6))
    shell = grid.soft(outside) * (1 - grid.soft(outside - thick)) * above
    canvas.paint(shell, BONE)
    plate = grid.soft(floor + np.float32(2.5)) * (1 - grid.soft(floor)) * grid.soft(outside - thick)
    canvas.paint(plate * np.float32(0.5), BONE)
    canvas.paint(grid.soft(inside), 0)
    canvas.hu += grid.soft(inside) * _intracranial(case, _shifted(case, grid), inside, draw)
    _skull_base_bones(case, canvas)
    return canvas.hu


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


def _outer(case: Case, grid: Grid, outside: Field) -> Canvas:
    """Air, headrest, scalp and face."""
    canvas = Canvas(grid, AIR)
    rest = grid.depth((0, -6, 0), (94, 116, 400))
    canvas.paint(grid.soft(3 - np.abs(rest)) * (grid.y > NAPE_MM), -750)
    skin = outside + np.float32(6)
    face = np.minimum(grid.depth((0, -4, -60), (63, 86, 400)), -22 - grid.z)
    body = grid.soft(np.maximum(skin, face))
    canvas.paint(body, 15)
    canvas.paint(grid.soft(np.maximum(skin - 2, face - 3)), FAT * 0.5)
    canvas.paint(grid.soft(np.maximum(skin - 4, face - 7)), MUSCLE)
    side = case.side_of("scalp_hematoma")
    if side:
        lump = grid.soft(grid.depth((SIGN[side] * 58, -48, 28), (18, 18, 22)))
        canvas.paint(lump * (1 - grid.soft(outside)), 58)
    return canvas


def _intracranial(case: Case, grid: Grid, inside: Field, draw: Draw) -> Field:
    """What fills the skull, in HU; outside of it the values mean nothing."""
    old = case.side_of("atrophy") is not None
    folds = _folds(grid, draw)
    canvas = Canvas(grid, WHITE)
    canvas.paint(grid.soft(8 + 4 * folds - inside), GRAY)
    _deep_gray(canvas)
    _low_density(case, canvas)
    rim = grid.soft((2.5 if old else 0.8) - inside)
    sulci = np.clip((0.32 if old else 0.26) - np.abs(folds), 0, 1) * (4.5 if old else 3.5)
    fluid = np.maximum(rim, np.clip(sulci, 0, 1) * grid.soft((17 if old else 12) - inside) * (grid.z > TENTORIUM_MM))
    gap = grid.soft((2.4 if old else 1.2) - np.abs(grid.x)) * (_falx_region(grid, inside))
    fissure = np.maximum(*(grid.soft(grid.depth((s * 50, -12, 0), (13, 3.5 + 2 * old, 13), s * -12)) for s in (1, -1)))
    fluid = np.maximum(np.maximum(fluid, fissure * np.float32(0.8)), gap)
    canvas.paint(fluid, CSF)
    ventricles = _ventricles(grid, draw.uniform(0.85, 1.05) + 0.4 * old)
    canvas.paint(ventricles, CSF)
    canvas.paint(grid.soft(0.1 - np.abs(grid.x)) * _falx_region(grid, inside), 62)
    paint_collection(case, canvas, inside)
    paint_bleeds(case, canvas, inside, fluid=fluid, ventricles=ventricles, folds=folds)
    _bright(case, canvas, inside)
    return canvas.hu


def _folds(grid: Grid, draw: Draw) -> Field:
    """A smooth random field about zero whose zero surfaces serve as sulci."""
    field = np.zeros(grid.x.shape, np.float32)
    for _ in range(5):
        wave = draw.generator.normal(size=3)
        wave *= 2 * np.pi / (draw.uniform(20, 34) * np.linalg.norm(wave))
        a, b, c = (np.float32(part) for part in wave)
        field += np.cos(a * grid.x + b * grid.y + c * grid.z + np.float32(draw.uniform(0, 6.3)))
    return field / np.float32(2)


def _falx_region(grid: Grid, inside: Field) -> Field:
    """Where the falx is: near the midline's vault, not in the depth nor below the tentorium."""
    return grid.soft(np.float32(34) - inside) * grid.soft(grid.z + 2)


def _deep_gray(canvas: Canvas) -> None:
    canvas.pair(GRAY, (24, -4, 4), (8, 16, 11), -12)  # lentiform nucleus
    canvas.pair(GRAY, (12, -17, 12), (5, 9, 9))  # caudate head
    canvas.pair(GRAY - 1, (11, 11, 6), (8, 13, 9))  # thalamus
    canvas.pair(GRAY, (24, 42, -38), (28, 26, 20))  # cerebellum
    canvas.ellipsoid(31, (0, 16, -36), (13, 12, 24))  # brainstem


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


def _bright(case: Case, canvas: Canvas, inside: Field) -> None:
    """Calcium, contrast medium and look-alikes: what is bright and no hemorrhage."""
    grid = canvas.grid
    sinus = grid.soft(3 - np.abs(grid.x)) * grid.soft(7 - inside) * (grid.y > BACK_MM) * (grid.z > TENTORIUM_MM)
    canvas.paint(sinus, 130 if case.contrast else 50)
    if case.contrast:
        canvas.hu += np.float32(3)
        canvas.pair(140, (22, -12, -20), (13, 2, 2), -10)
        canvas.ellipsoid(140, (0, -20, -18), (3, 8, 3))
    if case.side_of("falx_calcification"):
        canvas.ellipsoid(260, (0, -38, 48), (1.8, 7, 6))
    if case.side_of("choroid_calcification"):
        canvas.pair(150, (21, 31, 10), (3, 4, 3.5))
        canvas.ellipsoid(140, (0, 24, -3), (2.5, 2.5, 2.5))
    if case.side_of("atherosclerosis"):
        canvas.pair(240, (12, -14, -31), (2.5, 4, 3))
    one_sided: tuple[tuple[Incidental, float, Triple, Triple], ...] = (
        ("ganglia_calcification", 120, (21, -4, 2), (2.4, 3, 2.6)),
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
