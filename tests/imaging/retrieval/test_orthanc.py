"""From the archive into the project, with a real Orthanc: exactly what was asked for and approved."""

import itertools
from datetime import date
from functools import partial

import pydicom
import pytest

from ccds_kernel.archive.associations import Peer
from ccds_kernel.archive.dicomweb import DicomwebArchive
from ccds_kernel.archive.dimse import DimseArchive
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.site import staging_of
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_kernel.imaging.retrieval.worker import Worker
from support.archive import Study
from support.orthanc import AE_TITLE, OURS, PASSWORD, USER, running_orthanc

CODES = ("CTHEAD", "MRHEAD", "CTCHEST", "CTABD", "MRKNEE")
DAYS = (date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 29), date(2024, 4, 1))
STUDIES = [
    Study(number, exam_code=code, date=day)
    for number, (code, day) in enumerate(itertools.product(CODES, DAYS), start=1)
]
WANTED = {one.uid for one in STUDIES if one.exam_code in CODES[:2] and one.date in DAYS[1:3]}

CODE = ExamCodeAttribute.parse("ProcedureCodeSequence.CodeValue")


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """An Orthanc with every exam code on every day."""
    with running_orthanc() as running:
        for study in STUDIES:
            running.add(study.write(tmp_path_factory.mktemp("study")))
        yield running


@pytest.fixture(params=["dicomweb", "c-get"])
def archive(request, orthanc):
    """It, over each protocol."""
    if request.param == "dicomweb":
        return DicomwebArchive(orthanc.url, CODE, login=(USER, PASSWORD), timeout_s=30)
    return DimseArchive(Peer("127.0.0.1", orthanc.dicom, AE_TITLE, OURS, 30), CODE)


def describe(exam, data, _index) -> None:
    """Writes the exam code where some sites have it."""
    data.StudyDescription = exam


@pytest.fixture(params=["dicomweb", "c-get"])
def by_description(request, tmp_path_factory):
    """An archive with the exam code in the study's description, of two exams of one day, and what asks it."""
    code = ExamCodeAttribute.parse("StudyDescription")
    with running_orthanc() as running:
        for number, exam in enumerate(("CTHEAD", "CTKNEE"), start=91):
            study = Study(number, exam_code=None)
            running.add(study.write(tmp_path_factory.mktemp("study"), partial(describe, exam)))
        if request.param == "dicomweb":
            yield DicomwebArchive(running.url, code, login=(USER, PASSWORD), timeout_s=30)
        else:
            yield DimseArchive(Peer("127.0.0.1", running.dicom, AE_TITLE, OURS, 30), code)


class TestAnotherAttribute:
    """A site that keeps the exam code elsewhere names where."""

    @pytest.fixture
    def archive_settings(self):
        """The site's."""
        return {"keep_free_mb": 0, "exam_code": "StudyDescription"}

    def test_it_is_asked_read_and_proven_by_it(self, project, settings, by_description, criteria):
        """In the query, in the answer, and in every file."""
        found = ask_archive(project, by_description, criteria)
        RetrievalQueue(project).request(found.meeting, criteria)

        tally = Worker(project, by_description, Staging(staging_of(settings), project.folder, 0)).run()

        assert [one.exam_codes for one in found.meeting] == [("CTHEAD",)]
        assert tally == {State.ARRIVED: 1}


def test_exactly_those_studies_arrive(project, settings, archive, criteria):
    """Two exam codes out of five and a range of dates, from an archive that ignores the filter for codes."""
    found = ask_archive(project, archive, criteria)
    queue = RetrievalQueue(project)
    queue.request(found.meeting, criteria)

    tally = Worker(project, archive, Staging(staging_of(settings), project.folder, 0)).run()

    arrived = [pydicom.dcmread(path) for path in project.folder.glob("dicom/*/*/*.dcm")]
    assert tally == {State.ARRIVED: len(WANTED)}
    assert {data.StudyInstanceUID for data in arrived} == WANTED
    assert len(arrived) == 3 * len(WANTED)
    assert {one.study_key for one in queue.requests()} == {path.name for path in (project.folder / "dicom").iterdir()}
