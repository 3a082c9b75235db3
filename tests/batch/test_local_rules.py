"""What the local scheduler does beyond the port: preemption, what a job leaves behind, what others may read, what it refuses."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import (
    Array,
    Container,
    JobRefusedError,
    JobState,
    PriorityClass,
    SchedulerUnavailableError,
    Topology,
)
from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.batch.spec import LONGEST_WALL_MINUTES
from ccds_kernel.errors import CcdsError
from support.scheduler_contract import HOLD, Connect, Jobs
from support.waiting import until

FIRST = PriorityClass.FIRST
RESUMES = 'trap "echo stopped; exit 0" TERM; if [ -e checkpoint ]; then echo resumed; else touch checkpoint; '
"""A command that goes on from its checkpoint when it is started anew, and ends well when told to end."""


def test_batch_work_makes_room_and_runs_again_to_its_end(jobs: Jobs) -> None:
    """A first node takes the GPUs of a batch job, which is requeued and later resumes from its checkpoint."""
    command = RESUMES + "while :; do sleep 0.02; done; fi"
    batch = jobs.submit("trial", "sh", "-c", command, gpus=4, requeueable=True)
    until((jobs.folder / "checkpoint").exists, "the checkpoint")

    node = jobs.submit("node", *HOLD, gpus=1, priority_class=FIRST)
    jobs.until_runs(node)
    preempted = jobs.status(batch)
    jobs.scheduler.cancel(node)
    ended = jobs.until_ended(batch)

    assert (preempted.state, preempted.requeues, preempted.gpus_granted) == (JobState.PENDING, 1, ())
    assert (ended.state, ended.requeues) == (JobState.SUCCEEDED, 1)
    said = [line for line in jobs.log.read_text().split() if line != "Terminated"]  # the shell's word on its sleep
    assert said == ["stopped", "resumed"]


def test_a_batch_job_that_ends_by_itself_is_not_run_again(jobs: Jobs) -> None:
    """Preempted or not: its own end counts, not the TERM that came too late."""
    batch = jobs.submit("trial", "true", gpus=4, requeueable=True)
    node = jobs.submit("node", *HOLD, gpus=4, priority_class=FIRST)
    jobs.until_runs(node)

    jobs.scheduler.cancel(node)
    ended = jobs.until_ended(batch)

    assert ended.state is JobState.SUCCEEDED


def test_batch_work_that_may_not_be_requeued_is_left_alone(jobs: Jobs) -> None:
    """A first node waits for it, and says for what."""
    batch = jobs.submit("fixed", *HOLD, gpus=4, wall_minutes=30)
    started = jobs.until_runs(batch).started

    node = jobs.submit("node", *HOLD, gpus=1, priority_class=FIRST)
    told = jobs.scheduler.explain(node)

    assert started
    assert (told.reason, told.position) == ("waiting for 1 GPU: 4 of 4 in use", 1)
    assert told.estimated_start == started + timedelta(minutes=30)
    assert jobs.status(batch).state is JobState.RUNNING


def test_an_end_leaves_an_exit_file_and_no_token(jobs: Jobs, folder: Path) -> None:
    """The exit file stays; the environment is gone from the state folder once the job is over."""
    job = jobs.submit("secret", "sh", "-c", "exit 3", env={"TOKEN": "sesame-4711"})

    jobs.until_ended(job)
    jobs.scheduler.shutdown()

    assert '"code": 3' in (folder / "jobs" / job / "1" / "exit.json").read_text()
    holds_token = [path.name for path in folder.rglob("*") if path.is_file() and b"sesame" in path.read_bytes()]
    assert holds_token == []


def test_a_token_is_in_no_argument_and_no_log(jobs: Jobs, folder: Path) -> None:
    """While the job runs only its own environment and files that are closed to others have it."""
    job = jobs.submit("secret", *HOLD, env={"TOKEN": "sesame-4712"})
    jobs.until_runs(job)

    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]

    assert not any(b"sesame" in line for line in lines)
    assert "sesame" not in (folder / "daemon.log").read_text()


def test_the_state_is_closed_to_others(jobs: Jobs, folder: Path) -> None:
    """The folder is 0700 and no file in it is open to group or others."""
    job = jobs.submit("some", *HOLD, env={"TOKEN": "sesame"})
    jobs.until_runs(job)

    modes = {str(path): stat.S_IMODE(path.lstat().st_mode) for path in [folder, *folder.rglob("*")]}

    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_the_daemon_gets_nothing_of_the_submitter_s_environment(
    jobs: Jobs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither it nor a wrapper has the hub's secrets."""
    monkeypatch.setenv("HUB_SECRET", "sesame-4713")
    job = jobs.submit("some", *HOLD)
    jobs.until_runs(job)

    ours = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder).encode() in read(path)]

    assert len(ours) >= 2
    assert not any(b"sesame" in read(process / "environ") for process in ours)


def read(path: Path) -> bytes:
    """The bytes of a file of /proc; none when the process has just ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_gpus_are_listed_for_the_command(jobs: Jobs) -> None:
    """CUDA_VISIBLE_DEVICES has the granted slots; what the spec says about it doesn't count."""
    env = {"CUDA_VISIBLE_DEVICES": "0,1,2,3"}

    job = jobs.submit("gpu", "sh", "-c", "echo $CUDA_VISIBLE_DEVICES", gpus=2, env=env)
    jobs.until_ended(job)

    assert jobs.log.read_text() == "0,1\n"


