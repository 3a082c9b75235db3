"""One Orthanc for all tests of adapters that only read from it."""

from collections.abc import Iterator

import pytest

from support.archive_contract import STUDIES, write_others
from support.dcmtk import Dcmtk, running_dcmtk
from support.orthanc import Orthanc, running_orthanc


@pytest.fixture(scope="module")
def dcmtk(tmp_path_factory) -> Iterator[Dcmtk]:
    """A dcmqrscp that holds the studies of the contract."""
    with running_dcmtk() as running:
        for study in STUDIES:
            running.add(study.write(tmp_path_factory.mktemp("study")))
        running.add(write_others(tmp_path_factory.mktemp("compressed")))
        yield running


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[Orthanc]:
    """An Orthanc that holds the studies of the contract."""
    with running_orthanc() as running:
        for study in STUDIES:
            running.add(study.write(tmp_path_factory.mktemp("study")))
        running.add(write_others(tmp_path_factory.mktemp("compressed")))
        yield running
