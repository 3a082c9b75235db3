"""`ccds normalization run --engine cluster` and its like, as processes, on this machine's scheduler."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ccds_kernel.batch import JobSpec, JobState, PriorityClass
from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.settings import load_settings
from ccds_kernel.workflow.job_names import CONTROLLER, read_job
from support.normalizing import study_key
from support.own_site import OwnSite, own_site
from support.waiting import until

STUDIES = 3
ENDS_S = 120.0


@pytest.fixture
def site(tmp_path: Path) -> OwnSite:
    """A site whose scheduler has four cores, with three studies."""
    return own_site(tmp_path / "site", studies=STUDIES)


@pytest.fixture
def scheduler(site: OwnSite) -> Iterator[LocalScheduler]:
    """Its scheduler."""
    scheduler = scheduler_of(load_settings(site.config))
    assert isinstance(scheduler, LocalScheduler)
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


@pytest.fixture
def node(site: OwnSite) -> JobSpec:
    """A session that takes all its cores."""
    folder = site.config.parent
    return JobSpec(
        name="session", command=("sleep", "600"), cwd=folder, log=folder / "session.log", owner="ann", cpus=4,
        memory_mb=10, priority_class=PriorityClass.FIRST,
    )  # fmt: skip


def run_on_cluster(site: OwnSite, *words: str) -> str:
    """Hands the run over; what was printed."""
    done = site.ccds("run", "--engine", "cluster", "--workers", "2", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def show(site: OwnSite) -> dict:
    """What `show --json` prints of the run."""
    return json.loads(site.ccds("show", site.recipe.digest(), "--json", recipe=False).stdout)


def process_of(module: str, site: OwnSite) -> psutil.Process | None:
    """A process of the site that runs one of our modules."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if module in words and any(str(site.config.parent) in word for word in words):
            return process
    return None


def test_a_run_is_followed_to_its_end(site: OwnSite, scheduler: LocalScheduler) -> None:
    """`--follow` returns when the run has ended, with its counts; every volume is there, and no job is left."""
    told = run_on_cluster(site, "--follow")

    assert f"{STUDIES} volumes: {STUDIES} done" in told
    assert len(site.digests()) == STUDIES
    until(lambda: not scheduler.mine(), "all jobs to have ended")


def test_a_run_that_waits_is_told_and_can_be_cancelled(site: OwnSite, scheduler: LocalScheduler, node: JobSpec) -> None:
    """`run` returns at once; `show` has the scheduler's word; handed over again it is the same job; `cancel` takes it back."""
    scheduler.submit(node)
    assert site.ccds("run", "--study", study_key(0)).returncode == 0

    first, second = (json.loads(run_on_cluster(site, "--json")) for _ in range(2))
    words = run_on_cluster(site)
    shown = show(site)
    cancelled = site.ccds("cancel", site.recipe.name, recipe=False)

    assert first == second
    assert f"is already job {first['job']}" in words
    assert (shown["state"], shown["done_before"], shown["waiting"]) == ("waiting", 1, STUDIES - 1)
    assert shown["jobs"]["controller"] == "pending"
    assert shown["jobs"]["reason"]
    assert cancelled.returncode == 0, cancelled.stderr
    until(lambda: scheduler.status([first["job"]])[first["job"]].state.ended, "the job to end")
    assert site.run.progress.state == "stopped"
    assert site.digests().keys() == {f"{study_key(0)}/series-a"}


def test_who_asks_for_other_studies_isn_t_given_the_run_that_lives(
    site: OwnSite, scheduler: LocalScheduler, node: JobSpec
) -> None:
    """The same words get it again; other ones would never be done."""
    scheduler.submit(node)
    first = run_on_cluster(site, "--json", "--study", study_key(0))

    again = run_on_cluster(site, "--json", "--study", study_key(0))
    other = site.ccds("run", "--engine", "cluster", "--workers", "2", "--study", study_key(1))

    assert again == first
    assert other.returncode == 1
    assert "of the same volumes; found one of others" in other.stderr


def test_what_comes_after_the_hand_over_is_for_the_next_run(
    site: OwnSite, scheduler: LocalScheduler, node: JobSpec
) -> None:
    """Nobody has said of it yet whether it may be taken, and the job can't ask."""
    takes_all = scheduler.submit(node)
    run_on_cluster(site)
    site.add(STUDIES)

    scheduler.cancel(takes_all)
    until(lambda: site.run.progress.state == "ended", "the run to end", ENDS_S)

    assert site.digests().keys() == {f"{study_key(number)}/series-a" for number in range(STUDIES)}


def test_a_controller_that_is_killed_is_followed_by_another(site: OwnSite, scheduler: LocalScheduler) -> None:
    """Killed when its workers come, a run goes on by the same command; each volume is made once, and nothing strays."""
    run_on_cluster(site)
    until(lambda: process_of("ccds_kernel.workflow.cluster_worker", site), "a worker", ENDS_S)
    controller = process_of("ccds_kernel.normalization.runs_controller", site)
    controller.send_signal(signal.SIGKILL)
    controller.wait(30)
    until(lambda: not [job for job in scheduler.mine() if _part(job.name) == CONTROLLER], "its job to have ended")

    run_on_cluster(site, "--follow")

    records = list(site.run.folder.manifest.records())
    assert len(records) == len(site.digests()) == STUDIES
    assert all(record.failure is None for record in records)
    until(lambda: process_of("ccds_kernel.workflow.cluster_worker", site) is None, "the workers to have ended", 60)
    until(lambda: not scheduler.mine(), "all jobs to have ended")


def test_a_run_that_has_to_make_room_goes_on_by_itself(site: OwnSite, scheduler: LocalScheduler, node: JobSpec) -> None:
    """Controller and workers yield to a session; when it is gone the run goes on, and nobody has to ask for that."""
    job = json.loads(run_on_cluster(site, "--json"))["job"]
    until(lambda: process_of("ccds_kernel.workflow.cluster_worker", site), "a worker", ENDS_S)
    session = scheduler.submit(node)
    until(lambda: scheduler.status([session])[session].state is JobState.RUNNING, "the session to begin", ENDS_S)

    scheduler.cancel(session)
    until(lambda: scheduler.status([job])[job].state.ended, "the run to end", ENDS_S)

    assert scheduler.status([job])[job].requeues == 1
    assert site.run.progress.state == "ended"
    assert len(site.digests()) == STUDIES


def test_nobody_but_the_roster_hands_over(site: OwnSite) -> None:
    """A project that this person isn't on is refused in one line, before any job."""
    done = site.ccds("run", "--project", "HEAD-2", "--engine", "cluster")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "expected a project" in done.stderr


def test_a_number_of_workers_beyond_reason_is_refused(site: OwnSite) -> None:
    """One line says how many there may be."""
    done = site.ccds("run", "--engine", "cluster", "--workers", "0")

    assert done.returncode == 1
    assert "expected 1 to 256 workers" in done.stderr


def test_a_machine_with_one_core_is_refused(tmp_path: Path) -> None:
    """A controller that holds the only core would wait for its workers for ever."""
    site = own_site(tmp_path / "site", "[scheduler]", "cpus = 1", "memory_mb = 8000", studies=1)

    done = site.ccds("run", "--engine", "cluster")

    assert done.returncode == 1
    assert "expected two cores for batch work" in done.stderr
    assert "--engine local" in done.stderr


def _part(name: str | None) -> str | None:
    job = read_job(name)
    return job.part if job else None
