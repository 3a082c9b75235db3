"""A real Slurm that is away, hangs, refuses or forgets: nothing is lost, doubled or taken for an end."""

from pathlib import Path

import pytest

from ccds_kernel.batch import JobRefusedError, JobState, SchedulerUnavailableError
from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.slurm import SlurmScheduler, SlurmSite
from support.scheduler_contract import HOLD, Connect, Jobs
from support.slurm import Cluster, running_slurm
from support.slurm_client import LONG_S, client, connect
from support.waiting import until

__all__ = ["connect"]


def test_a_controller_killed_and_started_again_loses_nothing(cluster: Cluster, jobs: Jobs) -> None:
    """While slurmctld is away jobs are UNKNOWN, which is no end; then all is as it was."""
    runs = jobs.submit("runs", *HOLD, gpus=4)
    waits = jobs.submit("waits", "true", gpus=1)
    before = jobs.until_runs(runs)

    cluster.kill_controller()
    away = jobs.scheduler.status([runs, waits])
    with pytest.raises(SchedulerUnavailableError):
        jobs.scheduler.mine()
    with pytest.raises(SchedulerUnavailableError):
        jobs.submit("more", "true")
    cluster.start_controller()

    assert [(it.state, it.state.ended, it.name, it.owner) for it in away.values()] == [
        (JobState.UNKNOWN, False, "runs", "ann"),
        (JobState.UNKNOWN, False, "waits", "ann"),
    ]
    assert all(it.reason for it in away.values())
    assert jobs.status(runs).started == before.started
    assert [it.id for it in jobs.scheduler.mine()] == [runs, waits]


def test_a_job_that_ends_while_nobody_answers_has_ended(cluster: Cluster, jobs: Jobs) -> None:
    """Its exit file says so, while slurmctld is away."""
    flag = jobs.folder / "go"
    job = jobs.submit("ends", "sh", "-c", f"until [ -e {flag} ]; do sleep 0.05; done; exit 3")
    jobs.until_runs(job)

    cluster.kill_controller()
    flag.touch()
    ended = jobs.until_ended(job)
    cluster.start_controller()

    assert (ended.state, ended.exit_code) == (JobState.FAILED, 3)
    assert jobs.status(job).exit_code == 3


def test_a_controller_that_hangs_is_no_answer(cluster: Cluster, jobs: Jobs, folder: Path) -> None:
    """Each question ends after its time, and nothing is taken for an end."""
    job = jobs.submit("session", *HOLD)
    jobs.until_runs(job)
    hasty = client(cluster, folder, timeout_s=0.5)

    with cluster.hanging_controller():
        status = hasty.status([job])[job]
        with pytest.raises(SchedulerUnavailableError):
            hasty.cancel(job)

    assert (status.state, status.state.ended) == (JobState.UNKNOWN, False)
    assert "within" in (status.reason or "")
    assert jobs.until_runs(job)


def test_without_munge_nothing_is_known(cluster: Cluster, jobs: Jobs) -> None:
    """Who can't prove who they are gets no answer, and no refusal."""
    job = jobs.submit("session", *HOLD)
    jobs.until_runs(job)

    cluster.kill_munge()
    status = jobs.status(job)
    with pytest.raises(SchedulerUnavailableError):
        jobs.submit("other", "true")
    cluster.start_munge()

    assert status.state is JobState.UNKNOWN
    assert jobs.until_runs(job)


def test_without_slurm_s_programs_nothing_is_known(cluster: Cluster, jobs: Jobs, folder: Path) -> None:
    """A missing program is named, and ends no job."""
    job = jobs.submit("session", *HOLD)
    lost = SlurmScheduler(folder, SlurmSite(), DirectCommands(jobs.folder / "nowhere", cluster.env))

    status = lost.status([job])[job]

    assert status.state is JobState.UNKNOWN
    assert "squeue" in (status.reason or "")


def test_a_refusal_has_slurm_s_own_words(jobs: Jobs) -> None:
    """In one line, without a path."""
    with pytest.raises(JobRefusedError) as refused:
        jobs.submit("huge", "true", gpus=1, gpu_model="none-such")

    assert "Requested node configuration is not available" in refused.value.found
    assert "/" not in refused.value.found


def test_what_slurm_has_forgotten_has_ended_as_its_exit_file_says(tmp_path: Path) -> None:
    """A slurmctld without memory, which counts from 1 again: old ends stay, and no new job takes one for its own."""
    with running_slurm() as cluster:
        jobs = Jobs(client(cluster, tmp_path / "state"), tmp_path)
        ids = [jobs.submit(f"old-{n}", "sh", "-c", f"exit {n}") for n in (0, 1)]
        ended = [jobs.until_ended(it) for it in ids]
        cancelled = jobs.submit("cancelled", *HOLD)
        jobs.until_runs(cancelled)
        jobs.scheduler.cancel(cancelled)
        jobs.until_ended(cancelled)

        cluster.kill_controller()
        cluster.start_controller(anew=True)
        later = [jobs.status(it) for it in (*ids, cancelled)]
        until(lambda: "gpu1" in cluster.run("sinfo", "-hN", "--states=idle"), "the nodes to be back", LONG_S)
        new = jobs.submit("new", *HOLD)

        assert [(it.state, it.exit_code, it.ended) for it in later[:2]] == [
            (it.state, it.exit_code, it.ended) for it in ended
        ]
        assert [it.state for it in later] == [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED]
        assert new == ids[0]
        assert jobs.until_runs(new).name == "new"


def test_a_job_that_slurm_let_go_of_by_age_keeps_its_end(tmp_path: Path) -> None:
    """After MinJobAge it is in no answer any more, and all that was seen of its end still is."""
    with running_slurm(min_job_age_s=2) as cluster:
        jobs = Jobs(client(cluster, tmp_path / "state"), tmp_path)
        seen, unseen = (jobs.submit(name, "sh", "-c", "exit 4") for name in ("seen", "unseen"))
        ended = jobs.until_ended(seen)
        noted = tmp_path / "state" / "ids" / seen / "end.json"
        until(lambda: jobs.status(seen).state.ended and noted.exists(), "Slurm, too, to call it over")

        until(lambda: not cluster.run("squeue", "--noheader", "--states=all"), "Slurm to forget them", 150)
        later = client(cluster, tmp_path / "state").status([seen, unseen])

    assert (later[seen].state, later[seen].node, later[seen].started) == (ended.state, ended.node, ended.started)
    assert (later[unseen].state, later[unseen].exit_code, later[unseen].name) == (JobState.FAILED, 4, "unseen")


def test_a_job_submitted_by_somebody_who_died_is_adopted(jobs: Jobs, connect: Connect, folder: Path) -> None:
    """It was accepted, and its number not yet noted: its mark says which run it is."""
    job = jobs.submit("session", *HOLD)
    (folder / "ids" / job).unlink()

    adopted = connect().submit(jobs.spec("session", *HOLD))

    assert adopted == job
    assert (folder / "ids" / job / "run.json").exists()
