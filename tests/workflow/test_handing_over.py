"""Whose run lives already is asked before another is handed over."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch import JobSpec
from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.cluster_run import ClusterRun
from ccds_kernel.workflow.handing_over import own_alive
from ccds_kernel.workflow.run_folder import RunFolder
from support.waiting import until


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[LocalScheduler]:
    """This machine's."""
    scheduler = LocalScheduler(tmp_path / "jobs", capacity=Capacity(cpus=2, memory_mb=1000, gpus=()), grace_s=1.0)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


def test_somebody_else_s_run_is_left_alone(tmp_path: Path, scheduler: LocalScheduler, folder: RunFolder) -> None:
    """As long as it lives; whose it is has it back."""
    spec = JobSpec(
        name="ann-s", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log", owner="ann", memory_mb=10
    )
    job = scheduler.submit(spec)
    noted = {"job": job, "name": "ann-s", "person": "ann", "submitted_at": "2026-01-01T00:00:00+00:00", "workers": 1}
    folder.begin()
    (folder.folder / "controller.json").write_text(json.dumps(noted), encoding="utf-8")
    ann, sam = (
        ClusterRun(
            "HEAD-1", "0" * 64, folder, person, scheduler, what="this recipe", show="ccds … show", made="normalized"
        )
        for person in ("ann", "sam")
    )

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
