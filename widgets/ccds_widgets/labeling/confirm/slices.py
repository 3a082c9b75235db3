"""The study's images beside its report: axial slices, one at a time, drawn between two intensities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.imaging.viewer.windows import CT, CT_WINDOWS, windows_of
from ccds_widgets.labeling.confirm import messages
from ccds_widgets.labeling.confirm.ports import Images
from ccds_widgets.normalization.planes import Cut, Plane
from ccds_widgets.normalization.tones import grey

Answer = dict[str, Any]


class Slices:
    """The slices of a project's volumes; the volume that was looked at last stays in memory."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._last: tuple[VolumeEntry, Volume, Cut] | None = None

    def series(self, study_key: str) -> Answer:
        """What there is of a study, and the windows that each is offered through: name, black, white."""
        return {
            "series": [
                {
                    "id": entry.series,
                    "modality": entry.modality,
                    "scanner": entry.scanner,
                    "windows": [[one.name, one.low, one.high] for one in CT_WINDOWS] if entry.modality == CT else [],
                }
                for entry in self._images.of_study(study_key)
            ]
        }

    def has(self, study_key: str) -> bool:
        """Whether there is anything of a study; so it is also where that can't be read, which who looks is told."""
        try:
            return bool(self._images.of_study(study_key))
        except CcdsError:
            return True

    def slice(self, request: messages.Slice) -> Answer:
        """One slice as grey values under `buffers`, rows from top to bottom, with its size and what to start from."""
        entry = next(
            (one for one in self._images.of_study(request.study) if one.series == request.series),
            None,
        )
        if entry is None:
            raise CcdsError(expected="images that are there", found="none of that name", do="choose another series")
        volume, cut = self._opened(entry)
        columns, rows, number = cut.size
        at = min(request.number, number - 1)
        if request.low < request.high:
            low, high = request.low, request.high
        else:
            usual = windows_of(entry.modality, volume)[0]
            low, high = usual.low, usual.high
        return {
            "size": [columns, rows],
            "slices": number,
            "number": at,
            "aspect": cut.spacing_mm[1] / cut.spacing_mm[0],
            "edges": cut.edges,
            "low": low,
            "high": high,
            "buffers": [grey(cut.slice(volume, at), low, high)],
        }

    def _opened(self, entry: VolumeEntry) -> tuple[Volume, Cut]:
        if self._last is None or self._last[0] != entry:
            volume = self._images.read(entry)
            middle = np.append((np.array(volume.voxels.shape) - 1) / 2, 1)
            self._last = entry, volume, Cut.of(volume, Plane.AXIAL, (volume.affine @ middle)[:3])
        return self._last[1:]
