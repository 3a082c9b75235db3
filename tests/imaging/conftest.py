"""What the tests of imaging share: the command with its JSON, and the real files, unpacked once."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ccds_kernel.cli import main
from support.shared_data import shared_data

Convert = Callable[..., list[dict]]


@pytest.fixture
def out(tmp_path) -> Path:
    """Where a test's volumes go."""
    return tmp_path / "out"


@pytest.fixture
def convert(out, capsys) -> Convert:
    """Runs `ccds imaging convert FOLDER OUT --json`; returns the verdicts."""

    def run(folder: Path, into: Path = out) -> list[dict]:
        status = main(["imaging", "convert", str(folder), str(into), "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return json.loads(said.out)

    return run


def _unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(shared_data(name)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def hard_cases(tmp_path_factory) -> Path:
    """The folder of real DICOM files that converters get wrong, with their reference NIfTI."""
    return _unpacked("dicom-hard-cases.tar.xz", tmp_path_factory.mktemp("hard")) / "dicom-hard-cases"


@pytest.fixture(scope="session")
def real_t1(tmp_path_factory) -> Path:
    """The 384 files of a real T1-weighted MR series."""
    return _unpacked("mr-t1-structural.tar.xz", tmp_path_factory.mktemp("t1")) / "mr-t1" / "dicoms"
