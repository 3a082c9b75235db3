"""Filling a demo's project: once, whole, again and again without work, and never over what people did."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from ccds_kernel.demo.hospital import PROJECT, STARTER_PHRASES, Hospital
from ccds_kernel.demo.images import image_tasks, make_images
from ccds_kernel.demo.mark import NAME, Contents
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import VolumeRuns
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import Settings
from support.waiting import until

SMALL = Contents(version=1, seed=3, reports=40, series=3)
STEPS = [
    "40 reports",
    "3 image series",
    "a deployed model's predictions for 40 studies",
    "the verdicts of 3 volumes",
    "a labelling task that two labelers have begun to confirm",
]
FILLING = """
import sys
from pathlib import Path
from ccds_kernel.demo.hospital import Hospital
if __name__ == "__main__":
    hospital = Hospital(Path(sys.argv[1]))
    hospital.claim()
    for step in hospital.fill(hospital.configure(8000, 8001, 8002, 8003)):
        print(step, flush=True)
"""


def made(folder: Path, contents: Contents = SMALL) -> tuple[Hospital, Settings, Path]:
    """A demo in `folder` that isn't filled yet, its settings, and where its project's folder will be."""
    hospital = Hospital(folder / "site", contents)
    hospital.claim()
    return hospital, hospital.configure(8000, 8001, 8002, 8003), folder / "site" / "projects" / PROJECT


@dataclass(frozen=True)
class Filled:
    """A demo that was filled, and what was said meanwhile."""

    hospital: Hospital
    settings: Settings
    project: Path
    said: list[str]


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Filled:
    """A demo after its first fill, for tests that leave it so: that takes seconds."""
    hospital, settings, project = made(tmp_path_factory.mktemp("first"))
    return Filled(hospital, settings, project, list(hospital.fill(settings)))


def files_of(project: Path) -> dict[Path, tuple[int, int]]:
    """Every file with its inode and when it was last changed."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in project.rglob("*") if path.is_file()}


def assert_whole(project: Path, contents: Contents = SMALL) -> None:
    """Every series is there, as DICOM and as an accepted volume with its sidecar; nothing half made is left."""
    series = sorted(path.parent.name for path in project.glob("dicom/*/1"))
    volumes = sorted(path.parent.name for path in project.glob("nifti/*/*.nii.gz"))
    sidecars = sorted(path.parent.name for path in project.glob("nifti/*/*.json"))
    assert len(series) == contents.series
    assert series == volumes == sidecars
    assert all(64 <= len(list(folder.iterdir())) <= 96 for folder in project.glob("dicom/*/1"))
    assert list((project / "dicom").rglob(".*")) == []
    assert list((project / "nifti").rglob(".*")) == []


class TestFirstFill:
    """What a new demo has."""

    def test_reports_images_volumes_and_a_phrase_file(self, first):
        """Everything is there; the project's own phrase list is empty, as it is for a fellow who begins."""
        opened = open_project(PROJECT, Action.OPEN_LABELING, person="fay", settings=first.settings)
        labeling = LabelingRepository(opened)
        assert len(labeling.reports()) == SMALL.reports
        assert labeling.phrases() == ()
        opened.store.close()
        assert first.said == STEPS
        assert (first.project / "phrases" / "starter.csv").read_bytes() == STARTER_PHRASES.read_bytes()
        assert_whole(first.project)

    def test_the_rules_choose_each_study_s_series(self, first):
        """So none waits, and whoever makes volumes again makes the same ones; none is set aside."""
        volumes = {path: path.read_bytes() for path in first.project.glob("nifti/*/*.nii.gz")}
        opened = open_project(PROJECT, Action.WRITE_IMAGES, person="sam", settings=first.settings)
        studies = ImageStudies(opened)
        told = [
            (one.series, one.warnings, studies.series_numbers(key))
            for key in studies.study_keys()
            for one in StudiesOverview(opened).volumes(key).values()
        ]
        waiting = VolumeRuns(opened).waiting()

        again = [one for key in studies.study_keys() for one in studies.make_volumes(key)]

        opened.store.close()
        assert waiting == []
        assert [numbers for _, _, numbers in told] == [{series: 2} for series, _, _ in told]
        assert [(one.series, one.warnings) for one in again] == [(series, warnings) for series, warnings, _ in told]
        assert len(told) == SMALL.series
        assert {path: path.read_bytes() for path in first.project.glob("nifti/*/*.nii.gz")} == volumes

    def test_the_volumes_keep_the_scanner_and_no_accession(self, first):
        """A sidecar names maker and software; no name of a folder or file holds an accession or patient number."""
        scanners = [json.loads(path.read_text())["scanner"] for path in first.project.glob("nifti/*/*.json")]
        names = [str(path.relative_to(first.project)) for path in first.project.rglob("*")]

        assert all(scanner["Manufacturer"] and scanner["SoftwareVersions"] for scanner in scanners)
        assert not any("DEMO-" in name for name in names)


