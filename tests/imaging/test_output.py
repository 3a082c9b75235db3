"""What is written, under which names, and what happens to what is already there."""

import fcntl
import gzip
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.cli import main
from ccds_kernel.imaging.convert import convert_series
from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.imaging.series import find_series
from support.dicom import ACCESSION, PATIENT_ID, PATIENT_NAME, Stack, write_stack


def files_below(folder: Path) -> dict[str, bytes]:
    """Relative name → content, of every file."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sidecar_of(verdict) -> Path:
    """The .json beside an accepted volume."""
    return Path(verdict["path"].removesuffix(".nii.gz") + ".json")


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder with a good series."""
    write_stack(tmp_path / "in", Stack())
    return tmp_path / "in"


def test_a_volume_and_its_sidecar_lie_in_the_studys_folder(source, out, convert) -> None:
    """<out>/<study>/<series>.nii.gz and .json, and nothing else."""
    [verdict] = convert(source)

    path = Path(verdict["path"])
    assert sorted(files_below(out)) == sorted(str(one.relative_to(out)) for one in (path, sidecar_of(verdict)))
    assert path.parent.parent == out


def test_a_project_names_the_studys_folder_by_its_study_key(source, out) -> None:
    """As `nifti/<study key>/<series>.nii.gz` asks."""
    [series] = find_series(source).series

    verdict = convert_series(series, out, study_folder="k-123")

    assert verdict.path == out / "k-123" / f"{hashed_name('series', series.uid)}.nii.gz"
    assert verdict.path.exists()


def test_nothing_written_or_printed_names_the_patient(source, out, capsys) -> None:
    """Name, id, accession number, dates, texts that people type: not in names, voxel file, sidecar, table or JSON."""
    main(["imaging", "convert", str(source), str(out)])
    main(["imaging", "convert", str(source), str(out), "--json"])

    said = capsys.readouterr()
    written = files_below(out)
    plain = [gzip.decompress(content) if name.endswith(".gz") else content for name, content in written.items()]
    everything = b"\n".join([*map(str.encode, written), *plain, said.out.encode(), said.err.encode()])
    for secret in (PATIENT_NAME, "Anna", PATIENT_ID, ACCESSION, "20240102", "235958"):
        assert secret.encode() not in everything


def test_the_same_input_gives_the_same_bytes(source, tmp_path, convert) -> None:
    """Twice, into two folders."""
    convert(source, tmp_path / "one")
    convert(source, tmp_path / "two")

    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


def test_names_of_files_and_their_order_don_t_matter(source, tmp_path, convert) -> None:
    """The hash of the input is that of the files' bytes."""
    convert(source, tmp_path / "one")
    for number, path in enumerate(sorted(source.iterdir(), reverse=True)):
        path.rename(source / f"z{number}")
    convert(source, tmp_path / "two")

    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


def test_a_second_run_changes_nothing(source, convert) -> None:
    """Same verdict; the volume is not even touched."""
    [first] = convert(source)
    before = Path(first["path"]).stat()

    [second] = convert(source)

    assert second == first
    assert Path(first["path"]).stat().st_mtime_ns == before.st_mtime_ns


def test_another_image_of_that_name_is_not_overwritten(source, convert) -> None:
    """The series is quarantined; what was there stays byte for byte."""
    [first] = convert(source)
    image = nib.load(first["path"])
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj) + 1, image.affine), first["path"])
    before = Path(first["path"]).read_bytes()

    [second] = convert(source)

    assert second["reason"].startswith("output-differs: ")
    assert Path(first["path"]).read_bytes() == before


def test_half_a_file_of_that_name_is_not_overwritten_either(source, convert) -> None:
    """It isn't ours to judge what it was."""
    [first] = convert(source)
    path = Path(first["path"])
    path.write_bytes(path.read_bytes()[:-20])

    [second] = convert(source)

    assert second["reason"].startswith("output-differs: ")


def test_a_lost_sidecar_is_written_again(source, convert) -> None:
    """A crash between the two files heals with the next run."""
    [verdict] = convert(source)
    before = sidecar_of(verdict).read_text()
    sidecar_of(verdict).unlink()

    convert(source)

    assert sidecar_of(verdict).read_text() == before


def test_the_sidecar_holds_what_later_stages_ask_for(source, convert) -> None:
    """Scanner, geometry, hashes, checks, versions, warnings."""
    [verdict] = convert(source)

    content = json.loads(sidecar_of(verdict).read_text())
    assert content["modality"] == "CT"
    assert content["scanner"] == {
        "Manufacturer": "Synthetic",
        "ManufacturerModelName": "One",
        "SoftwareVersions": "1.2",
    }
    assert content["spacing_mm"] == pytest.approx([0.6, 0.8, 2.5])
    assert content["shape"] == [10, 12, 5]
    assert content["versions"]["ccds"] == version("ccds")
    assert content["versions"]["dcm2niix"] == f"v{version('dcm2niix')}"
    assert content["warnings"] == verdict["warnings"]
    assert content["checks"]["slices_compared"] == 5


def test_work_left_by_a_killed_run_is_removed(source, out, convert) -> None:
    """It holds a copy of the images."""
    left = out / ".ccds-converting-left"
    left.mkdir(parents=True)
    (left / "volume.nii").write_bytes(b"voxels")
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))

    convert(source)

    assert not left.exists()


def test_work_of_a_run_that_lives_is_left_alone(source, out, convert) -> None:
    """Two people convert into one folder."""
    other = out / ".ccds-converting-other"
    other.mkdir(parents=True)
    long_ago = time.time() - 3600
    os.utime(other, (long_ago, long_ago))
    handle = os.open(other, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    convert(source)

    os.close(handle)
    assert other.exists()


def test_protocols_are_told_apart_without_their_names(tmp_path, convert) -> None:
    """Two series of one protocol have one mark, one of another has another, one without has none."""
    marks = []
    for number, protocol in enumerate(("Head routine", "Head routine", "Head thin", "")):
        folder = tmp_path / str(number)
        write_stack(folder, Stack(), lambda data, _index, said=protocol: setattr(data, "ProtocolName", said))
        [verdict] = convert(folder)
        sidecar = Path(verdict["path"].removesuffix(".nii.gz") + ".json").read_text()
        assert "routine" not in sidecar
        marks.append(json.loads(sidecar)["protocol"])

    assert marks[0] == marks[1] != marks[2]
    assert marks[3] is None
