"""The engines keep the Engine's promises: this machine's, and the cluster's on this machine's scheduler; more of the latter."""

import operator
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from distributed import Client

from ccds_kernel.batch import JobRefusedError, JobSpec, JobState, PriorityClass
from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.cluster_engine import MOST_WORKERS, ClusterEngine, WorkerOrder
from ccds_kernel.workflow.engine import Engine, EngineLost
from ccds_kernel.workflow.local_engine import LocalEngine
from support.engine_contract import SMALL, EngineContract
from support.waiting import until

RUN = "0123456789abcdef"


@pytest.fixture
def order(tmp_path: Path) -> WorkerOrder:
    """Two workers."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return WorkerOrder(project="HEAD-1", run=RUN, folder=folder, owner="sam", count=2, wall_minutes=30)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[LocalScheduler]:
    """This machine's, which says that it has four cores."""
    capacity = Capacity(cpus=4, memory_mb=8000, gpus=())
    scheduler = LocalScheduler(tmp_path / "scheduler", capacity=capacity, grace_s=2.0)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


@pytest.fixture
def cluster(scheduler: LocalScheduler, order: WorkerOrder) -> ClusterEngine:
    """The engine on that scheduler."""
    return ClusterEngine(scheduler, order, host="127.0.0.1", look_s=0.2)


class TestLocalEngine(EngineContract):
    """Every promise, on this machine."""

    @pytest.fixture
    def engine(self) -> Engine:
        """Two workers."""
        return LocalEngine(workers=2)


class TestClusterEngine(EngineContract):
    """Every promise, by jobs of this machine's scheduler."""

    @pytest.fixture
    def engine(self, cluster: ClusterEngine) -> Engine:
        """Two workers."""
        return cluster


def test_jobs_that_ended_are_replaced(scheduler: LocalScheduler, cluster: ClusterEngine) -> None:
    """In the place of workers that were killed, or told to end, come others, and work goes on."""
    with cluster.open(SMALL) as workers:
        workers.client.wait_for_workers(2, timeout=60)
        before = {status.id for status in scheduler.mine()}

        killed, told = workers.client.run(os.getpid).values()
        os.kill(killed, signal.SIGKILL)
        os.kill(told, signal.SIGTERM)

        until(lambda: len({status.id for status in scheduler.mine()} - before) == 2, "two other jobs")
        assert workers.client.submit(operator.add, 1, 1).result(60) == 2


def test_no_more_jobs_are_asked_for_than_there_are_items(scheduler: LocalScheduler, order: WorkerOrder) -> None:
    """Few large items keep few large places."""
    engine = ClusterEngine(scheduler, replace(order, count=3), host="127.0.0.1", look_s=0.2)

    with engine.open(SMALL, 2) as workers:
        workers.client.wait_for_workers(2, timeout=60)

        assert len(scheduler.mine()) == 2


def test_an_item_may_need_what_the_largest_node_has_beside_a_worker(cluster: ClusterEngine) -> None:
    """Of 8000 MiB a worker keeps 400 for itself."""
    assert cluster.most_memory() == 7600 << 20


def test_what_a_worker_had_that_is_told_to_end_goes_to_another(cluster: ClusterEngine, tmp_path: Path) -> None:
    """A worker that has to make room gives its work back: nobody takes the item for one that kills workers."""
    (tmp_path / "first").touch()
    with cluster.open(SMALL) as workers:
        workers.client.wait_for_workers(2, timeout=60)

        # Whoever comes first, and finds the file, removes it and stays at it until its job is ended.
        script = f"rm {tmp_path}/first 2>/dev/null && kill -TERM $PPID && exec sleep 600"
        done = workers.client.submit(os.system, script, pure=False)

        assert os.waitstatus_to_exitcode(done.result(60)) == 1


