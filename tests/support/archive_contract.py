"""What every archive's adapter keeps, whichever protocol it speaks: run on each of them, against real peers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.uid import JPEG2000, UID, ExplicitVRLittleEndian, RLELossless, generate_uid

from ccds_kernel.archive.archive import Archive, ArchiveQuery, Retrieved, StudyFound, StudyNotSent
from ccds_kernel.quiet_pydicom import quiet_pydicom
from support.archive import Study

HEADS = Study(1, date=date(2024, 1, 15)), Study(2, date=date(2024, 1, 31), time="081500", slices=4)
CHEST = Study(3, exam_code="CTCHEST", date=date(2024, 2, 1), slices=2, station="CT8")
EARLY = Study(4, date=date(2023, 12, 31))
LATE = Study(5, date=date(2024, 3, 1))
UNKNOWN = Study(6, exam_code=None, date=date(2024, 2, 10), slices=1)
STUDIES = (*HEADS, CHEST, EARLY, LATE, UNKNOWN)
"""What the archive of the contract holds, beside `COMPRESSED`, `MAKERS` and `ODD`."""

COMPRESSED = Study(7, exam_code="MRHEAD", date=date(2024, 4, 1))
MAKERS = Study(8, exam_code="MRHEAD", date=date(2024, 4, 2), slices=2)
"""An image, and an object of a class that only its maker knows."""

ODD = Study(9, exam_code="MRHEAD", date=date(2024, 4, 3), slices=2)
"""With values that DICOM doesn't allow; its UID is `ODD_UID`."""
ODD_UID = "1.2.0840.00113.7"

_OF_A_MAKER = UID("1.3.12.2.1107.5.9.1")

QUERY = ArchiveQuery(frozenset({"CTHEAD"}), date(2024, 1, 1), date(2024, 2, 29))


_FIRST = StudyFound(
    study_uid=HEADS[0].uid,
    accession="ACC00001",
    patient="PAT00001",
    exam_codes=("CTHEAD",),
    date=date(2024, 1, 15),
    time="120000",
    modalities=("CT",),
    scanner="Synthetic One CT7",
    instances=3,
)


def ignore(instances: int, size: int) -> None:
    """A progress that nobody looks at."""


