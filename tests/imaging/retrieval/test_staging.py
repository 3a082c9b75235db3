"""From staging into the project: whole, under the project's permissions, nothing overwritten, nothing half left."""

import shutil
import stat
from pathlib import Path

import pytest

from ccds_kernel.archive.claims import Claim
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.staging import OtherCopy, Staging

KEY = "aaaaaaaaaaaaaaaa"


@pytest.fixture
def project(tmp_path) -> Path:
    """A project's directory."""
    folder = tmp_path / "projects" / "HEAD-1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def staging(tmp_path, project) -> Staging:
    """Its staging."""
    return Staging(tmp_path / "staging", project, 0)


def claims(folder: Path, *files: tuple[str, str]) -> list[Claim]:
    """Files that came, as (series, content), named by their content as `Inbox` does."""
    found = []
    for series, content in files:
        path = folder / f"{content}.dcm"
        path.write_text(content, encoding="utf-8")
        found.append(Claim(path, "1.2", series, content, "P", "A"))
    return found


def published(project: Path) -> dict[str, set[str]]:
    """Series folder → names of its files."""
    return {folder.name: {path.name for path in folder.iterdir()} for folder in (project / "dicom" / KEY).iterdir()}


def test_each_series_has_a_folder(staging, project):
    """Named by hashes: a UID that came from outside is part of no path."""
    with staging.mine(), staging.study("one") as folder:
        staging.publish(claims(folder, ("../../1", "a"), ("../../1", "b"), ("2", "c")), KEY, "one")

    assert sorted(published(project).values(), key=len) == [{"c.dcm"}, {"a.dcm", "b.dcm"}]
    assert all(name.startswith("series-") for name in published(project))
    assert [path.name for path in (project / "dicom").iterdir()] == [KEY]


def test_nothing_is_left_in_staging(tmp_path, staging):
    """However a study's turn ends."""

    def break_off() -> None:
        with staging.study("one") as folder:
            claims(folder, ("1", "a"))
            folder.mkdir()

    with staging.mine():
        with pytest.raises(FileExistsError):
            break_off()

        assert [path.name for path in (tmp_path / "staging" / "HEAD-1").iterdir()] == []


def test_staging_is_closed(staging):
    """What hasn't proven itself may be anybody's: no member of a project reads it."""
    with staging.mine(), staging.study("one") as folder:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder)]

    assert modes == [0o700, 0o700]


def test_the_same_study_again_changes_nothing(staging, project):
    """As after a worker that was killed between the files and the row that says they are there: that is told."""
    repeated = []
    for _ in range(2):
        with staging.mine(), staging.study("one") as folder:
            repeated.append(staging.publish(claims(folder, ("1", "a"), ("2", "b")), KEY, "one"))

    assert repeated == [False, True]
    assert sorted(map(sorted, published(project).values())) == [["a.dcm"], ["b.dcm"]]


def test_the_same_study_in_other_bytes_after_a_worker_that_was_killed(staging, project):
    """Whole series of before stay, those that are missing come beside them: the archive wrote other headers this time."""
    with staging.mine(), staging.study("one") as folder:
        staging.publish(claims(folder, ("1", "a"), ("2", "b")), KEY, "one")
    first = published(project)
    gone = min(first)
    shutil.rmtree(project / "dicom" / KEY / gone)

    with staging.mine(), staging.study("one") as folder:
        repeated = staging.publish(claims(folder, ("1", "other a"), ("2", "other b")), KEY, "one")

    assert not repeated
    after = published(project)
    assert after.keys() == first.keys()
    assert [series for series in first if after[series] != first[series]] == [gone]


def test_what_the_queue_knows_is_no_excuse(staging):
    """Once it was told that a study is there, other bytes are another copy again."""
    with staging.mine():
        with staging.study("one") as folder:
            staging.publish(claims(folder, ("1", "a")), KEY, "one")
        staging.forget("one")

        with staging.study("one") as folder, pytest.raises(OtherCopy):
            staging.publish(claims(folder, ("1", "other a")), KEY, "one")


def test_another_study_of_the_accession_number_comes_beside_it(staging, project):
    """One order, two studies of one patient: their series lie in one study's folder."""
    with staging.mine():
        for files in ((("1", "a"),), (("2", "b"),)):
            with staging.study("one") as folder:
                staging.publish(claims(folder, *files), KEY, "one")

    assert len(published(project)) == 2


def test_another_copy_of_a_series_is_left_alone(staging, project):
    """Neither is overwritten nor mixed; not even the series that are new are put there."""
    with staging.mine():
        with staging.study("one") as folder:
            staging.publish(claims(folder, ("1", "a"), ("1", "b")), KEY, "one")
        before = published(project)

        with staging.study("two") as folder, pytest.raises(OtherCopy):
            staging.publish(claims(folder, ("1", "a"), ("3", "c")), KEY, "two")

    assert published(project) == before


def test_what_a_killed_worker_left_is_cleared(tmp_path, staging, project):
    """Half a study in staging, half a copy of it in the project; what is whole stays."""
    with staging.mine(), staging.study("one") as folder:
        staging.publish(claims(folder, ("1", "a")), KEY, "one")
        staging.forget("one")
    for left in (tmp_path / "staging" / "HEAD-1" / "two", project / "dicom" / ".arriving-b"):
        left.mkdir()
        (left / "half").touch()
    (tmp_path / "staging" / "HEAD-1" / ".one.files.abcdefgh").touch()

    with staging.mine():
        assert [path.name for path in (tmp_path / "staging" / "HEAD-1").iterdir()] == []
        assert {path.name for path in (project / "dicom").iterdir()} == {".fetching", KEY}


def test_projects_do_not_wait_for_each_other(tmp_path, staging, project):
    """The lock is the project's."""
    (project.parent / "CHEST-1").mkdir()
    other = Staging(tmp_path / "staging", project.parent / "CHEST-1", 0)

    with staging.mine(), other.mine(), pytest.raises(CcdsError, match="found one at work"), staging.mine():
        pass


def test_workers_on_two_hosts_keep_away_from_each_other(tmp_path, staging, project):
    """Each stages on a disk of its own; the project is one."""
    other = Staging(tmp_path / "scratch of another host", project, 0)

    with staging.mine(), pytest.raises(CcdsError, match="found one at work"), other.mine():
        pass

    with other.mine():
        pass


def test_a_place_that_cannot_be_written_is_told(tmp_path, project):
    """As for somebody who isn't the service account: who fetches then."""
    (tmp_path / "file").touch()
    staging = Staging(tmp_path / "file" / "staging", project, 0)

    with pytest.raises(CcdsError, match="let the service account fetch"), staging.mine():
        pass
