"""What every Scheduler must do: one class of tests, run on each implementation.

A subclass gives the fixture `connect`: a function that returns a new client of one scheduler which has a node with 4 cores, 4
GPUs and 8000 MiB free, and none with GPUs beside it. Jobs use /bin/sh and /bin/sleep only.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import (
    JobId,
    JobRefusedError,
    JobSpec,
    JobState,
    JobStatus,
    PriorityClass,
    Scheduler,
    UnknownJobError,
)
from support.waiting import until

Connect = Callable[[], Scheduler]
HOLD = ("sleep", "600")
"""A command that runs until it is told to end."""


class Jobs:
    """Makes specs in one folder, and waits for what becomes of the jobs."""

    def __init__(self, scheduler: Scheduler, folder: Path) -> None:
        self.scheduler = scheduler
        self.folder = folder
        self.log = folder / "job.log"

    def spec(self, name: str, *command: str, **fields: object) -> JobSpec:
        """A small spec; `fields` override its defaults."""
        defaults = {"cwd": self.folder, "log": self.log, "owner": "ann", "memory_mb": 10}
        return JobSpec(name=name, command=command, **{**defaults, **fields})

    def submit(self, name: str, *command: str, **fields: object) -> JobId:
        """Submits such a spec."""
        return self.scheduler.submit(self.spec(name, *command, **fields))

    def status(self, job: JobId) -> JobStatus:
        """The job now."""
        return self.scheduler.status([job])[job]

    def until_state(self, job: JobId, *states: JobState) -> JobStatus:
        """Waits until the job is in one of these states."""
        names = " or ".join(states)
        until(lambda: self.status(job).state in states, f"job {job} to be {names}")
        return self.status(job)

    def until_ended(self, job: JobId) -> JobStatus:
        """Waits for the end."""
        return self.until_state(job, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)

    def until_runs(self, job: JobId) -> JobStatus:
        """Waits for the start."""
        return self.until_state(job, JobState.RUNNING)


@pytest.fixture
def jobs(connect: Connect, tmp_path: Path) -> Jobs:
    """Specs and waits for one scheduler."""
    return Jobs(connect(), tmp_path)


class SchedulerContract:
    """The port's promises."""

    def test_a_job_runs_and_its_end_is_told(self, jobs: Jobs) -> None:
        """A command that exits 0 is SUCCEEDED, with its node and its times in order, aware and in UTC."""
        before = datetime.now(UTC) - timedelta(seconds=1)

        job = jobs.submit("fine", "sh", "-c", "echo done")
        status = jobs.until_ended(job)

        assert (status.state, status.exit_code, status.name, status.owner) == (JobState.SUCCEEDED, 0, "fine", "ann")
        assert status.node
        assert status.submitted
        assert status.started
        assert status.ended
        assert before <= status.submitted <= status.started <= status.ended <= datetime.now(UTC)
        assert jobs.log.read_text() == "done\n"

    def test_a_command_that_fails_has_its_exit_code(self, jobs: Jobs) -> None:
        """Exit code 7 is FAILED with 7."""
        job = jobs.submit("fails", "sh", "-c", "exit 7")

        status = jobs.until_ended(job)

        assert (status.state, status.exit_code) == (JobState.FAILED, 7)
        assert status.reason == "exit code 7"

    def test_a_command_that_is_not_there_is_named(self, jobs: Jobs) -> None:
        """A program that can't be found makes a FAILED job whose reason names it."""
        job = jobs.submit("absent", "no-such-program-here")

        status = jobs.until_ended(job)

        assert status.state is JobState.FAILED
        assert "no-such-program-here" in (status.reason or "")

    def test_a_working_directory_that_is_not_there_is_named(self, jobs: Jobs) -> None:
        """A missing cwd makes a FAILED job that says so."""
        job = jobs.submit("nowhere", "true", cwd=jobs.folder / "missing")

        status = jobs.until_ended(job)

        assert status.state is JobState.FAILED
        assert "working directory" in (status.reason or "")

    def test_arguments_arrive_as_they_stand(self, jobs: Jobs) -> None:
        """Quotes, expansions, newlines and semicolons reach the program unchanged: no shell sees them."""
        odd = ["a b", "it's", '"', "$HOME", "`id`", "; touch owned", "new\nline", "", "-n", "é€😀", "*", "\\"]

        job = jobs.submit("odd", "sh", "-c", 'for word in "$@"; do printf "%s|" "$word"; done', "sh", *odd)
        jobs.until_ended(job)

        assert jobs.log.read_text() == "".join(f"{word}|" for word in odd)
        assert not (jobs.folder / "owned").exists()

    def test_the_environment_is_the_spec_s(self, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
        """The command sees spec.env, values as they stand, and nothing of the submitter's environment."""
        monkeypatch.setenv("HUB_SECRET", "not for jobs")

        job = jobs.submit("env", "env", "-0", env={"TOKEN": "a'b\"$x\ny"})
        jobs.until_ended(job)

        seen = dict(entry.split("=", 1) for entry in jobs.log.read_text().split("\0") if entry)
        assert seen["TOKEN"] == "a'b\"$x\ny"
        assert "HUB_SECRET" not in seen
        assert {"PATH", "HOME", "LANG"} <= seen.keys()

    def test_a_job_without_gpus_sees_none(self, jobs: Jobs) -> None:
        """CUDA_VISIBLE_DEVICES is set and empty."""
        job = jobs.submit("cpu", "sh", "-c", 'echo "[${CUDA_VISIBLE_DEVICES-unset}]"')

        jobs.until_ended(job)

        assert jobs.log.read_text() == "[]\n"

    def test_gpus_of_jobs_that_run_at_once_are_different(self, jobs: Jobs) -> None:
        """Two jobs of two GPUs each see four different ones."""
        ids = [jobs.submit(f"gpu-{n}", *HOLD, gpus=2) for n in (1, 2)]

        granted = [slot for job in ids for slot in jobs.until_runs(job).gpus_granted]

        assert len(granted) == len(set(granted)) == 4

    def test_a_name_stands_for_one_job(self, jobs: Jobs, connect: Connect) -> None:
        """Submitting a live job's name again, from another client, adopts it; after its end a new job is made."""
        first = jobs.submit("session", *HOLD)

        adopted = connect().submit(jobs.spec("session", *HOLD))
        jobs.scheduler.cancel(first)
        jobs.until_ended(first)
        anew = jobs.submit("session", *HOLD)

        assert adopted == first
        assert anew != first

    def test_a_name_submitted_by_many_at_once_is_one_job(self, jobs: Jobs, connect: Connect) -> None:
        """Eight clients submit the same name at the same moment: one id."""
        clients = [connect() for _ in range(8)]

        with ThreadPoolExecutor(8) as pool:
            ids = set(pool.map(lambda client: client.submit(jobs.spec("rush", *HOLD)), clients))

        assert len(ids) == 1
        assert [status.id for status in jobs.scheduler.mine()] == list(ids)

    def test_what_is_not_known_is_alive(self, jobs: Jobs) -> None:
        """An id that the scheduler never gave is UNKNOWN with a reason, which is no end; the others are answered."""
        real = jobs.submit("real", *HOLD)

        answer = jobs.scheduler.status([JobId("999999"), real, JobId("none of ours")])

        assert set(answer) == {"999999", real, "none of ours"}
        assert {answer[JobId(job)].state for job in ("999999", "none of ours")} == {JobState.UNKNOWN}
        assert answer[JobId("999999")].reason
        assert not answer[JobId("999999")].state.ended
        assert answer[real].state is not JobState.UNKNOWN

    def test_mine_are_all_that_live(self, jobs: Jobs, connect: Connect) -> None:
        """Another client lists the jobs that run and wait, in the order of submission, and not those that ended."""
        over = jobs.submit("over", "true")
        jobs.until_ended(over)
        live = [jobs.submit(f"live-{n}", *HOLD, cpus=3) for n in (1, 2, 3)]

        found = [status.id for status in connect().mine()]

        assert found == live

    def test_a_running_job_is_cancelled(self, jobs: Jobs) -> None:
        """Cancel ends it; it is CANCELLED, and cancelling it again changes nothing."""
        job = jobs.submit("running", *HOLD)
        jobs.until_runs(job)

        jobs.scheduler.cancel(job)
        ended = jobs.until_ended(job)
        jobs.scheduler.cancel(job)

        assert ended.state is JobState.CANCELLED
        assert jobs.status(job) == ended

    def test_a_waiting_job_is_cancelled(self, jobs: Jobs) -> None:
        """A job that never started is CANCELLED without having run."""
        holder = jobs.submit("holder", *HOLD, gpus=4)
        waiting = jobs.submit("waiting", "true", gpus=1)
        jobs.until_runs(holder)

        jobs.scheduler.cancel(waiting)
        status = jobs.until_ended(waiting)

        assert (status.state, status.started) == (JobState.CANCELLED, None)

    @pytest.mark.parametrize("job", ["999999", "x; rm -rf ."])
    def test_an_unknown_job_can_not_be_changed(self, jobs: Jobs, job: str) -> None:
        """Cancelling, moving, extending and explaining say that there is no such job."""
        calls = [
            lambda: jobs.scheduler.cancel(JobId(job)),
            lambda: jobs.scheduler.set_priority(JobId(job), PriorityClass.SECOND),
            lambda: jobs.scheduler.extend(JobId(job), 5),
            lambda: jobs.scheduler.explain(JobId(job)),
        ]

        for call in calls:
            with pytest.raises(UnknownJobError):
                call()

    def test_first_nodes_start_before_further_nodes_before_batch(self, jobs: Jobs) -> None:
        """When room comes free, the class decides, not the order of submission."""
        holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=PriorityClass.FIRST, owner="bob")
        jobs.until_runs(holder)
        waiting = [
            jobs.submit(f"in-{kind}", "sh", "-c", f"echo {kind}", gpus=4, priority_class=kind)
            for kind in (PriorityClass.BATCH, PriorityClass.SECOND, PriorityClass.FIRST)
        ]

        jobs.scheduler.cancel(holder)
        for job in waiting:
            jobs.until_ended(job)

        assert jobs.log.read_text().split() == ["first", "second", "batch"]

    def test_a_waiting_job_is_promoted(self, jobs: Jobs) -> None:
        """A change of class changes the class that status tells and the order of the queue."""
        holder = jobs.submit("holder", *HOLD, gpus=4, priority_class=PriorityClass.FIRST, owner="bob")
        jobs.until_runs(holder)
        second = PriorityClass.SECOND
        older = jobs.submit("older", "sh", "-c", "echo older", gpus=4, priority_class=second, owner="eve")
        newer = jobs.submit("newer", "sh", "-c", "echo newer", gpus=4, priority_class=second)

        jobs.scheduler.set_priority(newer, PriorityClass.FIRST)
        promoted = jobs.status(newer).priority_class
        jobs.scheduler.cancel(holder)
        jobs.until_ended(older)
        jobs.until_ended(newer)

        assert promoted is PriorityClass.FIRST
        assert jobs.log.read_text().split() == ["newer", "older"]

    def test_an_app_session_stays_one(self, jobs: Jobs) -> None:
        """No move from or to APP."""
        node = jobs.submit("node", *HOLD, gpus=1)
        app = jobs.submit("app", *HOLD, priority_class=PriorityClass.APP)

        with pytest.raises(JobRefusedError):
            jobs.scheduler.set_priority(node, PriorityClass.APP)
        with pytest.raises(JobRefusedError):
            jobs.scheduler.set_priority(app, PriorityClass.FIRST)

        assert jobs.status(app).priority_class is PriorityClass.APP

    def test_an_app_session_starts_on_a_full_machine(self, jobs: Jobs) -> None:
        """It takes no node: all cores in use don't make it wait."""
        full = jobs.submit("full", *HOLD, cpus=4, gpus=4, priority_class=PriorityClass.FIRST)
        jobs.until_runs(full)

        app = jobs.submit("app", *HOLD, priority_class=PriorityClass.APP)

        assert jobs.until_runs(app).gpus_granted == ()

    def test_wall_time_is_extended(self, jobs: Jobs) -> None:
        """Extending moves the moment at which the wall time ends."""
        job = jobs.submit("long", *HOLD, wall_minutes=60)
        before = jobs.until_runs(job).wall_ends

        jobs.scheduler.extend(job, 30)

        assert before
        assert jobs.status(job).wall_ends == before + timedelta(minutes=30)

    def test_the_wall_time_of_an_ended_job_is_not_extended(self, jobs: Jobs) -> None:
        """There is nothing to extend any more."""
        job = jobs.submit("short", "true")
        jobs.until_ended(job)

        with pytest.raises(UnknownJobError):
            jobs.scheduler.extend(job, 5)

    def test_capacity_shows_what_is_free(self, jobs: Jobs) -> None:
        """A running job's GPUs, cores and memory are no longer free; all is free again after its end."""
        job = jobs.submit("some", *HOLD, gpus=3, cpus=2, memory_mb=1000)
        jobs.until_runs(job)

        (during,) = (node for node in jobs.scheduler.capacity() if node.gpus)
        jobs.scheduler.cancel(job)
        jobs.until_ended(job)
        (after,) = (node for node in jobs.scheduler.capacity() if node.gpus)

        assert (during.gpus, during.cpus, during.memory_mb, during.up) == (4, 4, 8000, True)
        assert (during.gpus_free, during.cpus_free, during.memory_mb_free) == (1, 2, 7000)
        assert (after.gpus_free, after.cpus_free, after.memory_mb_free) == (4, 4, 8000)

    def test_a_waiting_job_is_explained(self, jobs: Jobs) -> None:
        """It has a reason in words and its position."""
        holder = jobs.submit("holder", *HOLD, gpus=4, wall_minutes=60)
        jobs.until_runs(holder)
        ids = [jobs.submit(f"waits-{n}", *HOLD, gpus=1) for n in (1, 2)]

        told = [jobs.scheduler.explain(job) for job in ids]

        assert [explanation.position for explanation in told] == [1, 2]
        assert all(explanation.reason for explanation in told)

    def test_an_estimate_submits_nothing(self, jobs: Jobs) -> None:
        """What would start is asked about without being there afterwards; an estimate lies in the future, or is now."""
        told = jobs.scheduler.estimate(jobs.spec("maybe", *HOLD, gpus=2))

        assert told.reason
        assert told.estimated_start is None or told.estimated_start > datetime.now(UTC) - timedelta(minutes=1)
        assert jobs.scheduler.mine() == []

    def test_no_estimate_of_what_can_never_run(self, jobs: Jobs) -> None:
        """As when it is submitted."""
        with pytest.raises(JobRefusedError):
            jobs.scheduler.estimate(jobs.spec("huge", "true", gpus=5))

    @pytest.mark.parametrize(
        "impossible", [{"gpus": 5}, {"cpus": 5}, {"memory_mb": 8001}, {"gpus": 1, "gpu_model": "none-such"}]
    )
    def test_what_can_never_run_is_refused(self, jobs: Jobs, impossible: dict[str, object]) -> None:
        """More than the machine has, or another model, is refused when it is submitted."""
        with pytest.raises(JobRefusedError):
            jobs.submit("huge", "true", **impossible)

        assert jobs.scheduler.mine() == []

    def test_huge_output_goes_to_the_log(self, jobs: Jobs) -> None:
        """50 MB of output neither block the job nor get lost."""
        job = jobs.submit("loud", "sh", "-c", "head -c 50000000 /dev/zero")

        status = jobs.until_ended(job)

        assert status.state is JobState.SUCCEEDED
        assert jobs.log.stat().st_size == 50_000_000

    def test_the_log_is_its_owner_s(self, jobs: Jobs) -> None:
        """Nobody else may read it."""
        job = jobs.submit("quiet", "true")

        jobs.until_ended(job)

        assert jobs.log.stat().st_mode & 0o777 == 0o600
