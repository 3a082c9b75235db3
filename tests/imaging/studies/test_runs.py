"""Volumes of all studies that wait: counted, stopped, taken over by somebody else, told why it ended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import GONE_SECONDS, VolumeRuns
from ccds_kernel.imaging.studies.tables import volume_run
from ccds_kernel.imaging.verdict import Status
from ccds_kernel.irb.rules import ProjectAccessDenied
from support.dicom import Stack, write_stack
from support.image_studies import KEY, RULES, name_of
from support.postgresql import each_engine

pytestmark = pytest.mark.usefixtures("study")

OTHER = "bbbbbbbbbbbbbbbb"
TILTED = RULES + "correct: [gantry-tilt]\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[dict[str, Any]]:
    """What the site's [database] says: each engine in turn."""
    yield from each_engine(request, tmp_path / "site" / "state", schema="head-1")


@pytest.fixture
def project(open_as):
    """Eve's, with rules."""
    project = open_as("eve")
    ImageStudies(project).keep_rules(RULES)
    return project


@pytest.fixture
def runs(project):
    """Eve's runs."""
    return VolumeRuns(project)


def silent_for(project, seconds: float) -> None:
    """Lets the newest run be one of which nobody was heard for so long."""
    with project.store.writing() as connection:
        connection.execute(update(volume_run).values(beat_at=datetime.now(UTC) - timedelta(seconds=seconds)))


def lean(data, index) -> None:
    """A gantry tilt."""
    x, y, z = data.ImagePositionPatient
    data.ImagePositionPatient = [x, y + index * 0.7, z]


def test_a_run_makes_the_volumes_that_wait(runs, project, study) -> None:
    """Then none waits any more."""
    before = runs.waiting()
    runs.work(runs.begin())

    run = runs.newest()
    assert (before, runs.waiting()) == ([KEY], [])
    assert (run.person, run.total, run.done, run.cause) == ("eve", 1, 1, None)
    assert run.ended is not None
    [judged] = ImageStudies(project).make_volumes(KEY)
    assert (judged.series, judged.status) == (name_of(study["thin"]), Status.ACCEPTED)


def test_a_study_without_a_chosen_series_waits_only_until_it_was_read(runs, folder) -> None:
    """Then it is known that nothing is to be made of it."""
    write_stack(folder.parent / OTHER / "one", Stack())

    runs.work(runs.begin())

    assert (runs.newest().done, runs.waiting()) == (2, [])


def test_another_choice_waits_again(runs, project, study) -> None:
    """Also where none is to be the volume: what was made of it is set aside."""
    runs.work(runs.begin())
    studies = ImageStudies(project)
    waiting = []
    for series in (name_of(study["thick"]), None):
        studies.overrule(KEY, series, "why")
        waiting.append(runs.waiting())
        runs.work(runs.begin())

    assert waiting == [[KEY], [KEY]]
    assert runs.waiting() == []


def test_what_rules_correct_from_now_on_waits_again(runs, project, folder) -> None:
    """What they don't stays in quarantine."""
    write_stack(folder / "leaning", Stack(slices=40), lean)
    runs.work(runs.begin())
    before = runs.waiting()

    ImageStudies(project).keep_rules(TILTED)

    assert (before, runs.waiting()) == ([], [KEY])
    runs.work(runs.begin())
    assert (ImageStudies(project).quarantine(), runs.waiting()) == ([], [])


def test_a_volume_that_is_gone_waits_again(runs, project, study) -> None:
    """Masks and data lists would miss it, and nothing else would tell."""
    runs.work(runs.begin())
    volume = project.folder / "nifti" / KEY / f"{name_of(study['thin'])}.nii.gz"
    volume.unlink()

    waiting = runs.waiting()
    runs.work(runs.begin())

    assert (waiting, runs.waiting(), volume.exists()) == ([KEY], [], True)


def test_what_was_let_pass_and_never_converted_waits(runs, project, folder) -> None:
    """As where the session ended meanwhile: the person's word isn't lost."""
    write_stack(folder / "leaning", Stack(slices=40), lean)
    runs.work(runs.begin())
    [judged] = ImageStudies(project).quarantine()
    with project.store.writing() as connection:
        rows.add_pass(connection, judged, "gantry-tilt", "agreed", "eve")

    before = runs.waiting()
    runs.work(runs.begin())

    assert (before, runs.waiting(), ImageStudies(project).quarantine()) == ([KEY], [], [])


def test_without_rules_nothing_is_made(open_as) -> None:
    """Nor is what somebody made in another way set aside."""
    runs = VolumeRuns(open_as("eve"))

    with pytest.raises(CcdsError, match="expected selection rules"):
        runs.begin()

    assert runs.newest() is None


def test_one_run_at_a_time(runs) -> None:
    """Of whoever it is; nothing is begun where nothing waits."""
    run = runs.begin()
    with pytest.raises(CcdsError, match="one of eve, 0 of 1 studies done"):
        runs.begin()
    runs.work(run)
    with pytest.raises(CcdsError, match="expected studies that wait for volumes"):
        runs.begin()


def test_a_run_that_is_stopped_ends_before_the_next_study(runs) -> None:
    """It says so, and the study still waits."""
    run = runs.begin()

    runs.stop()
    runs.work(run)

    ended = runs.newest()
    assert (ended.done, ended.cause, ended.ended is None) == (0, "stopped", False)
    assert runs.waiting() == [KEY]


def test_a_run_that_was_left_is_taken_over(runs, project) -> None:
    """What was done counts on; the same run."""
    first = runs.begin()
    silent_for(project, GONE_SECONDS + 1)
    left = runs.newest()

    second = runs.begin()
    runs.work(second)

    assert left.is_left(datetime.now(UTC))
    assert (second.id, second.is_left(datetime.now(UTC))) == (first.id, False)
    assert (runs.newest().done, runs.newest().total) == (1, 1)


def test_whose_run_was_taken_over_leaves_it_alone(runs, project) -> None:
    """As a process that was held up for long and wakes: the other one counts, and ends it."""
    first = runs.begin()
    silent_for(project, GONE_SECONDS + 1)
    second = runs.begin()

    runs.work(first)

    assert (runs.newest().done, runs.newest().ended, runs.waiting()) == (0, None, [KEY])
    runs.work(second)
    assert (runs.newest().done, runs.newest().cause, runs.waiting()) == (1, None, [])


def test_a_run_that_was_left_can_be_ended(runs, project) -> None:
    """Nobody is there who would do so."""
    runs.begin()
    silent_for(project, GONE_SECONDS + 1)

    runs.stop()

    assert (runs.newest().ended is None, runs.newest().cause) == (False, "stopped")


def test_a_run_that_can_t_go_on_says_why(runs, settings) -> None:
    """In a line for a person; the study still waits."""
    (settings.paths.projects / "HEAD-1" / "nifti").write_text("in the way")

    runs.work(runs.begin())

    assert "expected to write the project's volumes" in runs.newest().cause
    assert runs.waiting() == [KEY]


def test_who_may_only_look_sees_how_far_it_is(runs, open_as) -> None:
    """A fellow neither begins nor stops one."""
    runs.begin()
    fay = VolumeRuns(open_as("fay"))

    assert (fay.newest().person, fay.waiting()) == ("eve", [KEY])
    for attempt in (fay.begin, fay.stop):
        with pytest.raises(ProjectAccessDenied):
            attempt()
