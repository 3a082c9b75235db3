"""People's jobs on this machine: through a real socket, as real Unix users, run by the real root helper through sudo."""

import pytest

from ccds_kernel.batch import (
    JobId,
    JobRefusedError,
    JobState,
    PriorityClass,
    SchedulerUnavailableError,
    UnknownJobError,
)
from support.broker import connect, jobs, nothing_left, processes_of, site, submitted_by_the_hub
from support.jobs import OTHER, PROJECT, JobsSite
from support.scheduler_contract import HOLD, Jobs, SchedulerContract
from support.waiting import until

__all__ = ["connect", "jobs", "nothing_left", "site"]


class TestBrokeredScheduler(SchedulerContract):
    """Every promise of the port, but for classes: there is only one, and its owner is who asks."""

    def test_a_job_runs_and_its_end_is_told(self, site: JobsSite, jobs: Jobs) -> None:
        """It ran as the person, whoever a spec says that they are."""
        job = jobs.submit("fine", "sh", "-c", "id -un", owner="bob")
        status = jobs.until_ended(job)

        ann = site.person("ann")
        assert (status.state, status.exit_code, status.name) == (JobState.SUCCEEDED, 0, "fine")
        assert (status.owner, status.user) == (ann, ann)
        assert status.submitted <= status.started <= status.ended
        assert jobs.log.read_text() == f"{ann}\n"
        assert jobs.log.owner() == ann

    @pytest.mark.parametrize("kind", [PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.APP])
    def test_first_nodes_start_before_further_nodes_before_batch(self, jobs: Jobs, kind: PriorityClass) -> None:
        """Nothing but batch work is taken: sessions are the hub's to start."""
        with pytest.raises(JobRefusedError):
            jobs.submit("node", *HOLD, priority_class=kind)
        with pytest.raises(JobRefusedError):
            jobs.scheduler.estimate(jobs.spec("node", *HOLD, priority_class=kind))

        assert jobs.scheduler.mine() == []

    def test_a_waiting_job_is_promoted(self, jobs: Jobs) -> None:
        """It isn't."""
        job = jobs.submit("batch", *HOLD)

        with pytest.raises(JobRefusedError):
            jobs.scheduler.set_priority(job, PriorityClass.FIRST)

        assert jobs.status(job).priority_class is PriorityClass.BATCH

    def test_an_app_session_stays_one(self, site: JobsSite, jobs: Jobs) -> None:
        """One that the hub started for the same person is no job of theirs here."""
        app = JobId(submitted_by_the_hub(site, "app"))

        with pytest.raises(UnknownJobError):
            jobs.scheduler.set_priority(app, PriorityClass.FIRST)

    def test_an_app_session_starts_on_a_full_machine(self, site: JobsSite, jobs: Jobs) -> None:
        """A first node takes the place of batch work that may be stopped, which goes on when there is room again."""
        job = jobs.submit("yields", *HOLD, gpus=4, requeueable=True)
        jobs.until_runs(job)

        node = submitted_by_the_hub(site, "first", gpus=4)
        until(lambda: jobs.status(job).requeues == 1, "the job to make room")
        waits = jobs.status(job)
        site.as_service(f"scheduler.cancel({node!r})")

        assert waits.state is JobState.PENDING
        assert jobs.until_runs(job).requeues == 1


def test_a_job_has_the_groups_of_its_project_only(site: JobsSite, jobs: Jobs) -> None:
    """Ann is on two rosters; her job reaches one project, gets no privileges back, and finds who and where it is."""
    secret = site.site.folder / "projects" / OTHER / "nifti"
    code = (
        f'id -Gn; ls {secret}; grep NoNewPrivs /proc/self/status; echo "$USER $CCDS_PROJECT $CCDS_CONFIG $HOME"; umask'
    )

    jobs.until_ended(jobs.submit("groups", "sh", "-c", code, env={"USER": "root", "CCDS_PROJECT": OTHER}))

    groups, refused, privileges, said, mask = jobs.log.read_text().splitlines()
    beginning = f"irb-{PROJECT.lower()}"
    wanted = {f"{beginning}{end}" for end in ("", "-images", "-images-w", "-rows", "-reports")}
    assert wanted <= set(groups.split()) <= wanted | {site.person("ann")}
    assert "Permission denied" in refused
    assert privileges.split() == ["NoNewPrivs:", "1"]
    assert said.split() == [site.person("ann"), PROJECT, str(site.site.config), str(jobs.folder)]
    assert mask == "0007"