class ArchiveContract:
    """Subclasses give the fixture `archive`, an adapter to an archive that holds `STUDIES` and what `write_others` writes.

    Attributes:
        unsaid: what this archive doesn't say of studies: fields of `StudyFound`, as they are then.
        unsent: studies of which it can't send all, this way: that something is missing is told, by it or by the numbers.
    """

    unsaid: Mapping[str, object] = {}
    unsent: Collection[Study] = ()

    @pytest.fixture
    def into(self, tmp_path: Path) -> Path:
        """An empty folder."""
        folder = tmp_path / "into"
        folder.mkdir()
        return folder

    def test_it_finds_what_was_asked_for(self, archive: Archive):
        """Each study once, whatever else the archive answers; with the values by which it is checked again."""
        found = by_uid(archive.find(QUERY))

        first, second = (found[one.uid] for one in HEADS)
        assert first == replace(_FIRST, **self.unsaid)
        assert second.time == "081500"
        assert second.instances == self.unsaid.get("instances", 4)

    def test_what_it_did_not_ask_for_is_told_by_the_query(self, archive: Archive):
        """An archive that ignores a filter answers with more: each such study is known as not asked for, or as unknown."""
        found = by_uid(archive.find(QUERY))

        covered = {uid: QUERY.covers(one.exam_codes, one.date) for uid, one in found.items()}
        assert all(covered[one.uid] is not False for one in HEADS)
        if "exam_codes" in self.unsaid:
            return
        assert {uid for uid, yes in covered.items() if yes} == {one.uid for one in HEADS}
        assert all(covered.get(one.uid) is False for one in (CHEST, EARLY, LATE) if one.uid in covered)
        assert covered.get(UNKNOWN.uid) is None

    def test_several_codes_and_one_day(self, archive: Archive):
        """Codes are asked for one by one, and their answers are one list."""
        query = ArchiveQuery(frozenset({"CTHEAD", "CTCHEST"}), date(2024, 1, 31), date(2024, 2, 1))

        found = [one for one in archive.find(query) if query.covers(one.exam_codes, one.date) is not False]

        assert sorted(one.study_uid for one in found) == sorted((HEADS[1].uid, CHEST.uid))

    def test_a_study_by_its_accession_number(self, archive: Archive):
        """That one, and no other that begins so; of one that isn't there nothing."""
        (found,) = archive.find_study(CHEST.accession)

        assert (found.study_uid, found.patient, found.date) == (CHEST.uid, CHEST.patient, CHEST.date)
        assert found.exam_codes == self.unsaid.get("exam_codes", ("CTCHEST",))
        assert list(archive.find_study(CHEST.accession[:-1])) == []

    def test_a_study_by_its_uid(self, archive: Archive):
        """That one; of one that isn't there nothing."""
        found = archive.study(CHEST.uid)

        assert found is not None
        assert (found.study_uid, found.accession, found.patient) == (CHEST.uid, CHEST.accession, CHEST.patient)
        assert (found.date, found.exam_codes) == (CHEST.date, self.unsaid.get("exam_codes", ("CTCHEST",)))
        assert archive.study("1.2.3.4.5") is None

    def test_it_fetches_a_study_whole(self, archive: Archive, into: Path):
        """Every instance is a file, as many as announced, and nothing else is there; progress adds up."""
        seen: list[tuple[int, int]] = []

        retrieved = archive.retrieve(HEADS[1].uid, into, lambda instances, size: seen.append((instances, size)))

        files = sorted(into.iterdir())
        assert retrieved == Retrieved(received=4, announced=4)
        assert [path.suffix for path in files] == [".dcm"] * 4
        assert sum(count for count, _ in seen) == 4
        assert sum(size for _, size in seen) == sum(path.stat().st_size for path in files)
        assert {pydicom.dcmread(path).StudyInstanceUID for path in files} == {HEADS[1].uid}

    def test_the_pixels_are_those_that_the_archive_was_given(self, archive: Archive, into: Path, tmp_path: Path):
        """Nothing is decoded or altered on the way."""
        given = HEADS[0].write(tmp_path / "given")

        archive.retrieve(HEADS[0].uid, into, ignore)

        came = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, into.iterdir())}
        for data in map(pydicom.dcmread, given):
            assert came[data.SOPInstanceUID].PixelData == data.PixelData
            assert came[data.SOPInstanceUID].file_meta.TransferSyntaxUID == data.file_meta.TransferSyntaxUID

    def test_each_instance_comes_as_the_archive_has_it(self, archive: Archive, into: Path):
        """One study in several transfer syntaxes, compressed ones among them."""
        if COMPRESSED in self.unsent:
            assert is_short(archive, COMPRESSED, into)
            return

        retrieved = archive.retrieve(COMPRESSED.uid, into, ignore)

        syntaxes = {pydicom.dcmread(path).file_meta.TransferSyntaxUID for path in into.iterdir()}
        assert retrieved == Retrieved(3, 3)
        assert syntaxes == {ExplicitVRLittleEndian, RLELossless, JPEG2000}

    def test_objects_of_a_maker_s_own_class_come_too(self, archive: Archive, into: Path):
        """Scanners send such beside their images: without them a study would never be whole."""
        if MAKERS in self.unsent:
            assert is_short(archive, MAKERS, into)
            return

        retrieved = archive.retrieve(MAKERS.uid, into, ignore)

        assert retrieved == Retrieved(2, 2)
        assert _OF_A_MAKER in {pydicom.dcmread(path).SOPClassUID for path in into.iterdir()}

    def test_values_that_dicom_does_not_allow(self, archive: Archive, into: Path, caplog):
        """Zeros before a UID's numbers, a patient's id that is too long: found and fetched all the same, and quoted nowhere."""
        (found,) = archive.find_study(ODD.accession)
        retrieved = archive.retrieve(found.study_uid, into, ignore)

        assert (found.study_uid, found.patient) == (ODD_UID, "P" * 64)
        assert retrieved == Retrieved(2, 2)
        assert caplog.text == ""

    def test_a_study_that_is_not_there_is_no_success(self, archive: Archive, into: Path):
        """Nothing is announced and nothing comes, or it is said that it wasn't sent."""
        try:
            retrieved = archive.retrieve("1.2.3.4.5", into, ignore)
        except StudyNotSent:
            retrieved = Retrieved(0, 0)

        assert retrieved == Retrieved(0, 0)
        assert list(into.iterdir()) == []

    def test_several_threads_at_once(self, archive: Archive, tmp_path: Path):
        """Each study's files go to its own folder."""
        folders = [tmp_path / str(one.number) for one in STUDIES]
        for folder in folders:
            folder.mkdir()

        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda one, folder: archive.retrieve(one.uid, folder, ignore), STUDIES, folders))

        assert done == [Retrieved(one.slices, one.slices) for one in STUDIES]
        for one, folder in zip(STUDIES, folders, strict=True):
            assert {pydicom.dcmread(path).PatientID for path in folder.iterdir()} == {one.patient}

    def test_a_disk_that_cannot_be_written_is_told(self, archive: Archive, into: Path):
        """As the operating system says it, and not as the archive's fault; no half file is left."""
        into.rmdir()

        with pytest.raises(OSError, match="No such file"):
            archive.retrieve(HEADS[0].uid, into, ignore)


def is_short(archive: Archive, study: Study, into: Path) -> bool:
    """Whether it is told, when a study is fetched, that not all of it came."""
    try:
        retrieved = archive.retrieve(study.uid, into, ignore)
    except StudyNotSent:
        return True
    return retrieved.received < retrieved.announced


def _make_odd(data: Dataset, index: int) -> None:
    data.StudyInstanceUID, data.SeriesInstanceUID = ODD_UID, f"{ODD_UID}.01"
    data.SOPInstanceUID = f"{ODD_UID}.01.0{index}"
    data.PatientID, data.StudyTime = "P" * 70, "25:99"


def write_others(folder: Path) -> list[Path]:
    """Writes `COMPRESSED`, which are pydicom's test files in three transfer syntaxes, `MAKERS` and `ODD` into `folder`."""
    for name in ("makers", "odd"):
        (folder / name).mkdir()
    paths = MAKERS.write(folder / "makers")
    data = pydicom.dcmread(paths[0])
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = _OF_A_MAKER
    data.save_as(paths[0])
    with quiet_pydicom():
        paths += ODD.write(folder / "odd", _make_odd)
    for name in ("MR_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm"):
        data = pydicom.dcmread(str(get_testdata_file(name)))
        data.StudyInstanceUID, data.PatientID = COMPRESSED.uid, COMPRESSED.patient
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[name])
        data.save_as(folder / name)
        paths.append(folder / name)
    return paths


def by_uid(found: Iterable[StudyFound]) -> dict[str, StudyFound]:
    """By StudyInstanceUID; each is there once."""
    studies = list(found)
    assert len({one.study_uid for one in studies}) == len(studies)
    return {one.study_uid: one for one in studies}