def test_workers_yield_to_a_session_and_come_back(
    scheduler: LocalScheduler, cluster: ClusterEngine, tmp_path: Path
) -> None:
    """A person's node takes a core that a worker had: the same job waits, work goes on, and it is back when the node is free."""
    node = JobSpec(
        name="node", command=("sleep", "600"), cwd=tmp_path, log=tmp_path / "node.log", owner="ann", cpus=3, memory_mb=10,
        priority_class=PriorityClass.FIRST,
    )  # fmt: skip
    with cluster.open(SMALL) as workers:
        workers.client.wait_for_workers(2, timeout=60)
        jobs = {status.id for status in scheduler.mine()}

        session = scheduler.submit(node)
        until(lambda: scheduler.status([session])[session].state is JobState.RUNNING, "the node to begin", 60)
        meanwhile = workers.client.submit(operator.add, 1, 1).result(60)
        states = sorted(status.state for status in scheduler.status(jobs).values())
        scheduler.cancel(session)
        until(lambda: len(workers.client.nthreads()) == 2, "both workers to be there again", 60)

        assert meanwhile == 2
        assert states == [JobState.PENDING, JobState.RUNNING]
        assert {status.id for status in scheduler.mine()} - {session} == jobs


def test_a_worker_that_comes_when_the_run_is_over_ends(order: WorkerOrder, scheduler: LocalScheduler) -> None:
    """A job that the scheduler starts late finds nothing to do."""
    job = scheduler.submit(order.job("00000000", 0, 0, 100))

    until(lambda: scheduler.status([job])[job].state.ended, "it to end")
    assert scheduler.status([job])[job].exit_code == 0


def test_what_an_earlier_life_left_is_ended(
    scheduler: LocalScheduler, cluster: ClusterEngine, order: WorkerOrder
) -> None:
    """A controller that starts anew ends the workers of the one before, and no job of another run."""
    jobs = [
        replace(one.job("00000000", 0, 0, 100), command=("sleep", "600"))
        for one in (order, replace(order, run="f" * 16))
    ]
    left, other = map(scheduler.submit, jobs)

    with cluster.open(SMALL):
        until(lambda: scheduler.status([left])[left].state.ended, "the job to end")

    assert not scheduler.status([other])[other].state.ended


def test_workers_that_never_come_are_told(scheduler: LocalScheduler, order: WorkerOrder) -> None:
    """Where each job fails before it works, that is said, with where to look, instead of trying for ever."""
    broken = replace(order, count=1, env={"PYTHONHOME": "/nowhere"})
    engine = ClusterEngine(scheduler, broken, host="127.0.0.1", look_s=0.1)

    with (
        pytest.raises(CcdsError, match=r"that each of them fails \(exit code 1\); see workers.log"),
        engine.open(SMALL) as workers,
    ):
        _work_until_lost(workers.client)


def _work_until_lost(client: Client) -> NoReturn:
    """As a run does, which asks how many workers there are."""
    try:
        until(client.nthreads, "the engine to give up", 60)
    except OSError as error:
        raise EngineLost from error
    pytest.fail("a worker came")


def test_a_job_that_no_node_can_run_is_refused_at_once(order: WorkerOrder, tmp_path: Path) -> None:
    """Workers that the site never has room for are no run that waits."""
    scheduler = LocalScheduler(tmp_path / "small", capacity=Capacity(cpus=4, memory_mb=100, gpus=()))
    engine = ClusterEngine(scheduler, order, host="127.0.0.1")

    with pytest.raises(JobRefusedError, match="more than 400 MiB of memory"), engine.open(SMALL):
        pass


def test_the_key_is_readable_by_its_owner_only(cluster: ClusterEngine, order: WorkerOrder) -> None:
    """Whoever has the files can speak with the run: nobody else may read them."""
    with cluster.open(SMALL):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in order.folder.iterdir()}

    assert modes["key.pem"] == modes["certificate.pem"] == modes["meeting.json"] == 0o600


@pytest.mark.parametrize("count", [0, MOST_WORKERS + 1])
def test_a_number_of_workers_beyond_reason_is_refused(order: WorkerOrder, count: int) -> None:
    """So many aren't asked of any scheduler."""
    with pytest.raises(CcdsError, match=f"expected 1 to {MOST_WORKERS} workers; found {count}"):
        replace(order, count=count)
