"""What becomes of each series of the real files in shared/data: the table of docs/imaging.md.

    python benchmarks/imaging_hard_cases.py

Verdict and reason of every series; for an accepted one the largest difference of a voxel's real value, and of a place in mm,
from what pydicom and plain arithmetic read from the files (tests/support/as_the_files_say.py), which shares nothing with the
converter but pydicom. Prints that the files are missing where they are: they can't be published.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.series import find_series
from ccds_kernel.quiet_pydicom import quiet_pydicom
from support.as_the_files_say import difference, placed_images
from support.shared_data import FOLDER

ARCHIVES = ("dicom-hard-cases.tar.xz", "mr-t1-structural.tar.xz")


def rows(folder: Path, out: Path) -> list[tuple[str, ...]]:
    """A row for each series of each folder below `folder` that holds files named .dcm or numbers."""
    found = []
    holding = sorted({path.parent for path in folder.rglob("*") if path.is_file() and _may_be_dicom(path)})
    for place in holding:
        for series in find_series(place).series:
            verdict = convert_series(series, out / str(len(found)))
            said = ("", "")
            if verdict.path is not None:
                with quiet_pydicom():
                    differs = difference(verdict.path, placed_images([one.path for one in series.slices]))
                said = (f"{differs.value:g}", f"{differs.place_mm:.4f}")
            found.append((str(place.relative_to(folder)), str(verdict.status), str(verdict.reason or ""), *said))
    return found


def _may_be_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def main() -> None:
    """Prints the table."""
    print("| series | verdict | reason | largest difference of a voxel | of a place, mm |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as work:
        for name in ARCHIVES:
            if not (FOLDER / name).exists():
                print(f"{name} isn't there: real data that isn't published")
                continue
            folder = Path(work, name)
            with tarfile.open(FOLDER / name) as archive:
                archive.extractall(folder, filter="data")
            for row in rows(folder, Path(work, "out", name)):
                print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
