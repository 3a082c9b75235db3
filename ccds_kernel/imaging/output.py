"""Where a volume goes, and how it gets there whole.

`<out>/<study>/<series>.nii.gz` with `.json` beside it, both names hashes of the UIDs: stable, without a patient's id. A project's
ingest gives the study key as the name of the study folder instead. Files are made in a working folder inside `out` (the same
file system, the same access rights) and linked to their names when they are complete; a name that is taken is never
overwritten by another image.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.verdict import QuarantineError
from ccds_kernel.imaging.volume import digest

_WORKING = ".ccds-converting-"


def hashed_name(kind: str, uid: str) -> str:
    """A name for a study or series: `kind`, and 80 bits of the hash of its UID."""
    return f"{kind}-{hashlib.sha256(uid.encode()).hexdigest()[:20]}"


@contextlib.contextmanager
def working_folder(out: Path) -> Iterator[Path]:
    """A private folder inside `out`, gone afterwards; `out` is made where missing.

    Raises:
        CcdsError: `out` is a file, or can't be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_WORKING, dir=out))
    except OSError as error:
        raise CcdsError(
            expected="an output folder that can be written", found=error.strerror or "an error", do="choose another OUT"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(image: Path, sidecar: Path, image_sha256: str, target: Path) -> None:
    """Moves a finished image and its sidecar to `target` (.nii.gz) and the .json beside it.

    The same image already there is left as it is, its sidecar renewed.

    Raises:
        QuarantineError: another image is there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name.removesuffix(".nii.gz") + ".json")
    if not target.exists():
        # The sidecar first: who sees a volume finds its sidecar.
        sidecar.replace(beside)
        with contextlib.suppress(FileExistsError):
            os.link(image, target)
            return
    if _digest_or_none(target) != image_sha256:
        raise QuarantineError(
            "output-differs", "the output folder already holds another image of this series; move it away"
        )
    if sidecar.exists():
        sidecar.replace(beside)


def _digest_or_none(path: Path) -> str | None:
    try:
        return digest(path)
    except (OSError, EOFError, zlib.error, ValueError):
        return None
