"""Launching, looking, cancelling and restarting, as far as no training needs to run for it: a session holds the cores."""

import json
import sys
from dataclasses import replace

import pytest

from ccds_kernel.batch import JobRefusedError, PriorityClass
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.training.bundle import CONFIGURATION, bundle_hash, find_bundle
from ccds_kernel.training.launch import launch
from ccds_kernel.training.run import job_of, open_run, runs_of, statuses
from ccds_kernel.training.spec import TrainingSpec
from ccds_kernel.training.state import RunState
from support.site import ADMINISTRATOR, application, on_roster, site_settings
from support.training import make_bundle
from support.waiting import until


def open_as(person: str, folder):
    """HEAD-1, opened by somebody else."""
    return open_project("HEAD-1", Action.TRAIN, person=person, settings=site_settings(folder))


def test_a_run_s_folder_says_everything(project, run, spec):
    """Who, what, with which bundle and data; the copies are those that will run."""
    files = {path.name for path in run.folder.path.iterdir()}
    record = run.record

    assert files == {"run.json", "starts", "bundle", "overrides.json", "datalist.json", "checkpoints"}
    assert (record.id, record.project, record.person, record.spec) == (run.folder.path.name, "HEAD-1", "sam", spec)
    assert record.bundle_sha256 == bundle_hash(run.folder.bundle) == bundle_hash(find_bundle("classify3d"))
    assert record.versions.keys() >= {"ccds", "python", "torch", "monai"}
    assert json.loads((run.folder.path / "overrides.json").read_text()) == {
        "data_root": str(project.folder),
        "datalist": str(run.folder.path / "datalist.json"),
        "output": str(run.folder.path),
        "epochs": 7,
        "batch_size": 8,
        "seed": 0,
    }


def test_size_and_learning_rate_are_set_where_they_were_asked_for(project, spec, scheduler):
    """In the bundle's own keys; the run's record keeps them."""
    run = launch(project, replace(spec, image_size=24, learning_rate=0.01), scheduler)
    overrides = json.loads((run.folder.path / "overrides.json").read_text())

    assert (overrides["image_size"], overrides["learning_rate"]) == ([24, 24, 24], 0.01)
    assert (run.record.spec.image_size, run.record.spec.learning_rate) == (24, 0.01)


@pytest.mark.parametrize("option", ["image_size", "learning_rate"])
def test_what_the_bundle_does_not_know_is_not_set(tmp_path, project, spec, scheduler, option):
    """It would silently train with something else."""
    bundle = make_bundle(tmp_path / "mine")
    path = tmp_path / "mine" / CONFIGURATION
    path.write_text(path.read_text().replace(option, "another_key"))

    with pytest.raises(CcdsError, match=f"a bundle with the key {option} .*; leave {option} out"):
        launch(project, replace(spec, bundle=bundle, **{option: 8}), scheduler)

    assert not (project.folder / "runs").exists()


def test_the_job_is_batch_work_that_yields(run, spec):
    """Requeueable, in the batch class, with what was asked for; the person's environment stays out of it."""
    job = job_of(run.record, run.folder, run.folder.starts()[0], {"CCDS_AUDIT_TOKEN": "secret"})

    assert (job.priority_class, job.requeueable, job.owner) == (PriorityClass.BATCH, True, "sam")
    assert (job.gpus, job.cpus, job.memory_mb, job.wall_minutes) == (1, 1, 100, spec.wall_minutes)
    assert job.command[0] == sys.executable
    assert set(job.env) == {"OMP_NUM_THREADS", "PYTHONUTF8", "CCDS_AUDIT_TOKEN"}
    assert "secret" not in f"{job}{' '.join(job.command)}"


def test_a_run_that_waits_says_what_for(run):
    """Pending, with the scheduler's reason."""
    status = run.status()

    assert (status.state, status.epoch, status.epochs, status.starts) == (RunState.PENDING, 0, 7, 1)
    assert status.reason
    assert run.curve() == []


def test_every_run_of_the_project_is_found(project, run, spec, scheduler):
    """The latest first, whole ones only."""
    second = launch(project, spec, scheduler)
    (run.folder.path.parent / ".making-x").mkdir()

    found = runs_of(project, scheduler)

    assert {one.id for one in found} == {run.id, second.id}
    assert [one.id for one in found] == sorted((run.id, second.id), reverse=True)
    assert [status.state for status in statuses(found, scheduler)] == [RunState.PENDING] * 2


