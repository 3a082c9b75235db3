"""The demo hospital's five CT scanners: invented makers and models, each with its own habits.

They differ as real ones do: matrix, spacing and number of slices (64 to 96 voxels along every axis, so that a volume is
small enough for a laptop), noise, sharpness, a small offset of the Hounsfield scale, how values are stored, which way the
slices run, and whether the images are reformatted at an angle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ccds_kernel.errors import CcdsError


@dataclass(frozen=True, slots=True)
class Scanner:
    """One machine and its head protocol.

    Args:
        manufacturer: invented.
        model: invented.
        software: its version at the beginning of the demo's year.
        kernel: name of the reconstruction filter.
        station: synthetic station name.
        matrix: rows, and columns, of a slice.
        pixel_mm: spacing of rows and columns.
        slice_mm: thickness of a slice and distance of the next one.
        slices: how many there are.
        noise_hu: standard deviation of the noise.
        smoothness: share of a neighbour in the noise, 0 (white) to 1.
        offset_hu: what it adds to every value.
        intercept: stored value 0 in HU.
        angle_deg: tilt of the slices about the left-right axis, chin down, with the slice normal kept.
        head_first: whether instance 1 is the uppermost slice.
        kvp: tube voltage in kV.
        update: from which day on which other version runs; None if none was installed in that year.
    """

    manufacturer: str
    model: str
    software: str
    kernel: str
    station: str
    matrix: int
    pixel_mm: float
    slice_mm: float
    slices: int
    noise_hu: float
    smoothness: float
    offset_hu: float
    intercept: int
    angle_deg: float
    head_first: bool
    kvp: int
    update: tuple[date, str] | None = None

    def __post_init__(self) -> None:
        if min(self.matrix, self.pixel_mm, self.slice_mm, self.slices, self.noise_hu) <= 0:
            raise CcdsError(
                expected="a scanner with matrix, spacing, slices and noise above zero",
                found=f"{self.matrix} rows, {self.pixel_mm} mm, {self.slice_mm} mm, {self.slices} slices, {self.noise_hu} HU",
                do="correct the scanner's row in scanners.py",
            )

    def software_on(self, day: date) -> str:
        """The version that ran on `day`."""
        return self.update[1] if self.update and day >= self.update[0] else self.software


SCANNERS = (
    Scanner("Example Imaging", "Example CT 1", "EX1 4.2.1", "Head Soft 30", "DEMOCT1",
            80, 2.7, 2.0, 80, 4.0, 0.5, 0.0, -1024, 0.0, False, 120),
    Scanner("Example Imaging", "Example CT 2", "EX2 7.0.3", "Head Soft 31", "DEMOCT2",
            96, 2.2, 1.6, 96, 5.0, 0.4, 1.0, -1024, 12.0, True, 120),
    Scanner("Sample Scanners", "Sample Scan 64", "19.1.SS", "UB-Brain", "DEMOCT3",
            72, 2.9, 2.2, 72, 4.4, 0.6, -1.5, 0, 0.0, True, 120),
    Scanner("Sample Scanners", "Sample Scan ER", "20.4.SS", "UB-Sharp", "DEMOCT4",
            64, 3.3, 2.5, 64, 5.6, 0.1, 2.0, 0, 0.0, False, 140, (date(2024, 9, 1), "21.0.SS")),
    Scanner("Demo Devices", "Demo Mobile 8", "1.0.9", "Standard", "DEMOCT5",
            88, 2.4, 2.5, 64, 7.0, 0.2, -3.0, -1024, 7.0, False, 120),
)  # fmt: skip
"""In the order of `Case.scanner`."""
