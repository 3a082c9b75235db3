"""A project's trainings as the launcher gets them from the site: a real scheduler, no training that needs to run."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from ccds_kernel.batch import (
    Explanation,
    JobId,
    JobRefusedError,
    JobSpec,
    JobStatus,
    PriorityClass,
    Scheduler,
    SchedulerUnavailableError,
)
from ccds_kernel.errors import CcdsError
from ccds_kernel.training.bundle import CONFIGURATION
from ccds_kernel.training.state import RunState
from ccds_widgets.training.app import FIRST
from ccds_widgets.training.ports import Asked
from ccds_widgets.training.site_trainings import SiteTrainings
from support.training import CORES, entries, make_bundle, need_training, write_volume
from support.waiting import until

ASKED = Asked(**vars(FIRST) | {"epochs": 3, "image_size": 16})


class Counting:
    """A scheduler that notes which jobs it was asked for; everything else is the real one's."""

    def __init__(self, real: Scheduler) -> None:
        self._real = real
        self.asked: list[list[JobId]] = []
        self.explained: list[JobId] = []

    def status(self, ids: Iterable[JobId]) -> Mapping[JobId, JobStatus]:
        """Asked once for all."""
        self.asked.append(list(ids))
        return self._real.status(self.asked[-1])

    def explain(self, job: JobId) -> Explanation:
        """Asked for one."""
        self.explained.append(job)
        return self._real.explain(job)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


@pytest.fixture
def counting(scheduler) -> Counting:
    """The scheduler of the project, whose cores a session holds: runs wait."""
    need_training()
    return Counting(scheduler)


@pytest.fixture
def trainings_of(tmp_path, project, counting):
    """The project's trainings in one notebook."""
    session = JobSpec(
        name="session", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "session.log", owner="ann", cpus=CORES,
        priority_class=PriorityClass.FIRST, memory_mb=10,
    )  # fmt: skip
    counting.submit(session)

    def open_it(datalist: Path = tmp_path / "datalist.json", bundle: Path | None = None, **more: int) -> SiteTrainings:
        return SiteTrainings(project, datalist, counting, **{"bundle": bundle, "cpus": 1, "memory_mb": 100, **more})

    return open_it


def test_what_one_notebook_launches_another_one_sees(trainings_of, counting):
    """With what was asked for, and the scheduler's reason for its waiting where that is asked for."""
    here, there = trainings_of(), trainings_of()

    run_id = here.launch(ASKED)
    (seen,) = there.look().runs
    explained = list(counting.explained)

    assert (seen.record.id, seen.record.person, seen.status.state) == (run_id, "sam", RunState.PENDING)
    assert explained == []
    assert there.waits_for(run_id)
    assert [str(job) for job in counting.explained] == [seen.status.job]
    assert (seen.record.spec.epochs, seen.record.spec.image_size, seen.record.spec.learning_rate) == (3, 16, 0.001)
    assert there.metrics(run_id, 0) == ([], 0)


def test_a_run_that_ended_is_asked_no_more_until_it_is_started_again(trainings_of, counting):
    """One question for all that may be alive."""
    trainings = trainings_of()
    first, second = trainings.launch(ASKED), trainings.launch(ASKED)
    trainings.cancel(first)
    until(
        lambda: {one.status.state for one in trainings.look().runs} == {RunState.CANCELLED, RunState.PENDING}, "its end"
    )
    counting.asked.clear()

    states = {one.record.id: one.status.state for one in trainings.look().runs}
    trainings_of().restart(first)
    again = {one.record.id: one.status.state for one in trainings.look().runs}

    jobs_asked = [len(ids) for ids in counting.asked]
    assert states == {first: RunState.CANCELLED, second: RunState.PENDING}
    assert again == {first: RunState.PENDING, second: RunState.PENDING}
    assert (jobs_asked[0], jobs_asked[-1]) == (1, 2)


@pytest.mark.parametrize("name", ["run.json", "starts/1.json", "starts/1.exit.json"])
def test_a_damaged_run_hides_no_other(trainings_of, project, name):
    """It has a line of its own."""
    trainings = trainings_of()
    damaged, whole = trainings.launch(ASKED), trainings.launch(ASKED)
    file = project.folder / "runs" / damaged / name
    file.unlink(missing_ok=True)
    file.write_text("{")

    look = trainings_of().look()

    assert [one.record.id for one in look.runs] == [whole]
    assert [str(error).split(";")[0] for error in look.damaged] == [
        f"expected {Path(name).name} of the run {damaged} as ccds wrote it"
    ]


