"""The viewer's rules: which volume is open, which slices of it a page gets, and what becomes of what is drawn.

One volume is in memory at a time, and one of its masks. A page asks for the slices that it shows and no others: neither is a
volume sent whole, nor is anything kept for a page, so that two views of one widget do no harm to each other.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Labels, Mask
from ccds_kernel.imaging.studies.rows import KeptMask
from ccds_kernel.imaging.told_header import ToldHeader
from ccds_kernel.normalization.volume_folder import VolumeEntry
from ccds_widgets.base import sentence
from ccds_widgets.imaging.told import told_beside
from ccds_widgets.imaging.viewer import messages
from ccds_widgets.imaging.viewer.drawing import Drawing
from ccds_widgets.imaging.viewer.opened import Answer, OpenVolume
from ccds_widgets.imaging.viewer.pictures import COLOURS, colour_of, grey_png, label_png
from ccds_widgets.imaging.viewer.ports import Scans
from ccds_widgets.normalization.planes import Cut

MOST_STUDIES = 50
_DRAWN = "drawn"


class MaskUnreadError(CcdsError):
    """A mask that is there can't be read, or doesn't lie on its volume's grid any more."""


class LookModel:
    """Looking at a project's volumes, and correcting their masks.

    Args:
        scans: the volumes.
        study: the key of the study that is shown first; None where the page chooses one.
        series: the volume that is shown first; None for the study's first.
    """

    def __init__(self, scans: Scans, study: str | None = None, series: str | None = None) -> None:
        self._scans = scans
        self._first = study, series
        self._open: OpenVolume | None = None
        self._mask: tuple[int, Mask] | None = None
        self._drawing: Drawing | None = None
        self._drawings = itertools.count(1)

    def start(self) -> Answer:
        """What the page shows first, and what it may do."""
        studies, more = self._scans.studies("", MOST_STUDIES)
        study, series = self._first
        return {
            "project": self._scans.project,
            "study": study,
            "series": series,
            "studies": list(studies),
            "more": more,
            "corrects": self._scans.may_correct(),
            "colours": list(COLOURS),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        match request:
            case messages.Find():
                studies, more = self._scans.studies(request.beginning, MOST_STUDIES)
                return {"studies": list(studies), "more": more}
            case messages.Open():
                return self._opened(request)
            case messages.Frames():
                return self._frames(request)
            case messages.Probe():
                return self._probe(request)
            case messages.Header():
                return _told_header(self._scans.header(self._volume(request).entry))
        return self._correct(request)

    # --- looking

    def _opened(self, request: messages.Open) -> Answer:
        entries = self._scans.of_study(request.study)
        if not entries and not self._scans.has(request.study):
            raise CcdsError(
                expected="the key of a study that is here", found="none of that key", do="choose one of the list"
            )
        if not entries:
            return {"study": request.study, "all": [], "volume": None}
        entry = next((one for one in entries if request.series in (None, one.series)), None)
        if entry is None:
            raise CcdsError(
                expected="a volume of that series",
                found="none; it may be in quarantine, or not be made yet",
                do="choose another series, or the study anew",
            )
        numbers = self._scans.numbers(request.study)
        version = self._scans.version(entry)
        volume = self._read(entry, version)
        judged = self._scans.judgement(entry)
        return {
            "study": request.study,
            "all": [
                {
                    "id": one.series,
                    "number": numbers.get(one.series),
                    "modality": one.modality,
                    "scanner": one.scanner,
                }
                for one in entries
            ],
            "volume": volume.told() | {"notes": judged and told_beside(judged)},
            "masks": [_told_mask(kept) for kept in self._scans.masks(entry)],
            "drawing": self._told_drawing() if self._drawing else None,
        }

    def _volume(self, request: messages.OfVolume) -> OpenVolume:
        """The volume that `request` is about; read again where another one was open meanwhile."""
        entry = next((one for one in self._scans.of_study(request.study) if one.series == request.series), None)
        if entry is None:
            raise CcdsError(expected="a volume that is there", found="none of that name", do="choose another series")
        if self._scans.version(entry) != request.version:
            raise CcdsError(
                expected="the volume that this page opened",
                found="one that was made anew meanwhile",
                do="throw away what you drew, it may lie elsewhere now" if self._drawing else "reload the page",
            )
        return self._read(entry, request.version)

    def _read(self, entry: VolumeEntry, version: str) -> OpenVolume:
        if self._open is None or (self._open.entry, self._open.version) != (entry, version):
            self._check_kept("another volume")
            self._drawing = self._mask = self._open = None  # before the next is read: there may be memory for one only
            self._open = OpenVolume.of(entry, version, self._scans.read(entry))
        return self._open

    def _frames(self, request: messages.Frames) -> Answer:
        """PNGs under `buffers`, in the order in which they were wanted; none for those that `blank` says hold no label.

        The volume can be looked at, too, where a mask can't: `unread` says why then.
        """
        volume = self._volume(request)
        time = volume.times[min(request.time, len(volume.times) - 1)]
        found: list[bytes | None] = []
        unread = None
        for one in request.wanted:
            cut = volume.cuts[one.plane]
            number = min(one.number, cut.size[2] - 1)
            if one.mask is None:
                found.append(grey_png(cut.slice(time, number), request.low, request.high))
                continue
            try:
                found.append(label_png(cut.picture(self._labels(volume, one.mask), number)))
            except MaskUnreadError as error:
                found.append(None)
                unread = sentence(error)
        return {
            "blank": [png is None for png in found],
            "buffers": [png for png in found if png is not None],
            "unread": unread,
        }

    def _probe(self, request: messages.Probe) -> Answer:
        volume = self._volume(request)
        time = volume.times[min(request.time, len(volume.times) - 1)]
        if any(at >= length for at, length in zip(request.voxel, time.voxels.shape, strict=True)):
            raise CcdsError(expected="a voxel of the volume", found="one beyond it", do="open the study again")
        label = 0
        if request.mask is not None:
            with contextlib.suppress(MaskUnreadError):  # the slices' answer says so
                label = int(self._labels(volume, request.mask)[request.voxel])
        return {"value": _told_value(float(time.voxels[request.voxel])), "label": label}

    def _labels(self, volume: OpenVolume, mask: int | str) -> Labels:
        if mask == _DRAWN:
            return self._drawn().labels
        return self._kept(volume, int(mask)).labels

    def _kept(self, volume: OpenVolume, number: int) -> Mask:
        if self._mask is None or self._mask[0] != number:
            kept = next((one for one in self._scans.masks(volume.entry) if one.id == number), None)
            if kept is None:
                raise CcdsError(expected="a mask of this volume", found="none of that number", do="choose another")
            try:
                self._mask = number, self._scans.mask(volume.entry, kept)
            except CcdsError as error:
                raise MaskUnreadError(expected=error.expected, found=error.found, do=error.do) from error
        return self._mask[1]

    # --- correcting

    def _correct(self, request: messages.Correct) -> Answer:
        if isinstance(request, messages.Drop):
            return self._dropped(request)
        self._scans.check_may_correct()
        volume = self._volume(request)
        match request:
            case messages.Begin():
                self._check_kept("another mask")
                self._drawing = self._begun(volume, request.mask)
            case messages.Stroke():
                runs = zip(request.runs[::3], request.runs[1::3], request.runs[2::3], strict=True)
                self._drawn().stroke(volume.cuts[request.plane], request.number, request.label, runs, over=request.over)
            case messages.Undo():
                undone = self._drawn().undo()
                at = None if undone is None else [_plane_of(volume, undone[0]), undone[1]]
                return {"drawing": self._told_drawing(), "undone": at}
            case messages.Keep():
                return self._keep(volume, self._drawn())
        return {"drawing": self._told_drawing()}

    def _dropped(self, request: messages.Drop) -> Answer:
        """Whatever became of the volume and of the right to draw on it; what another page draws on another one stays."""
        volume = self._open
        if volume and (volume.entry.study, volume.entry.series) == (request.study, request.series):
            self._drawing = None
        return {"drawing": None}

    def _begun(self, volume: OpenVolume, number: int | None) -> Drawing:
        newest = _newest(self._scans.masks(volume.entry))
        if number is None:
            return Drawing(next(self._drawings), np.zeros(volume.times[0].voxels.shape, np.uint8), {}, newest)
        mask = self._kept(volume, number)
        return Drawing(next(self._drawings), mask.labels, mask.names, newest)

    def _keep(self, volume: OpenVolume, drawing: Drawing) -> Answer:
        if not drawing.changed:
            raise CcdsError(expected="strokes that aren't saved", found="none", do="draw something first")
        masks = self._scans.masks(volume.entry)
        if (newest := _newest(masks)) != drawing.newest:
            drawing.newest = newest
            raise CcdsError(
                expected="the mask that you began with to be the newest",
                found=f"one that {masks[-1].person} kept meanwhile",
                do="save once more to put yours above it; both are kept",
            )
        voxels = drawing.voxels()
        if not voxels:
            raise CcdsError(expected="a mask with labelled voxels", found="none", do="draw something first")
        names = {label: drawing.names.get(label, "") for label in voxels}
        kept = self._scans.keep(volume.entry, Mask(drawing.labels.copy(order="F"), names, _DRAWN))
        self._drawing = None
        return {
            "drawing": None,
            "kept": kept.id,
            "masks": [_told_mask(one) for one in self._scans.masks(volume.entry)],
        }

    def _drawn(self) -> Drawing:
        if self._drawing is None:
            raise CcdsError(expected="a mask that is being corrected", found="none", do="begin the correction again")
        return self._drawing

    def _check_kept(self, what: str) -> None:
        if self._drawing is not None and self._drawing.changed:
            raise CcdsError(
                expected=f"what was drawn to be saved before {what}",
                found="strokes that are not",
                do="save the mask, or leave the correction",
            )

    def _told_drawing(self) -> Answer:
        drawing = self._drawn()
        voxels = drawing.voxels()
        return {
            "id": drawing.id,
            "revision": drawing.revision,
            "undoable": drawing.undoable,
            "changed": drawing.changed,
            "labels": [
                {
                    "label": label,
                    "name": drawing.names.get(label, ""),
                    "colour": colour_of(label),
                    "voxels": voxels.get(label, 0),
                }
                for label in sorted(voxels.keys() | drawing.names.keys())
            ],
        }


def _plane_of(volume: OpenVolume, cut: Cut) -> str:
    return next(plane.value for plane, one in volume.cuts.items() if one is cut)


def _newest(masks: Sequence[KeptMask]) -> int | None:
    return masks[-1].id if masks else None


def _told_value(value: float) -> float:
    """To the last digit that the file's numbers have: whole ones, or single floats."""
    return value if value.is_integer() else float(f"{value:.7g}")


def _told_header(header: ToldHeader) -> Answer:
    return {
        "files": header.files,
        "rows": [[row.tag, row.keyword, row.vr, row.value, row.values] for row in header.rows],
    }


def _told_mask(kept: KeptMask) -> Answer:
    return {
        "id": kept.id,
        "kind": kept.kind,
        "person": kept.person,
        "at": kept.at.isoformat(timespec="minutes"),
        "labels": [
            {"label": label, "name": name, "colour": colour_of(label)} for label, name in sorted(kept.labels.items())
        ],
    }
