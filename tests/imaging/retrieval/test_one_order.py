"""Several studies under one accession number: of one patient they are one study, of two they are nobody's."""

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from ccds_kernel.archive.site import staging_of
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_kernel.imaging.retrieval.worker import Worker
from support.archive import Study
from support.lying_archive import LyingArchive

STUDIES = [Study(number, slices=4) for number in range(1, 5)]


def liar(folder: Path, patients: dict[int, str]) -> LyingArchive:
    """An archive of studies with one accession number: number → patient."""

    def one_order(data, _index) -> None:
        data.AccessionNumber, data.PatientID = "1", patients[int(data.PatientID[3:])]

    studies = [one for one in STUDIES if one.number in patients]
    return LyingArchive(says=[path for one in studies for path in one.write(folder / str(one.number), one_order)])


@pytest.fixture
def fetched(project, settings, criteria) -> Callable[[LyingArchive], dict[State, int]]:
    """Asks for everything and fetches it; what became of it."""

    def fetch(archive: LyingArchive) -> dict[State, int]:
        with archive.by_dicomweb() as adapter:
            RetrievalQueue(project).request(ask_archive(project, adapter, criteria).meeting, criteria)
            return Worker(project, adapter, Staging(staging_of(settings), project.folder, 0)).run()

    return fetch


def patients_of(project) -> list[set[str]]:
    """Whose files lie in each study's folder."""
    return [
        {pydicom.dcmread(path).PatientID for path in folder.rglob("*.dcm")}
        for folder in (project.folder / "dicom").iterdir()
    ]


def test_studies_of_one_order_come_one_after_the_other_into_one_folder(tmp_path, project, fetched):
    """However many threads there are; nothing of one is lost for the other."""
    assert fetched(liar(tmp_path, dict.fromkeys(range(1, 5), "PAT1"))) == {State.ARRIVED: 4}

    (folder,) = (project.folder / "dicom").iterdir()
    assert len(list(folder.iterdir())) == 4


def test_of_two_patients_none_is_taken(tmp_path, project, settings, fetched):
    """Nobody knows whose the report under that number is. The refusal says so, without the number."""
    assert fetched(liar(tmp_path, {1: "PAT1", 2: "PAT2"})) == {State.REFUSED: 2}

    told = [
        one["detail"] for one in FileAuditSink(settings.paths.audit).entries("HEAD-1") if one["event"] == "StudyRefused"
    ]
    assert {one["reason"] for one in told} == {"shared-accession"}
    assert RetrievalQueue(project).causes() == {"an accession number that another patient's study has, too": 2}
    assert list((project.folder / "dicom").iterdir()) == []


def test_what_only_files_say_is_seen_when_the_second_comes(tmp_path, project, fetched):
    """Where the archive's answers name no patient; what is in the project stays as it is."""
    archive = liar(tmp_path, {1: "PAT1", 2: "PAT2"})
    archive.leaves_out = {"PatientID"}

    assert fetched(archive) == {State.ARRIVED: 1, State.REFUSED: 1}
    assert patients_of(project) == [{"PAT1"}]


def test_a_folder_that_the_queue_says_nothing_of_is_looked_at(tmp_path, project, fetched):
    """As after a worker that was killed before the queue knew whose files it had put there."""
    archive = liar(tmp_path / "first", {1: "PAT1"})
    fetched(archive)
    other = liar(tmp_path / "second", {2: "PAT2"})
    with project.store.writing() as connection:
        connection.exec_driver_sql("UPDATE retrieval SET patient = NULL")

    assert fetched(other) == {State.REFUSED: 1}
    assert patients_of(project) == [{"PAT1"}]