def test_the_data_list_is_counted_again_when_it_or_a_wrong_volume_is_another_one(trainings_of, tmp_path, project):
    """The cell above the launcher may run again, and may not have run yet; a volume is mended without a word to the list."""
    datalist = tmp_path / "later.json"
    trainings = trainings_of(datalist)

    with pytest.raises(CcdsError, match="to read the data list"):
        trainings.volumes()
    datalist.write_text(json.dumps(entries()))
    counted = trainings.volumes()
    write_volume(project.folder / "nifti/odd.nii.gz", label=0, seed=1, shape=(8, 8, 8, 2))
    datalist.write_text(json.dumps([entries()[0] | {"image": "nifti/odd.nii.gz"}, *entries()[1:]]))

    raised = []
    for _ in range(2):
        with pytest.raises(CcdsError, match="a volume of 3 dimensions in entry 1 of the data list") as told:
            trainings.volumes()
        raised.append(told.value)
    with pytest.raises(CcdsError, match="a volume of 3 dimensions in entry 1 of the data list"):
        trainings.launch(ASKED)
    write_volume(project.folder / "nifti/odd.nii.gz", label=0, seed=1)
    mended = trainings.volumes()

    assert counted == mended == {"training": (6, 6), "validation": (3, 3)}
    assert raised[0] is not raised[1]  # one that is raised again grows a traceback at each look
    assert trainings.look().runs == ()


def test_a_bundle_of_one_s_own_can_be_chosen(trainings_of, tmp_path):
    """By its folder's name; one that has no such key can't have it set."""
    folder = Path(make_bundle(tmp_path / "mine"))
    configuration = folder / CONFIGURATION
    configuration.write_text(configuration.read_text().replace("image_size", "side"))
    trainings = trainings_of(bundle=folder)

    (run_id,) = [trainings.launch(Asked(**vars(ASKED) | {"bundle": "mine", "image_size": None}))]

    assert trainings.bundles() == {"classify3d": ("image_size", "learning_rate"), "mine": ("learning_rate",)}
    assert [one.record.id for one in trainings.look().runs] == [run_id]
    with pytest.raises(CcdsError, match="leave image_size out"):
        trainings.launch(Asked(**vars(ASKED) | {"bundle": "mine"}))


@pytest.mark.parametrize("name", ["no-such", "/etc", "../mine", ""])
def test_a_page_can_not_name_a_folder(trainings_of, name):
    """Only bundles of the list."""
    with pytest.raises(CcdsError, match="one of the bundles classify3d; found another one"):
        trainings_of().launch(Asked(**vars(ASKED) | {"bundle": name}))


def test_what_the_scheduler_refuses_leaves_no_run(trainings_of):
    """More memory than the machine has."""
    trainings = trainings_of(memory_mb=10**9)

    with pytest.raises(JobRefusedError):
        trainings.launch(ASKED)

    assert trainings.look().runs == ()


def test_a_scheduler_that_does_not_answer_loses_nothing(trainings_of, scheduler, tmp_path):
    """A run's state is unknown, with the reason, and known again when it answers; what was launched meanwhile is restarted."""
    trainings = trainings_of()
    run_id = trainings.launch(ASKED)
    slots = trainings.gpu_slots()
    table = tmp_path / "state" / "scheduler" / "jobs.db"
    scheduler.shutdown()
    hidden = table.rename(table.with_name("hidden"))
    table.mkdir()

    (lost,), no_slots = trainings.look().runs, trainings.gpu_slots()
    with pytest.raises(CcdsError):
        trainings.cancel(run_id)
    with pytest.raises(SchedulerUnavailableError):
        trainings.launch(ASKED)
    (left,) = (one for one in trainings.look().runs if one.record.id != run_id)
    table.rmdir()
    hidden.rename(table)
    trainings.restart(left.record.id)

    assert (slots, no_slots) == (1, None)
    assert (lost.record.id, lost.status.state) == (run_id, RunState.UNKNOWN)
    assert lost.status.reason
    assert (left.status.state, left.status.job) == (RunState.UNKNOWN, None)
    until(
        lambda: [one.status.state for one in trainings.look().runs] == [RunState.PENDING] * 2,
        "the scheduler to answer again",
    )
