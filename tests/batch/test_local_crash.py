"""The local scheduler after kill -9: of its daemon, of a client, of a wrapper; after a reused pid and a restart."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ccds_kernel.batch import JobState, SchedulerUnavailableError, wrapper
from ccds_kernel.batch.exits import read_claim
from ccds_kernel.batch.local import LocalScheduler, doorbell, lock
from ccds_kernel.batch.local.keeper import Keeper
from ccds_kernel.batch.local.process import is_alive
from support.scheduler_contract import HOLD, Connect, Jobs
from support.waiting import until


def kill_daemon(folder: Path) -> int:
    """Kills the daemon of this folder with its whole process group, waits until it is gone and returns its pid."""
    process = lock.holder(folder)
    assert process is not None
    assert is_alive(process)
    os.killpg(process.pid, signal.SIGKILL)
    until(lambda: not is_alive(process), "the daemon to be gone")
    return process.pid


def set_columns(folder: Path, **values: object) -> None:
    """Changes every row of the table, as nothing but a test would."""
    columns = ", ".join(f"{key} = :{key}" for key in values)
    with closing(sqlite3.connect(folder / "jobs.db")) as db, db:
        db.execute(f"UPDATE job SET {columns}", values)  # noqa: S608 - the test's own column names


def test_jobs_go_on_without_the_daemon_and_their_ends_are_known(jobs: Jobs, connect: Connect, folder: Path) -> None:
    """The daemon is killed; one job ends meanwhile, one goes on, one still waits: nothing is lost or run twice."""
    gate = jobs.folder / "gate"
    ends = jobs.submit("ends", "sh", "-c", f"echo began; while [ ! -e '{gate}' ]; do sleep 0.02; done; exit 4")
    stays = jobs.submit("stays", *HOLD, gpus=4)
    waits = jobs.submit("waits", "sh", "-c", "echo waited", gpus=1)
    jobs.until_runs(ends)
    jobs.until_runs(stays)

    kill_daemon(folder)
    gate.touch()
    until((folder / "jobs" / ends / "1" / "exit.json").exists, "the exit file")
    later = Jobs(connect(), jobs.folder)
    ended = later.until_ended(ends)
    staying = later.status(stays)
    later.scheduler.cancel(stays)
    later.until_ended(waits)

    assert (ended.state, ended.exit_code) == (JobState.FAILED, 4)
    assert staying.state is JobState.RUNNING
    assert jobs.log.read_text().split() == ["began", "waited"]


@pytest.mark.parametrize("ask", ["status", "mine", "explain"])
def test_whoever_asks_about_a_live_job_brings_the_daemon_back(
    jobs: Jobs, connect: Connect, folder: Path, ask: str
) -> None:
    """Its wall time and its end are seen to again, whatever was asked."""
    job = jobs.submit("stays", *HOLD)
    jobs.until_runs(job)
    kill_daemon(folder)
    client = connect()
    calls = {"status": lambda: client.status([job]), "mine": client.mine, "explain": lambda: client.explain(job)}

    before = doorbell.is_attended(folder)
    calls[ask]()

    assert not before
    assert doorbell.is_attended(folder)


def test_without_a_daemon_only_what_is_sure_is_told(jobs: Jobs, connect: Connect, folder: Path) -> None:
    """No daemon can be started: what ended has ended, what lived is UNKNOWN, which is alive, and keeps its facts."""
    over, lives = jobs.submit("over", "true"), jobs.submit("lives", *HOLD)
    jobs.until_ended(over)
    jobs.until_runs(lives)
    kill_daemon(folder)
    (folder / "daemon.log").unlink()
    (folder / "daemon.log").mkdir()

    client = connect()
    found = client.status([over, lives])
    with pytest.raises(SchedulerUnavailableError, match="daemon"):
        client.mine()
    (folder / "daemon.log").rmdir()

    assert [found[over].state, found[lives].state] == [JobState.SUCCEEDED, JobState.UNKNOWN]
    assert "daemon" in (found[lives].reason or "")
    assert found[lives].owner == "ann"


def test_a_client_that_died_after_submitting_adopts_its_job(jobs: Jobs, folder: Path) -> None:
    """A process submits and is killed before it can note the id; the same name gives the same job, which ran once."""
    program = (
        "import os, pathlib, signal, sys\n"
        "from ccds_kernel.batch import JobSpec\n"
        "from ccds_kernel.batch.local import LocalScheduler\n"
        "here = pathlib.Path(sys.argv[2])\n"
        "spec = JobSpec(name='s', command=('sh', '-c', 'echo ran; sleep 600'), cwd=here, log=here / 'job.log',"
        " owner='ann', memory_mb=10)\n"
        "LocalScheduler(pathlib.Path(sys.argv[1])).submit(spec)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, folder, jobs.folder], check=False, timeout=60)
    (orphan,) = jobs.scheduler.mine()

    adopted = jobs.submit("s", "sh", "-c", "echo ran; sleep 600")
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command's line")

    assert died.returncode == -signal.SIGKILL
    assert adopted == orphan.id
    assert jobs.log.read_text() == "ran\n"
    assert len(jobs.scheduler.mine()) == 1


def test_a_wrapper_that_is_killed_is_no_end(jobs: Jobs, folder: Path) -> None:
    """The command goes on and is RUNNING; cancelling still ends it; what is not requeueable is then CANCELLED."""
    job = jobs.submit("orphan", "sh", "-c", "echo up; exec sleep 600")
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command to be up")
    claim = read_claim(folder / "jobs" / job / "1")
    assert claim

    os.kill(claim.pid, signal.SIGKILL)
    until(lambda: not is_alive(claim), "the wrapper to be gone")
    let_it_look(jobs, job)
    during = jobs.status(job).state
    jobs.scheduler.cancel(job)

    assert during is JobState.RUNNING
    assert jobs.until_ended(job).state is JobState.CANCELLED


def let_it_look(jobs: Jobs, job: str) -> None:
    """Makes the daemon look at everything once: another job runs to its end meanwhile."""
    jobs.until_ended(jobs.submit(f"after-{job}", "true"))


def test_a_job_that_vanished_altogether_is_told_so(jobs: Jobs, folder: Path) -> None:
    """Wrapper and command are killed: FAILED, since nobody can know how it would have ended."""
    job = jobs.submit("vanishes", "sh", "-c", "echo up; exec sleep 600")
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command to be up")
    claim = read_claim(folder / "jobs" / job / "1")
    assert claim

    for pid in (claim.pid, *wrapper.descendants(claim.pid)):
        os.kill(pid, signal.SIGKILL)
    status = jobs.until_ended(job)

    assert (status.state, status.exit_code) == (JobState.FAILED, None)
    assert status.reason == "its processes vanished without leaving an exit file"


def test_batch_work_that_vanished_runs_again(jobs: Jobs, folder: Path) -> None:
    """Requeueable work is put back instead."""
    job = jobs.submit("vanishes", "sh", "-c", "echo up; exec sleep 600", requeueable=True)
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command to be up")
    claim = read_claim(folder / "jobs" / job / "1")
    assert claim

    for pid in (claim.pid, *wrapper.descendants(claim.pid)):
        os.kill(pid, signal.SIGKILL)
    until(lambda: jobs.log.read_text() == "up\nup\n", "the second run")

    assert jobs.status(job).requeues == 1


@pytest.mark.parametrize("lost", [{"boot": "an earlier start"}, {"pid_started": "1"}])
@pytest.mark.parametrize("requeueable", [False, True])
def test_a_restart_and_a_reused_pid_do_not_pass_for_the_job(
    jobs: Jobs, folder: Path, lost: dict[str, str], requeueable: bool
) -> None:
    """The machine restarted, or a process of the same pid is another one: the run is over, and that process is left in
    peace; batch work runs again.
    """
    job = jobs.submit("before", "true", requeueable=requeueable)
    jobs.until_ended(job)
    jobs.scheduler.shutdown()
    bystander = subprocess.Popen(HOLD)
    values = {"pid": bystander.pid, "pid_started": wrapper.started_of(bystander.pid), "boot": wrapper.boot_id(), **lost}
    set_columns(folder, phase="running", attempt=7, ended=None, exit_code=None, **values)

    status = jobs.until_ended(job)
    lives = bystander.poll() is None
    bystander.kill()
    bystander.wait()

    assert lives
    assert status.requeues == int(requeueable)
    assert status.state is (JobState.SUCCEEDED if requeueable else JobState.FAILED)
    if "boot" in lost and not requeueable:
        assert status.reason == "lost in a restart of the machine"


def test_a_run_that_was_decided_but_never_begun_begins(jobs: Jobs, folder: Path) -> None:
    """The daemon died between its decision and the wrapper: the run is void, the next one runs the command once."""
    job = jobs.submit("decided", "sh", "-c", "echo ran")
    jobs.until_ended(job)
    jobs.scheduler.shutdown()
    jobs.log.unlink()
    (folder / "jobs" / job / "2").mkdir()
    set_columns(folder, phase="starting", attempt=2, started=None, ended=None, exit_code=None, slots='["0"]')

    status = jobs.until_ended(job)

    assert status.state is JobState.SUCCEEDED
    assert jobs.log.read_text() == "ran\n"
    assert json.loads((folder / "jobs" / job / "2" / "claim.json").read_text())["pid"] == 0


def test_a_cancelled_run_that_never_began_does_not_begin(jobs: Jobs, folder: Path) -> None:
    """The daemon died before the wrapper, and the cancel came meanwhile: CANCELLED, and no token is left in the run."""
    job = jobs.submit("decided", "sh", "-c", "echo ran")
    jobs.until_ended(job)
    jobs.scheduler.shutdown()
    jobs.log.unlink()
    run = folder / "jobs" / job / "2"
    run.mkdir()
    (run / "run.json").write_text("{}")
    set_columns(folder, phase="starting", attempt=2, started=None, ended=None, exit_code=None, intent="cancel")

    status = jobs.until_ended(job)

    assert status.state is JobState.CANCELLED
    assert not jobs.log.exists()
    assert not (run / "run.json").exists()


def test_a_wrapper_that_was_declared_void_does_not_run(jobs: Jobs) -> None:
    """It comes too late: the claim is taken, so it leaves without a trace."""
    run = jobs.folder / "run"
    run.mkdir()
    order = {
        "command": ["sh", "-c", "echo ran"],
        "env": {},
        "cwd": "/",
        "log": str(jobs.log),
        "grace_s": 1,
        "wake": "-",
    }
    (run / "run.json").write_text(json.dumps(order))

    claimed = wrapper.claim(run, 0)
    late = subprocess.run([sys.executable, "-S", "-I", wrapper.__file__, run], check=False, timeout=30)

    assert claimed
    assert late.returncode == 0
    assert not jobs.log.exists()
    assert not (run / "exit.json").exists()


def test_a_run_whose_wrapper_was_not_noted_is_adopted(jobs: Jobs, connect: Connect, folder: Path) -> None:
    """The daemon died between starting the wrapper and noting it: the run goes on as the same job, once."""
    gate = jobs.folder / "gate"
    job = jobs.submit("adopt", "sh", "-c", f"echo began; while [ ! -e '{gate}' ]; do sleep 0.02; done")
    until(lambda: jobs.log.exists() and jobs.log.read_text(), "the command to be up")
    kill_daemon(folder)
    set_columns(folder, phase="starting", pid=None, pid_started=None, boot=None, started=None)

    later = Jobs(connect(), jobs.folder)
    later.until_runs(job)
    gate.touch()
    status = later.until_ended(job)

    assert status.state is JobState.SUCCEEDED
    assert jobs.log.read_text() == "began\n"


def test_a_cancel_that_the_daemon_did_not_live_to_send_is_sent(jobs: Jobs, connect: Connect, folder: Path) -> None:
    """The intent is in the table: the next daemon ends the job."""
    job = jobs.submit("some", *HOLD)
    jobs.until_runs(job)
    kill_daemon(folder)
    set_columns(folder, intent="cancel")

    status = Jobs(connect(), jobs.folder).until_ended(job)

    assert status.state is JobState.CANCELLED


def test_there_is_one_daemon(jobs: Jobs, connect: Connect, remaining: Callable[[], list[str]]) -> None:
    """Many clients that find none at the same moment start one between them."""
    clients = [connect() for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda client: client.submit(jobs.spec("one", *HOLD)), clients))

    assert len([line for line in remaining() if "batch.local.daemon" in line]) == 1


def test_a_folder_that_another_one_makes_is_waited_for(tmp_path: Path) -> None:
    """Who comes while another one is still making the state waits for it."""
    (tmp_path / "state").mkdir(mode=0o700)
    with (
        closing(sqlite3.connect(tmp_path / "state" / "jobs.db", isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        second = pool.submit(lambda: LocalScheduler(tmp_path / "state").mine())
        with pytest.raises(TimeoutError):
            second.result(timeout=0.3)
        other.rollback()

        assert second.result() == []


def test_a_daemon_leaves_when_its_folder_is_removed(tmp_path: Path) -> None:
    """Its state is gone: there is nothing to keep."""
    folder = tmp_path / "gone"
    scheduler = LocalScheduler(folder)
    job = Jobs(scheduler, tmp_path)
    running = job.submit("some", "sh", "-c", "sleep 0.2")
    job.until_runs(running)
    process = lock.holder(folder)
    assert process

    (folder / "jobs.db").unlink()

    until(lambda: not is_alive(process), "the daemon to leave")


def test_jobs_of_a_month_ago_are_forgotten(jobs: Jobs, folder: Path) -> None:
    """With their folders; younger ones stay."""
    old = jobs.submit("old", "true")
    jobs.until_ended(old)
    jobs.scheduler.shutdown()
    set_columns(folder, ended=1000.0)
    young = jobs.submit("young", "true")
    jobs.until_ended(young)
    jobs.scheduler.shutdown()

    Keeper(folder).forget_old(now=1000.0 + 31 * 86400)

    assert jobs.status(old).state is JobState.UNKNOWN
    assert jobs.status(young).state is JobState.SUCCEEDED
    assert not (folder / "jobs" / old).exists()
