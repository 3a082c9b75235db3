"""What is decided about a series: accepted, quarantined or excluded, and why.

A reason is a stable code and one line for a person, written "code: line". The codes are those of `REASONS`, the only list
of them: a new check adds its code there. Neither code nor line holds patient text, a UID or a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Status(StrEnum):
    """The three verdicts."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    EXCLUDED = "excluded"


REASONS = {
    # excluded: nothing is wrong, the series is just no volume
    "not-an-image": "structured report, presentation state, key object selection, contours, document: no pixels of its own",
    "secondary-capture": "a screenshot, scan or report page saved as an image",
    "localizer": "a scout or localizer image",
    "not-cross-sectional": "radiograph, ultrasound, angiography and the like: no stack of slices",
    "tiled-image": "tiles of one large image, as of pathology: no stack of slices, and no pathway for it here",
    # quarantined: what the files say
    "unreadable": "a file vanished or could not be read while the series was converted",
    "truncated": "a file ends before its pixel data does",
    "unknown-encoding": "a private transfer syntax, or none: nobody but its maker can say how the pixels are written",
    "uid-conflict": "two files of one SOPInstanceUID differ: nobody can say which is right",
    "inconsistent-headers": "the files of one series disagree about something that a volume has only one of",
    "unsupported-pixels": "colour, palette, float, 1-bit or 32-bit pixels, or a non-linear modality LUT",
    "mosaic": "slices tiled into one image (Siemens mosaic) without the private header that says where they lie",
    # quarantined: where the slices lie
    "no-geometry": "position, orientation or pixel spacing is missing or impossible",
    "too-few-slices": "fewer than three slices: nothing shows that their distance is regular",
    "orientation-varies": "the slices are not parallel or are turned in their plane",
    "one-position": "every image lies at the same place: no volume",
    "several-volumes": "each position occurs several times, and nothing tells which images are of one time",
    "duplicate-slices": "some positions occur more than once, with different images",
    "gantry-tilt": "the stack is sheared: its direction is not the slices' normal",
    "positions-contradict": "the slices' SliceLocation, or a few of their numbers, contradict the order of their positions",
    "not-collinear": "slice positions stray sideways from a straight line",
    "missing-slices": "gaps are whole multiples of the slice distance",
    "irregular-spacing": "the distance between slices varies",
    # quarantined: what the conversion gave
    "conversion-failed": "dcm2niix ended without an image",
    "several-outputs": "dcm2niix made more than one image of the series",
    "geometry-mismatch": "shape or affine of the NIfTI is not what the DICOM headers say",
    "undecodable": "pydicom can't decode pixels that the check needs",
    "value-range": "pixels need more bits than BitsStored says: corrupt, or something else lies in the unused bits",
    "voxel-mismatch": "voxels of the NIfTI are not those that pydicom reads",
    "output-differs": "another image of that name is already in the output folder; it was left alone",
}
"""Code → what it means."""


PASSABLE = {
    "gantry-tilt": "the stack is put upright by interpolation",
    "irregular-spacing": "slices are put at even distances by interpolation, where their numbers show that none is missing",
    "missing-slices": "slices are put at even distances by interpolation, where their numbers show that none is missing",
    "positions-contradict": "the positions are believed",
    "value-range": "what is in the other bits is blanked, as readers do that agree",
}
"""Codes that a person may let pass for one series, and what happens then. The others are no matter of opinion."""


_ANOTHER = "choose another series"
_AGAIN = "fetch the study again; if it stays so, choose another series"

TO_DO = {
    "not-an-image": _ANOTHER,
    "secondary-capture": _ANOTHER,
    "localizer": _ANOTHER,
    "not-cross-sectional": _ANOTHER,
    "tiled-image": _ANOTHER,
    "unreadable": _AGAIN,
    "truncated": _AGAIN,
    "unknown-encoding": "have the archive send it in a standard transfer syntax, or choose another series",
    "uid-conflict": "have the archive's keepers say which copy is right and remove the other, then fetch the study again",
    "inconsistent-headers": "have the archive's keepers look which files don't belong there, or choose another series",
    "unsupported-pixels": "choose the original series, not a coloured or derived one",
    "mosaic": "fetch the series as the scanner sent it, with its private header",
    "no-geometry": "choose the original series: this one lost where its slices lie",
    "too-few-slices": _AGAIN,
    "orientation-varies": "choose a series of one orientation",
    "one-position": "choose another series: this one has no third dimension",
    "several-volumes": "have the archive's keepers split it into series, or choose another one",
    "duplicate-slices": "have the archive's keepers remove the copies, then fetch the study again",
    "gantry-tilt": "let it pass, or have it corrected in every study: “correct” in the rules",
    "positions-contradict": "compare the order of the slices with the console's; then let it pass, or choose another series",
    "not-collinear": _ANOTHER,
    "missing-slices": "fetch the study again: slices may have been lost; let it pass where none is missing",
    "irregular-spacing": "let it pass where none is missing, or have it corrected in every study: “correct” in the rules",
    "conversion-failed": "choose another series, and tell whoever runs this site",
    "several-outputs": "choose another series: this one holds several, such as echoes, under one UID",
    "geometry-mismatch": "choose another series, and tell whoever runs this site",
    "undecodable": _AGAIN,
    "value-range": "look at the picture; let it pass where it is right, else fetch the study again",
    "voxel-mismatch": "choose another series, and tell whoever runs this site",
    "output-differs": "move the older image of that name out of the project's volumes, then make volumes again",
}
"""Code → what a person can do about it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a series was not accepted.

    Args:
        code: a key of `REASONS`.
        line: one line for a person: what was seen, with figures.

    Raises:
        ValueError: unknown code, or a line that is empty or more than one.
    """

    code: str
    line: str

    def __post_init__(self) -> None:
        if self.code not in REASONS:
            raise ValueError(f"expected a code of REASONS; found {self.code!r}; add it there")
        if not self.line or "\n" in self.line:
            raise ValueError(f"expected one line for {self.code}; found {self.line!r}; say what was seen")

    def __str__(self) -> str:
        return f"{self.code}: {self.line}"


class QuarantineError(Exception):
    """A check of one series failed; the series is quarantined with `reason`, the others go on."""

    def __init__(self, code: str, line: str) -> None:
        self.reason = Reason(code, line)
        super().__init__(str(self.reason))


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """What became of one series.

    Args:
        series_uid: SeriesInstanceUID.
        modality: DICOM's code, "" where the files have none.
        status: accepted, quarantined or excluded.
        reason: None if, and only if, accepted.
        path: the .nii.gz if, and only if, accepted.
        warnings: one line each; the series was usable in spite of them.

    Raises:
        ValueError: status, reason and path don't fit together.
    """

    series_uid: str
    modality: str
    status: Status
    reason: Reason | None = None
    path: Path | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        accepted = self.status is Status.ACCEPTED
        if accepted != (self.reason is None) or accepted != (self.path is not None):
            raise ValueError(
                f"expected a path for an accepted series, else a reason; found {self.status} with reason {self.reason}"
            )

    def as_json(self) -> dict[str, object]:
        """The object of `ccds imaging convert --json`."""
        return {
            "series_uid": self.series_uid,
            "modality": self.modality,
            "status": self.status.value,
            "reason": None if self.reason is None else str(self.reason),
            "path": None if self.path is None else str(self.path),
            "warnings": list(self.warnings),
        }
