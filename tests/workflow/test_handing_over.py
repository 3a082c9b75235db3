"""Whose run lives already is asked before another is handed over."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ccds_kernel.batch import JobRefusedError, JobSpec, JobState
from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.cluster_run import ClusterRun
from ccds_kernel.workflow.handing_over import end, hand_over, own_alive
from ccds_kernel.workflow.lease import held
from ccds_kernel.workflow.progress import RunState, write_progress
from ccds_kernel.workflow.run_folder import RunFolder
from ccds_kernel.workflow.tally import begun
from support.waiting import until


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[LocalScheduler]:
    """This machine's."""
    scheduler = LocalScheduler(tmp_path / "jobs", capacity=Capacity(cpus=2, memory_mb=1000, gpus=()), grace_s=1.0)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


@pytest.fixture
def sam_s(scheduler: LocalScheduler, folder: RunFolder) -> ClusterRun:
    """Sam's run of the recipe, not handed over."""
    return ClusterRun(
        "HEAD-1", "0" * 64, folder, "sam", scheduler, what="this recipe", show="ccds … show", made="normalized"
    )


def test_a_run_here_is_waited_for_while_it_lives(folder: RunFolder, sam_s: ClusterRun) -> None:
    """One that was killed a moment ago still looks alive in its progress, and keeps nobody waiting."""
    folder.begin()
    write_progress(
        folder.progress_file,
        replace(begun("capitals", "d1", "local", "ann", 3), state=RunState.RUNNING),
    )

    with held(folder.folder, "ann"), pytest.raises(CcdsError, match="a run of ann; wait for it or stop it"):
        own_alive(sam_s)
    after = own_alive(sam_s)

    assert after is None


def test_somebody_else_s_run_is_left_alone(
    tmp_path: Path, scheduler: LocalScheduler, folder: RunFolder, sam_s: ClusterRun
) -> None:
    """As long as it lives; whose it is has it back."""
    spec = JobSpec(
        name="ann-s", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log", owner="ann", memory_mb=10
    )
    job = scheduler.submit(spec)
    noted = {"job": job, "name": "ann-s", "person": "ann", "submitted_at": "2026-01-01T00:00:00+00:00", "workers": 1}
    folder.begin()
    (folder.folder / "controller.json").write_text(json.dumps(noted), encoding="utf-8")
    sam, ann = sam_s, replace(sam_s, person="ann")

    with pytest.raises(CcdsError) as refused:
        own_alive(sam)
    hers = own_alive(ann)
    scheduler.cancel(job)
    until(lambda: scheduler.status([job])[job].state.ended, "it to end")

    assert str(refused.value) == (
        "expected nobody else who runs this recipe in the project; found a run of ann on the cluster; "
        "wait for it; 'ccds … show' says how far it is"
    )
    assert hers is not None
    assert hers.job == job
    assert (own_alive(sam), own_alive(ann)) == (None, None)


def test_a_controller_that_is_refused_keeps_nobody_waiting(
    tmp_path: Path, folder: RunFolder, sam_s: ClusterRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler has said that it will never run it: there is nothing to be waited for, and the run says why."""
    (tmp_path / "ccds.toml").touch()
    monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
    waits = begun("capitals", "d1", "cluster", "sam", 3)

    with pytest.raises(JobRefusedError):
        hand_over(sam_s, "no.module", {}, waits, workers=1, wall_minutes=1)

    assert (sam_s.controller(), own_alive(replace(sam_s, person="ann"))) == (None, None)
    progress = folder.progress()
    assert progress is not None
    assert progress.state is RunState.BROKEN


def test_a_run_here_is_told_to_end_though_another_was_handed_over_once(folder: RunFolder, sam_s: ClusterRun) -> None:
    """Of which nobody knows whether its job was taken: it is the run that is at work that hears."""
    noted = {"job": "", "name": "sam-s", "person": "sam", "submitted_at": "2026-01-01T00:00:00+00:00", "workers": 1}
    folder.begin()
    (folder.folder / "controller.json").write_text(json.dumps(noted), encoding="utf-8")
    at_work = replace(begun("capitals", "d1", "local", "sam", 3), state=RunState.RUNNING)
    write_progress(folder.progress_file, at_work)

    end(sam_s)

    assert folder.is_to_stop()
    assert folder.progress() == at_work


def test_a_note_of_another_job_ends_none(
    tmp_path: Path, scheduler: LocalScheduler, folder: RunFolder, sam_s: ClusterRun
) -> None:
    """Everybody who may write the project's volumes may write which job the controller is."""
    fills_all = JobSpec(
        name="first", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log", owner="sam", memory_mb=900
    )
    scheduler.submit(fills_all)
    job = scheduler.submit(replace(fills_all, name="sam-s-own"))
    noted = {
        "job": job,
        "name": "sam-s-own",
        "person": "sam",
        "submitted_at": "2026-01-01T00:00:00+00:00",
        "workers": 1,
    }
    folder.begin()
    (folder.folder / "controller.json").write_text(json.dumps(noted), encoding="utf-8")

    ended = sam_s.end()

    assert ended == 0
    assert scheduler.status([job])[job].state is JobState.PENDING