def test_a_log_that_can_not_be_opened_is_told(jobs: Jobs) -> None:
    """The job fails with the reason."""
    job = jobs.submit("nolog", "true", log=jobs.folder / "missing" / "job.log")

    status = jobs.until_ended(job)

    assert status.reason == "the log file can't be opened (no such file or directory)"


def test_apps_wait_for_a_place(jobs: Jobs) -> None:
    """The site has three places: the fourth app is told so and starts when one is free."""
    apps = [jobs.submit(f"app-{n}", *HOLD, priority_class=PriorityClass.APP) for n in range(4)]
    jobs.until_runs(apps[2])

    told = jobs.scheduler.explain(apps[3])
    jobs.scheduler.cancel(apps[0])
    jobs.until_runs(apps[3])

    assert told.reason == "waiting for 1 place: 3 of 3 in use"


def test_an_idle_daemon_waits(jobs: Jobs, folder: Path) -> None:
    """Once all jobs have ended it sleeps until somebody rings: questions about them cost it nothing."""
    job = jobs.submit("one", "true")
    jobs.until_ended(job)
    daemon = int((folder / "daemon.lock").read_text().split()[0])

    until(lambda: is_asleep(daemon), "the daemon to sleep")
    before = ticks(daemon)
    for _ in range(200):
        jobs.status(job)

    # Its own last look may still come; a look for each question would be dozens.
    assert ticks(daemon) < before + 5


def ticks(pid: int) -> int:
    """Processor time of a process so far, in 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def is_asleep(pid: int) -> bool:
    """Whether a process waits."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def test_a_shutdown_leaves_jobs_and_a_call_brings_the_daemon_back(jobs: Jobs, connect: Connect) -> None:
    """Without cancel_jobs the jobs go on; their ends are found by the daemon that the next question starts."""
    gate = jobs.folder / "gate"
    job = jobs.submit("goes-on", "sh", "-c", f"while [ ! -e '{gate}' ]; do sleep 0.02; done; exit 5")
    jobs.until_runs(job)

    jobs.scheduler.shutdown()
    gate.touch()
    status = Jobs(connect(), jobs.folder).until_ended(job)

    assert (status.state, status.exit_code) == (JobState.FAILED, 5)


def test_a_lowered_capacity_is_explained(jobs: Jobs, folder: Path) -> None:
    """A waiting job that the machine can no longer serve says so; others are served."""
    holder = jobs.submit("holder", *HOLD, gpus=4)
    waiting = jobs.submit("waiting", *HOLD, gpus=4)
    jobs.until_runs(holder)
    LocalScheduler(folder, capacity=Capacity(cpus=2, memory_mb=100, gpus=("0",)))

    told = jobs.scheduler.explain(waiting)
    small = jobs.submit("small", "true")
    jobs.until_ended(small)

    assert told.reason == "this machine no longer has what the job asks for"


def test_a_damaged_state_is_one_line_and_no_end(jobs: Jobs, folder: Path) -> None:
    """Jobs are UNKNOWN, which is alive, and everything that must not guess says what is wrong."""
    job = jobs.submit("some", "true")
    jobs.until_ended(job)
    jobs.scheduler.shutdown()
    (folder / "jobs.db").rename(folder / "kept.db")
    (folder / "jobs.db").write_bytes(b"no database" * 1000)

    status = jobs.status(job)
    with pytest.raises(SchedulerUnavailableError, match=r"jobs\.db"):
        jobs.scheduler.mine()
    (folder / "kept.db").replace(folder / "jobs.db")

    assert status.state is JobState.UNKNOWN
    assert status.reason
    assert "\n" not in status.reason


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    """A file in its place: one line with the way out."""
    (tmp_path / "state").write_text("in the way")

    with pytest.raises(SchedulerUnavailableError, match="state folder"):
        LocalScheduler(tmp_path / "state")


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf"), 1e12])
def test_minutes_that_are_none_are_refused(jobs: Jobs, minutes: float) -> None:
    """Extending by nothing is a mistake of the caller."""
    job = jobs.submit("some", *HOLD)

    with pytest.raises(CcdsError, match="minutes"):
        jobs.scheduler.extend(job, minutes)


def test_a_wall_time_does_not_grow_beyond_a_year(jobs: Jobs) -> None:
    """Its end stays a date that every answer about jobs can tell; the job goes on as before."""
    job = jobs.submit("some", *HOLD, wall_minutes=LONGEST_WALL_MINUTES - 1)

    with pytest.raises(JobRefusedError, match="a year"):
        jobs.scheduler.extend(job, 2)

    assert jobs.until_runs(job).wall_ends


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        ({"hosts": 2}, "more than one host"),
        ({"gpu_shares": 1}, "shares of a GPU"),
        ({"topology": Topology.NVLINK}, "topology nvlink"),
        ({"array": Array(2, 1)}, "an array"),
        ({"container": Container("/images/a.sif")}, "a container"),
    ],
)
def test_what_one_machine_can_not_do_is_refused(jobs: Jobs, beyond: dict[str, object], said: str) -> None:
    """In one line that names it; never a job that does something else."""
    with pytest.raises(JobRefusedError, match=said):
        jobs.submit("beyond", "true", **beyond)

    assert jobs.scheduler.mine() == []


def test_an_estimate_counts_what_runs_and_who_comes_before(jobs: Jobs) -> None:
    """With all GPUs taken for an hour by a first node, a further one starts at its end."""
    holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=PriorityClass.FIRST, wall_minutes=60)
    jobs.until_runs(holder)

    told = jobs.scheduler.estimate(jobs.spec("next", *HOLD, gpus=1, priority_class=PriorityClass.SECOND))

    assert told.estimated_start == jobs.status(holder).wall_ends
    assert told.position == 1
