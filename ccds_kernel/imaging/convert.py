"""From a folder of DICOM files to checked NIfTI volumes: one verdict for every series.

What is done to each series, in this order; the first failure ends it with a reason, the other series go on:

1. Selection: reports, presentation states, secondary captures, localizers and projections are excluded.
2. Headers: all pixel data there (lengths), one study, patient, frame of reference, matrix, pixel type, kernel and voltage per
   series, no mosaic, grey values with a linear rescale; identical copies of a file counted once.
3. Geometry by pydicom's numbers: slices parallel, distinct, on a straight line along their normal, evenly spaced; several images
   at each place are time points of one 4D image. What leans or is uneven is interpolated where the project opted in to that.
4. One run of dcm2niix on links to just these files; exactly one image, exit status 0.
5. dcm2niix's image against pydicom: shape, orientation, position; its affine is then replaced by that of the headers' grid.
6. The image as it will be published: all four corners of every slice, through sform and qform (1e-3 mm at the best slice,
   0.02 mm at the worst beyond the positions' own unevenness); voxels of every slice as real values, which need no more bits
   than the headers say.
7. Header text blanked, compressed, hashed, linked to its name if that is free or holds the same image.

Hashing the input runs beside dcm2niix, compressing beside the comparison of voxels. Memory holds headers and a few
slices, never a volume, but for one that is corrected.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydicom.uid import JPEG2000, UID, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging import dcm2niix
from ccds_kernel.imaging.consistency import (
    check_headers,
    check_kinds,
    check_locations,
    check_numbers,
    header_warnings,
    unique_instances,
)
from ccds_kernel.imaging.correction import CORRECTED, Correction, corrections_for
from ccds_kernel.imaging.geometry import Grid, correction_line, regular_grid
from ccds_kernel.imaging.header import Instance, technical_values
from ccds_kernel.imaging.output import hashed_name, publish, working_folder
from ccds_kernel.imaging.series import Series
from ccds_kernel.imaging.sidecar import sidecar
from ccds_kernel.imaging.verdict import QuarantineError, SeriesVerdict, Status
from ccds_kernel.imaging.verify import Checked, StoredValues, corrected_layout, layout, verify
from ccds_kernel.imaging.volume import compress, rewrite_header
from ccds_kernel.quiet_pydicom import quiet_pydicom

_LOSSY = {JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000}
_GRID_WARNING_MM = 0.02


def convert_series(
    series: Series,
    out: Path,
    *,
    study_folder: str | None = None,
    correct: AbstractSet[Correction] = frozenset(),
    passed: AbstractSet[str] = frozenset(),
) -> SeriesVerdict:
    """Converts one series to `<out>/<study_folder>/<series>.nii.gz` and `.json`.

    Args:
        series: its files.
        out: the folder that receives volumes; made where missing.
        study_folder: name of the study's folder; the hashed StudyInstanceUID if None.
        correct: what the project has opted in to have corrected.
        passed: codes of `PASSABLE` that a person lets pass for this series; the sidecar says so.

    Raises:
        CcdsError: `out` can't be written.
    """
    if not series.slices:
        reason = max(series.excluded, key=lambda item: item[1])[0]
        return SeriesVerdict(series.uid, series.modality, Status.EXCLUDED, reason)
    warnings = [f"{count} file(s) left out: {reason}" for reason, count in series.excluded]
    if series.broken_nearby:
        warnings.append(
            f"{series.broken_nearby} unreadable DICOM file(s) in the same folder: slices may be missing at an end"
        )
    if series.others_nearby:
        warnings.append(f"{series.others_nearby} file(s) in the same folder are no DICOM files and were passed over")
    try:
        with quiet_pydicom():
            correcting = correct | corrections_for(passed)
            path = _volume(series, out, study_folder, correct=correcting, passed=passed, warnings=warnings)
    except QuarantineError as error:
        return SeriesVerdict(series.uid, series.modality, Status.QUARANTINED, error.reason, warnings=tuple(warnings))
    except OSError as error:
        raise CcdsError(
            expected="an output folder with room, that can be written",
            found=error.strerror or type(error).__name__,
            do="make room or choose another OUT, then run it again: what is finished stays",
        ) from error
    return SeriesVerdict(series.uid, series.modality, Status.ACCEPTED, path=path, warnings=tuple(warnings))


def _volume(
    series: Series,
    out: Path,
    study_folder: str | None,
    *,
    correct: AbstractSet[Correction],
    passed: AbstractSet[str],
    warnings: list[str],
) -> Path:
    """The path of the checked volume; adds to `warnings` on the way, so that a quarantined series keeps them."""
    if series.broken:
        raise QuarantineError(
            "truncated", f"{series.broken} unreadable DICOM file(s) beside its files: slices may be missing"
        )
    with _reading():
        instances = unique_instances(series.slices)
    if copies := len(series.slices) - len(instances):
        warnings.append(f"{copies} identical copies of files left out")
    check_headers(instances)
    grid = regular_grid([frame for instance in instances for frame in instance.frames], correct)
    check_kinds(instances, grid)
    if "positions-contradict" not in passed:
        check_locations(instances, grid)
        check_numbers(instances, grid)
    warnings += header_warnings(instances, grid)
    if grid.deviation_mm > _GRID_WARNING_MM:
        warnings.append(f"slice positions stray up to {grid.deviation_mm:.3f} mm from an even grid")
    if grid.unevenness is not None:
        warnings.append(f"{CORRECTED}: {correction_line(grid)}")
    same = instances[0].same
    study = study_folder or hashed_name("study", same["StudyInstanceUID"])
    target = out / study / f"{hashed_name('series', series.uid)}.nii.gz"

    with working_folder(out) as folder, ThreadPoolExecutor(2) as beside:
        hashing = beside.submit(_input_digest, instances)
        converted = _converted(instances, grid, folder)
        warnings += converted.warnings
        laid = layout(converted.image, grid, _size(grid, same))
        if laid.drift_mm > _GRID_WARNING_MM + grid.deviation_mm:
            warnings.append(f"dcm2niix put slices up to {laid.drift_mm:.3f} mm off; the headers' positions are used")
        image, text = folder / "volume.nii.gz", folder / "volume.json"
        encodings = {UID(instance.transfer_syntax) for instance in instances}

        def check() -> Checked:
            lossy = not _LOSSY.isdisjoint(encodings)
            return verify(converted.image, grid, laid, stored=_stored(instances, passed), lossy=lossy)

        if grid.unevenness is not None:
            checked = check()
            laid = corrected_layout(converted.image, grid, laid)
        rewrite_header(converted.image, laid.affine(grid))
        packing = beside.submit(compress, converted.image, image)  # thrown away where the checks fail
        if grid.unevenness is None:
            checked = check()
        image_sha256 = packing.result()
        with _reading():
            technical = technical_values(grid.frames[len(grid.frames) // 2].path)
        content = sidecar(
            instances,
            technical,
            grid,
            laid,
            checked,
            input_sha256=hashing.result(),
            output_sha256=image_sha256,
            converter=converted.version,
            warnings=warnings,
            passed=passed,
        )
        text.write_text(content, encoding="utf-8")
        publish(image, text, image_sha256, target)
    return target


def _stored(instances: Sequence[Instance], passed: AbstractSet[str]) -> StoredValues:
    """Which values the pixels may have."""
    same = instances[0].same
    paddings = frozenset(instance.padding for instance in instances if instance.padding is not None)
    # Until 2004 the bits above those of a pixel could hold an overlay, which a header then announces; readers leave it out.
    overlay = any(instance.overlay for instance in instances) or "value-range" in passed
    return StoredValues(int(same["BitsStored"]), same["PixelRepresentation"] == "1", paddings, overlay)


def _converted(instances: Sequence[Instance], grid: Grid, folder: Path) -> dcm2niix.Converted:
    scalings = {(frame.slope, frame.intercept) for volume in grid.volumes for frame in volume}
    files = [instance.path for instance in instances]
    return dcm2niix.convert(files, folder, rescale_varies=len(scalings) > 1, raw=grid.unevenness is not None)


def _size(grid: Grid, same: Mapping[str, str]) -> tuple[int, int]:
    """Rows and columns of a slice."""
    tile = grid.frames[0].tile
    return (int(same["Rows"]), int(same["Columns"])) if tile is None else tile[2:]


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Takes an error of the operating system for one of the source's files."""
    try:
        yield
    except OSError as error:
        raise QuarantineError("unreadable", f"a file can't be read any more ({error.strerror})") from error


def _input_digest(instances: Sequence[Instance]) -> str:
    """SHA-256 over the sorted SHA-256s of the files: whatever their names and order."""
    with _reading():
        each = sorted(_file_digest(instance.path) for instance in instances)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
