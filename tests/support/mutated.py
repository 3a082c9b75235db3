"""One mutated series from a seed: written, converted, and judged by what was promised of its mutation."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from pydicom.dataset import Dataset

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.series import find_series
from ccds_kernel.imaging.verdict import SeriesVerdict, Status
from ccds_kernel.quiet_pydicom import quiet_pydicom
from support.as_the_files_say import STRAY_MM, difference, placed_images
from support.dicom import CORONAL, ENHANCED_MR, MR, SAGITTAL, Stack, write_enhanced, write_stack
from support.mutations import COMPRESSED, ENHANCED, PLAIN, Promise, Victim

OBLIQUE = (0.955336, 0.295520, 0.0, -0.289629, 0.936293, 0.198669)
STACKS = (
    Stack(slices=8), Stack(slices=7, orientation=OBLIQUE, distance=-3.1), Stack(slices=6, sop_class=MR, orientation=SAGITTAL),
    Stack(slices=9, sop_class=MR, orientation=CORONAL, distance=1.2, slope=1.7),
)  # fmt: skip
ENCODINGS = ("JPEGLSLossless", "JPEG2000Lossless", "JPEGLosslessProcess14_1", "RLELossless")


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation; `broken` tells the promise that wasn't kept, None where all were."""

    seed: int
    mutation: str
    promise: Promise
    status: str
    broken: str | None

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.mutation}, {self.promise.name}: {self.status}" + (
            f": {self.broken}" if self.broken else ""
        )


def outcome(seed: int, folder: Path) -> Outcome:
    """Writes a series in `folder`, spoils it as `seed` says, converts it and judges what came out."""
    random = np.random.default_rng(seed)
    mutations, stack, encoding = _drawn(seed, random)
    source, out = folder / "in", folder / "out"
    _write(source, stack, encoding)
    mutation = mutations[int(random.integers(len(mutations)))] if seed >= len(mutations) else mutations[seed]
    promise = mutation(Victim(source, stack, random))
    before = _warnings(stack, encoding, folder / "unspoiled") if promise is Promise.TOLD else frozenset()
    try:
        inventory = find_series(source)
        verdicts = [convert_series(series, out) for series in inventory.series]
    except CcdsError:  # no file is left to read
        verdicts = []
    except Exception as error:  # noqa: BLE001 - a crash of any kind is what is looked for
        return Outcome(seed, mutation.__name__, promise, "crash", f"{type(error).__name__}: {error}")
    status = ", ".join(str(one.reason).split(":")[0] if one.reason else str(one.status) for one in verdicts)
    return Outcome(seed, mutation.__name__, promise, status, _broken(promise, verdicts, stack, source, before))


def _drawn(seed: int, random: np.random.Generator) -> tuple[tuple[Callable[[Victim], Promise], ...], Stack, str | None]:
    """The mutations to choose from, the stack, and how to compress it. The first seeds take each plain mutation once."""
    stack = STACKS[int(random.integers(len(STACKS)))]
    kind = 0.0 if seed < len(PLAIN) else random.random()
    if kind < 0.7:
        return PLAIN, stack, None
    if kind < 0.85:
        return COMPRESSED, stack, ENCODINGS[int(random.integers(len(ENCODINGS)))]
    return ENHANCED, Stack(slices=7, sop_class=ENHANCED_MR, intercept=0), None


def _write(folder: Path, stack: Stack, encoding: str | None) -> None:
    if stack.sop_class == ENHANCED_MR:
        write_enhanced(folder, stack).rename(folder / "image000")
        return
    for path in write_stack(folder, stack, lambda data, index: _complete(data, stack, index)):
        if encoding is not None:
            _compress(path, encoding)


def _compress(path: Path, encoding: str) -> None:
    """Writes a file anew, compressed by GDCM: pydicom's own encoders need packages that decoding doesn't."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, encoding)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    compressed = path.with_name("compressed")
    writer.SetFileName(str(compressed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    data, packed = pydicom.dcmread(path), pydicom.dcmread(compressed)
    data["PixelData"] = packed["PixelData"]  # and no more: GDCM moves elements that it thinks to be out of place
    data.file_meta.TransferSyntaxUID = packed.file_meta.TransferSyntaxUID
    data.save_as(path)
    compressed.unlink()


def _complete(data: Dataset, stack: Stack, index: int) -> None:
    """What scanners write beyond the least."""
    data.BitsStored, data.HighBit = 12, 11
    data.SliceLocation = round(index * stack.distance, 3)
    data.PatientBirthDate, data.PatientSex = "19400102", "F"
    if stack.sop_class == MR:
        data.SpacingBetweenSlices = abs(stack.distance)


def _warnings(stack: Stack, encoding: str | None, folder: Path) -> frozenset[str]:
    """The warnings that the series earns without a mutation."""
    _write(folder / "in", stack, encoding)
    [series] = find_series(folder / "in").series
    return frozenset(convert_series(series, folder / "out").warnings)


def _broken(
    promise: Promise, verdicts: list[SeriesVerdict], stack: Stack, source: Path, before: frozenset[str]
) -> str | None:
    accepted = [verdict for verdict in verdicts if verdict.status is Status.ACCEPTED]
    if promise is Promise.REFUSED and accepted:
        return "accepted, although the files contradict each other"
    if promise is Promise.SAME and not any(verdict.series_uid == stack.series_uid for verdict in accepted):
        return "refused, although nothing about the images changed"
    for verdict in accepted:
        if promise is Promise.TOLD and not set(verdict.warnings) - before:
            return "accepted without a warning, although a part is missing"
        if wrong := _not_as_said(verdict, stack, source):
            return wrong
    return None


def _not_as_said(verdict: SeriesVerdict, stack: Stack, source: Path) -> str | None:
    paths = _files_of(verdict.series_uid, stack.sop_class, source)
    try:
        with quiet_pydicom():
            found = difference(verdict.path, placed_images(paths))
    except Exception as error:  # noqa: BLE001 - accepted, and not even readable by another reader
        return f"not what the files say: {type(error).__name__}: {error}"
    if found.value > 1e-3 or found.place_mm > STRAY_MM:
        return f"voxels differ by {found.value:.3g}, places by {found.place_mm:.3f} mm"
    return None


def _files_of(series_uid: str, sop_class: str, source: Path) -> list[Path]:
    """The files that say that they are slices of a series, those that pydicom can't read left out."""
    found = []
    with quiet_pydicom():
        for path in sorted(source.iterdir()):
            try:
                data = pydicom.dcmread(path, stop_before_pixels=True)
                belongs = data.get("SeriesInstanceUID") == series_uid and data.get("SOPClassUID") == sop_class
            except Exception:  # noqa: BLE001, S112 - what can't be read belongs to no volume
                continue
            if belongs:
                found.append(path)
    return found
