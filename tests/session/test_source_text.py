"""What opens in an editor: source by its name and by its bytes."""

import io

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.session.source_text import MOST_BYTES, NotSource, source_text

SOURCES = ["import os\n", "", "# Größe µ 🧠\r\n\tx = 1\f\n", "\ufeff# begins with a mark", "x" * MOST_BYTES]


@pytest.mark.parametrize("text", SOURCES, ids=range(len(SOURCES)))
@pytest.mark.parametrize("name", ["a.py", "A.PY", "b.md", "recipe.yaml", "x.y.toml", ".hidden.sh"])
def test_source_opens(name: str, text: str) -> None:
    """As it is."""
    assert source_text(name, text.encode()) == text


def data() -> dict[str, bytes]:
    """Data of the field, as it lies in files."""
    array, table = io.BytesIO(), io.BytesIO()
    np.save(array, np.arange(20))
    np.savez_compressed(table, a=np.arange(20))
    volume = nib.Nifti1Image(np.ones((2, 2, 2), np.float32), np.eye(4)).to_bytes()
    return {
        "nifti": volume, "nifti of text": nib.Nifti1Image(np.full((8, 8, 8), 65, np.uint8), np.eye(4)).to_bytes(),
        "dicom": bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00",
        "dicom without preamble": b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",
        "gzip": b"\x1f\x8b\x08\x00text", "png": b"\x89PNG\r\n\x1a\n",
        "jpeg": b"\xff\xd8\xff\xe0JFIF", "zip": b"PK\x03\x04\x14\x00",
        "numpy": array.getvalue(), "npz": table.getvalue(), "hdf5": b"\x89HDF\r\n\x1a\n", "sqlite": b"SQLite format 3\x00",
        "utf-16": "text".encode("utf-16"), "latin-1": "Größe".encode("latin-1"), "escape": b"\x1b[2J", "bell": b"\x07",
        "next line in C1": "a\x85b".encode(), "too large": b"x" * (MOST_BYTES + 1), "mark inside NUL": "\ufeff\0".encode(),
    }  # fmt: skip


@pytest.mark.parametrize("kind", data())
def test_data_with_the_name_of_source_does_not(kind: str) -> None:
    """Renamed it stays data."""
    with pytest.raises(NotSource):
        source_text("scan.py", data()[kind])


@pytest.mark.parametrize(
    "name", ["a.nii.gz", "a.dcm", "a.csv", "a.txt", "a.json", "a.html", "a.py.png", "py", "", ".py", "a."]
)
def test_other_names_do_not(name: str) -> None:
    """Whatever is in them."""
    with pytest.raises(NotSource, match="its name"):
        source_text(name, b"text")
