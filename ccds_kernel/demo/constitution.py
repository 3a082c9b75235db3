"""How one person's head differs from another's: drawn once per patient, so that a follow-up shows the same head.

What varies is what makes a bright voxel a poor sign of hemorrhage: how dense gray matter is and how dense the blood in the
sinuses (both go with hemoglobin and age), how thick falx and tentorium are, how much of a plexus is calcified.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.demo.chance import Draw

WAVES = 5
Wave = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Constitution:
    """One person's head.

    Args:
        size: of the head, 1 the usual one.
        skull_mm: thickness of the skull.
        ventricles: width of the ventricles, 1 the usual one.
        muscle_hu: attenuation of scalp and muscle.
        gray_hu: attenuation of gray matter.
        white_hu: of white matter.
        vessel_hu: of flowing blood, in sinuses and arteries.
        dura_hu: of falx and tentorium.
        dura_mm: thickness of falx and tentorium.
        sinuses: width of the venous sinuses, 1 the usual one.
        calcium: size of calcifications, 1 the usual one.
        waves: the folds' waves: wave vector in radians per mm (three numbers) and phase.
    """

    size: float
    skull_mm: float
    ventricles: float
    muscle_hu: float
    gray_hu: float
    white_hu: float
    vessel_hu: float
    dura_hu: float
    dura_mm: float
    sinuses: float
    calcium: float
    waves: tuple[Wave, ...]


def constitution(draw: Draw) -> Constitution:
    """A person's head, all of it from `draw`."""
    gray = draw.uniform(33, 43)
    return Constitution(
        size=draw.uniform(0.95, 1.04),
        skull_mm=draw.uniform(5.0, 7.5),
        ventricles=draw.uniform(0.85, 1.05),
        muscle_hu=draw.uniform(44, 64),
        gray_hu=gray,
        white_hu=gray - draw.uniform(8, 12),
        vessel_hu=draw.uniform(42, 72),
        dura_hu=draw.uniform(50, 75),
        dura_mm=draw.uniform(0.5, 3.5),
        sinuses=draw.uniform(0.7, 1.7),
        calcium=draw.uniform(0.7, 1.6),
        waves=tuple(_wave(draw) for _ in range(WAVES)),
    )


def _wave(draw: Draw) -> Wave:
    wave = draw.generator.normal(size=3)
    x, y, z = (float(part) for part in wave * (2 * 3.1416 / (draw.uniform(20, 34) * float((wave**2).sum() ** 0.5))))
    return (x, y, z, draw.uniform(0, 6.28))