class TestSecondFill:
    """A start of a demo that is complete."""

    def test_nothing_is_made_or_touched_again(self, tmp_path):
        """No step, no file changed, and what people changed or removed stays so."""
        hospital, settings, project = made(tmp_path)
        list(hospital.fill(settings))
        (project / "phrases" / "starter.csv").write_text("phrase,label\nmine,present\n")
        next(project.glob("nifti/*/*.nii.gz")).unlink()
        before = files_of(project)

        said = list(hospital.fill(settings))

        assert said == []
        assert files_of(project) == before


class TestInterruptedFill:
    """A start after one that didn't come to its end."""

    def test_it_is_finished_and_what_is_done_is_not_done_again(self, tmp_path):
        """Stopped between two series: the next start makes the others, and leaves the first one and people's edits alone."""
        hospital, settings, project = made(tmp_path)
        steps = hospital.fill(settings)
        assert [next(steps), next(steps)] == STEPS[:2]
        steps.close()
        (project / "phrases" / "starter.csv").write_text("phrase,label\nmine,present\n")
        opened = open_project(PROJECT, Action.LOAD_REPORTS, person=settings.hub.administrators[0], settings=settings)
        counts = make_images(image_tasks(opened, SMALL.seed, 1))
        assert list(counts) == [0, 1]
        opened.store.close()
        before = {path: state for path, state in files_of(project).items() if path.suffix in {".dcm", ".gz", ".csv"}}

        said = list(hospital.fill(settings))

        after = files_of(project)
        assert said == STEPS
        assert len(before) > 64
        assert {path: after[path] for path in before} == before
        assert_whole(project)

    def test_what_a_kill_left_half_made_is_removed(self, tmp_path):
        """Folders of a series or a conversion that weren't finished go; the series and its volume are made."""
        hospital, settings, project = made(tmp_path)
        list(hospital.fill(settings))
        study = next((project / "dicom").iterdir())
        (study / "1").rename(study / ".series-half")
        (project / "nifti" / ".ccds-converting-half").mkdir()
        next((project / "nifti" / study.name).glob("*.nii.gz")).unlink()
        mark = project / NAME
        mark.write_text(mark.read_text().replace("true", "false"))

        list(hospital.fill(settings))

        assert_whole(project)

    def test_killed_it_leaves_no_process(self, tmp_path):
        """The processes that make images end with their parent, even one that is killed -9."""
        site, script = tmp_path / "site", tmp_path / "filling.py"
        script.write_text(FILLING)
        filling = subprocess.Popen([sys.executable, "-P", str(script), str(site)], stdout=subprocess.DEVNULL)
        until(lambda: list(site.glob("projects/*/nifti/*/*.nii.gz")), "the first volume", seconds=60)
        workers = psutil.Process(filling.pid).children(recursive=True)

        filling.kill()
        filling.wait()

        assert workers
        until(lambda: not any(worker.is_running() for worker in workers), "the workers to end", seconds=30)


class TestOtherContents:
    """A folder that another version of the demo filled."""

    def test_other_reports_and_images_are_refused(self, first):
        """One line that says what to do; nothing is changed."""
        before = files_of(first.project)

        with pytest.raises(CcdsError, match=r"expected a demo of this version.*; found .*; .*--folder"):
            list(Hospital(first.hospital.folder, Contents(2, 3, 40, 3)).fill(first.settings))

        assert files_of(first.project) == before

    @pytest.mark.parametrize("mark", [None, "", "{}", '{"contents": {"seed": 3}, "finished": true}'])
    def test_images_without_a_mark_that_can_be_read_are_refused(self, tmp_path, mark):
        """A demo from before there were marks, or one whose mark is damaged: they may be of other reports."""
        hospital, settings, project = made(tmp_path)
        next(hospital.fill(settings))
        (project / "dicom" / "study").mkdir(parents=True)
        (project / NAME).unlink()
        if mark is not None:
            (project / NAME).write_text(mark)

        with pytest.raises(CcdsError, match="a demo of this version"):
            next(hospital.fill(settings))