def test_what_a_loader_reads_reaches_nobody_but_the_person(site: JobsSite, jobs: Jobs) -> None:
    """LD_PRELOAD and PYTHON* are the command's own; the service account's and root's processes above it have none of them."""
    mark = "/ccdst-preload.so"
    env = {"LD_PRELOAD": mark, "PYTHONPATH": mark, "BASH_ENV": mark, "SUDO_ASKPASS": mark, "TOKEN": "secret-4711"}
    job = jobs.submit("loader", "sleep", "600", env=env)
    jobs.until_runs(job)
    until(lambda: processes_of(site, "ann"), "the command")

    (command,) = processes_of(site, "ann")
    above = command.parents()[:-1]
    seen = {one.pid: one.environ() for one in [command, *above]}
    arguments = [word for one in [command, *above] for word in one.cmdline()]

    assert seen[command.pid]["LD_PRELOAD"] == mark
    assert not any({"LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "TOKEN"} & seen[one.pid].keys() for one in above)
    assert not any("secret-4711" in word for word in arguments)


def test_a_job_that_ignores_its_end_is_killed_with_all_that_it_started(site: JobsSite, jobs: Jobs) -> None:
    """TERM reaches it; what is deaf to it, in sessions of its own too, is gone after the grace."""
    code = 'trap "echo told" TERM; setsid sh -c \'trap "" TERM; sleep 600\' & while true; do sleep 0.1; done'
    job = jobs.submit("deaf", "sh", "-c", code)
    until(lambda: len(processes_of(site, "ann")) >= 3, "its processes")

    jobs.scheduler.cancel(job)
    until(lambda: jobs.status(job).state.ended, "its end", seconds=40)

    assert jobs.status(job).state is JobState.CANCELLED
    assert "told" in jobs.log.read_text()
    assert processes_of(site, "ann") == []


def test_wall_time_ends_it(site: JobsSite, jobs: Jobs) -> None:
    """As any other job."""
    job = jobs.submit("long", *HOLD, wall_minutes=0.02)

    status = jobs.until_ended(job)

    assert (status.state, status.reason) == (JobState.FAILED, "its wall time is over")
    assert processes_of(site, "ann") == []


@pytest.mark.parametrize("killed", ["wrapper.py", "relay.py"])
def test_nothing_goes_on_where_a_process_in_between_is_killed(site: JobsSite, jobs: Jobs, killed: str) -> None:
    """By kill -9: without the relay the command ends; without the wrapper the keeper still can end it."""
    job = jobs.submit("torn", *HOLD)
    until(lambda: processes_of(site, "ann"), "the command")
    (between,) = (
        one for one in processes_of(site, "service") if killed in " ".join(one.cmdline()[:6]) and "sudo" not in one.name()
        and (killed == "relay.py" or "relay.py" not in " ".join(one.cmdline()))
    )  # fmt: skip

    between.kill()
    if killed == "wrapper.py":
        jobs.scheduler.cancel(job)
    until(lambda: jobs.status(job).state.ended, "its end", seconds=40)

    assert processes_of(site, "ann") == []


def test_the_broker_may_be_killed(site: JobsSite, jobs: Jobs) -> None:
    """While it is away nothing is known, which is no end; when it is back all is as it was."""
    job = jobs.submit("stays", *HOLD)
    before = jobs.until_runs(job)

    site.kill()
    away = jobs.status(job)
    with pytest.raises(SchedulerUnavailableError, match="ccds-jobs"):
        jobs.scheduler.mine()
    site.start()
    until(lambda: jobs.status(job).state is JobState.RUNNING, "the broker to answer")

    assert away.state is JobState.UNKNOWN
    assert jobs.status(job) == before
