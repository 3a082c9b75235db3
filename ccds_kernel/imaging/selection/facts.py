"""What a rule may ask of a series, read from the header of its middle slice. No free text: descriptions are typed by people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.imaging.series import Series
from ccds_kernel.imaging.verdict import Reason
from ccds_kernel.quiet_pydicom import quiet_pydicom

_TEXTS = ("SeriesNumber", "ConvolutionKernel", "ContrastBolusAgent", "Manufacturer", "ManufacturerModelName")
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_OBLIQUE = 0.8
"""The normal's largest component: below it (more than 37 degrees off) a stack is along no axis of the body."""
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """One series.

    Args:
        name: its hashed name, by which people call it and its volume is named; a UID may tell who the patient is.
        number: SeriesNumber, as consoles show it; None if absent.
        modality: DICOM's code.
        orientation: axial, coronal, sagittal, oblique; empty where slices don't say.
        thickness_mm: SliceThickness; None if absent.
        kernel: ConvolutionKernel; empty if absent.
        contrast: whether a contrast agent is named.
        images: how many images it has that are slices.
        scanner: manufacturer and model.
        excluded: why none of its files is a slice; None where some are.
    """

    name: str
    number: int | None
    modality: str
    orientation: str
    thickness_mm: float | None
    kernel: str
    contrast: bool
    images: int
    scanner: str
    excluded: Reason | None = None


def facts_of(series: Series) -> SeriesFacts:
    """What is known of `series`.

    Raises:
        OSError: its files can't be read any more.
    """
    name = hashed_name("series", series.uid)
    if not series.slices:
        reason = max(series.excluded, key=lambda item: item[1])[0]
        return SeriesFacts(
            name, None, series.modality, "", None, "", contrast=False, images=0, scanner="", excluded=reason
        )
    middle = sorted(series.slices, key=lambda one: one.number or 0)[len(series.slices) // 2]
    with quiet_pydicom():
        wanted = [*_TEXTS, *_GROUPS, "ContrastBolusAgentSequence"]
        data = pydicom.dcmread(middle.path, stop_before_pixels=True, specific_tags=wanted)
        said = {keyword: _text(data.get(keyword)) for keyword in _TEXTS}
    return SeriesFacts(
        name=name,
        number=int(said["SeriesNumber"]) if said["SeriesNumber"].lstrip("-").isdigit() else None,
        modality=series.modality,
        orientation=_orientation(series),
        thickness_mm=middle.thickness,
        kernel=said["ConvolutionKernel"] or _enhanced_kernel(data),
        contrast=bool(said["ContrastBolusAgent"] or data.get("ContrastBolusAgentSequence")),
        images=sum(len(one.frames) for one in series.slices),
        scanner=f"{said['Manufacturer']} {said['ManufacturerModelName']}".strip(),
    )


def _enhanced_kernel(data: Dataset) -> str:
    """The kernel as an enhanced CT says it, of the first frame that does."""
    groups = [group for keyword in _GROUPS for group in data.get(keyword) or []]
    kernels = (
        _text(item.get("ConvolutionKernel")) for group in groups for item in group.get("CTReconstructionSequence") or []
    )
    return next(filter(None, kernels), "")


def _text(value: object) -> str:
    if isinstance(value, MultiValue):
        value = "\\".join(map(str, value))
    return "" if value is None else str(value).strip()[:_LONGEST]


def _orientation(series: Series) -> str:
    planes = [frame.plane for one in series.slices for frame in one.frames if frame.plane is not None]
    if not planes:
        return ""
    normal = np.abs(np.cross(planes[0].along_row, planes[0].along_column))
    along = int(np.argmax(normal))
    return ("sagittal", "coronal", "axial")[along] if float(normal[along]) >= _OBLIQUE else "oblique"
