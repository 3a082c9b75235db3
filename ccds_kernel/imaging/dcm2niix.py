"""One run of dcm2niix on the files of one series.

The files are linked into a folder of their own under numbers, so that no path, and with it no patient's name, reaches the
program. Its default options file in the home directory is ignored. It writes an uncompressed image: this is checked before
it is compressed.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dcm2niix  # type: ignore[import-untyped] # the wheel ships no type hints

from ccds_kernel.imaging.verdict import QuarantineError

TIMEOUT_S = 3600
"""After this a run is given up; a large CT takes seconds."""

OPTIONS = (
    "-g", "i",  # no options from the home directory
    "-b", "n",  # no BIDS sidecar: it may hold free text
    "-z", "n",  # compressed after the checks
    "-x", "i",  # neither crop nor turn the axes
    "-d", "0",  # no folders below
    "-f", "volume",
)  # fmt: skip

_KNOWN_WARNINGS = (
    "Interslice distance varies", "Missing images", "Instance Number (0020,0013) order is not spatial", "gantry tilt",
    "Patient Position (0018,5100) not specified", "Slices stacked despite varying", "Unable to determine GE Slice timing",
)  # fmt: skip
"""Warnings that hold no text from the headers; the others are counted, not repeated."""

_HARMLESS = ("Unable to determine manufacturer",)
"""Said of every maker that it has no special reading for: nothing that isn't checked afterwards depends on it."""

_KNOWN_OF_RAW = ("Interslice distance varies", "Missing images", "gantry tilt", "Slices stacked despite varying")
"""No news of an image that is to be corrected."""


_CORRECTED = re.compile(r"_(Tilt|Eq)(_\d+)?$")


@dataclass(frozen=True, slots=True)
class Converted:
    """What a run gave: the one image, its warnings, and the program's own version."""

    image: Path
    warnings: tuple[str, ...]
    version: str


def convert(files: Sequence[Path], folder: Path, *, rescale_varies: bool, raw: bool = False) -> Converted:
    """Converts the files of one series inside `folder`, which is empty.

    Args:
        files: the files of the series.
        folder: receives links and the image.
        rescale_varies: whether slope or intercept differ between slices (PET). The image then holds float32; the option for
            it also prefers Philips's private scaling where there is one, which the check of the voxels then refuses.
        raw: take the image as scanned, beside which there may be one that dcm2niix has corrected.

    Raises:
        QuarantineError: no image, or more than one.
    """
    folder = folder.resolve()  # dcm2niix runs inside it, where a relative path would mean another place
    links, output = folder / "dicom", folder / "nifti"
    links.mkdir()
    output.mkdir()
    for index, file in enumerate(files):
        (links / f"{index:06d}.dcm").symlink_to(file.resolve())
    command = [dcm2niix.bin, *OPTIONS, "-p", "y" if rescale_varies else "n", "-o", str(output), str(links)]
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
    try:
        run = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise QuarantineError("conversion-failed", f"dcm2niix did not end within {TIMEOUT_S} s") from None
    said = run.stdout.decode(errors="replace") + run.stderr.decode(errors="replace")
    # Beside a corrected image dcm2niix leaves the raw one, whose geometry is wrong: several images are never one volume.
    images = sorted(output.glob("*.nii*"))
    if raw:
        images = [image for image in images if _CORRECTED.search(image.stem) is None]
    if not images:
        raise QuarantineError("conversion-failed", f"dcm2niix wrote no image (exit status {run.returncode})")
    if len(images) > 1:
        raise QuarantineError("several-outputs", f"dcm2niix wrote {len(images)} images of the series")
    if run.returncode != 0 and not raw:  # its correction may fail; the raw image is compared whole
        raise QuarantineError("conversion-failed", f"dcm2niix ended with exit status {run.returncode}")
    version = re.search(r"dcm2nii\S* version (v[\d.]+\d)", said)
    passed_over = (*_HARMLESS, *_KNOWN_OF_RAW) if raw else _HARMLESS
    return Converted(images[0], _warnings(said, passed_over), version[1] if version else "unknown")


def _warnings(said: str, passed_over: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    others = 0
    for line in said.splitlines():
        if not line.startswith(("Warning:", "Error:")) or any(text in line for text in passed_over):
            continue
        known = next((text for text in _KNOWN_WARNINGS if text in line), None)
        if known is None:
            others += 1
        elif known not in found:
            found.append(known)
    if others:
        found.append(f"{others} more, not repeated here because they may quote the headers")
    return tuple(f"dcm2niix: {text}" for text in found)