def test_a_cancelled_run_is_shown_as_cancelled_and_can_be_restarted(run):
    """A restart is another start of the same run, with a job of its own."""
    first = run.status()

    run.cancel()
    cancelled = run.status()
    run.restart()
    again = run.status()

    assert cancelled.state is RunState.CANCELLED
    assert (again.state, again.starts) == (RunState.PENDING, 2)
    assert again.job != first.job


def test_a_run_that_is_alive_is_not_restarted(run):
    """It would train twice into one folder."""
    with pytest.raises(CcdsError, match="found one that is pending; wait for its end, or cancel it"):
        run.restart()


def test_a_job_whose_number_was_never_noted_is_adopted(project, run, scheduler):
    """A crash between asking the scheduler and noting its answer doubles no job."""
    (start,) = run.folder.starts()
    run.folder.note(start.model_copy(update={"job": None}))
    found = open_run(project, run.id, scheduler)

    before = found.status()
    with pytest.raises(CcdsError, match="restart it first"):
        found.cancel()
    found.restart()

    assert (before.state, before.job) == (RunState.UNKNOWN, None)
    assert found.folder.starts() == [start]


def test_what_the_scheduler_refuses_leaves_no_run(project, spec, scheduler):
    """More memory than the machine has."""
    with pytest.raises(JobRefusedError):
        launch(project, TrainingSpec(datalist=spec.datalist, memory_mb=10**9), scheduler)

    assert list((project.folder / "runs").iterdir()) == []


@pytest.mark.parametrize("what", ["cancel", "restart"])
def test_somebody_else_s_run_is_left_alone(tmp_path, run, scheduler, what):
    """An engineer of the project sees the run but can't end or restart it."""
    theirs = open_run(open_as("eli", tmp_path), run.id, scheduler)

    with pytest.raises(CcdsError, match=f"expected your own run to {what}; found one of sam; ask sam"):
        getattr(theirs, what)()

    assert theirs.status().state is RunState.PENDING


def test_who_may_not_train_launches_nothing(tmp_path, project, spec, scheduler):
    """A fellow isn't let in; a scientist who was taken off the roster neither, though the project is open."""
    with pytest.raises(ProjectAccessDenied, match="a role that may train a model"):
        open_as("fay", tmp_path)
    without_sam = application(id="HEAD-1", data=["images"], roster=on_roster(eli="engineer"))
    apply_application(without_sam, person=ADMINISTRATOR, settings=site_settings(tmp_path))

    with pytest.raises(ProjectAccessDenied, match="sam on the roster"):
        launch(project, spec, scheduler)

    assert not (project.folder / "runs").exists()


@pytest.mark.parametrize("run_id", ["..", "../..", "", "20260101-000000-zzzzzz", "x\ny", "/etc"])
def test_a_run_s_id_leads_nowhere_else(project, scheduler, run_id):
    """What isn't an id is refused before any folder is looked at."""
    with pytest.raises(CcdsError, match="a run's id such as"):
        open_run(project, run_id, scheduler)


def test_a_run_that_is_not_there(project, scheduler):
    """Told how to find those that are."""
    with pytest.raises(CcdsError, match="the id of a run of this project; found '20260101-000000-000000'"):
        open_run(project, "20260101-000000-000000", scheduler)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"id": "x"'])
def test_a_damaged_record_is_told_in_one_line(project, run, scheduler, content):
    """No traceback, no guess."""
    record = run.folder.path / "run.json"
    record.chmod(0o640)
    record.write_text(content)

    with pytest.raises(CcdsError, match=f"run.json of the run {run.id} as ccds wrote it"):
        open_run(project, run.id, scheduler)


def test_a_scheduler_that_does_not_answer_ends_no_run(project, run, scheduler, tmp_path):
    """The state is unknown, which counts as alive, and the run's job is still its job afterwards."""
    table = tmp_path / "state" / "scheduler" / "jobs.db"
    scheduler.shutdown()
    hidden = table.rename(table.with_name("hidden"))
    table.mkdir()

    unknown = open_run(project, run.id, scheduler).status()
    table.rmdir()
    hidden.rename(table)

    assert unknown.state is RunState.UNKNOWN
    assert not unknown.state.ended
    until(lambda: run.status().state is RunState.PENDING, "the scheduler to answer again")
