"""Which jobs a person may hand over, see and end by the broker, as real Unix users: in their projects, their own, so many."""

import pytest

from ccds_kernel.batch import JobId, JobRefusedError, JobState, PriorityClass, UnknownJobError
from ccds_kernel.batch.local.broker import MOST_WAITING
from ccds_kernel.batch.local.names import read_name
from ccds_kernel.errors import CcdsError
from support.broker import bob, jobs, jobs_of, nothing_left, site, submitted_by_the_hub
from support.jobs import OTHER, PROJECT, As, JobsSite
from support.scheduler_contract import HOLD, Jobs

__all__ = ["bob", "jobs", "nothing_left", "site"]


def test_nobody_sees_or_touches_another_s_jobs(jobs: Jobs, bob: Jobs) -> None:
    """To bob ann's job is one that was never given, in every question; what the machine has free he learns."""
    job = jobs.submit("mine", *HOLD, gpus=3)
    jobs.until_runs(job)

    for call in (bob.scheduler.cancel, bob.scheduler.explain):
        with pytest.raises(UnknownJobError):
            call(job)
    with pytest.raises(UnknownJobError):
        bob.scheduler.extend(job, 5)
    with pytest.raises(UnknownJobError):
        bob.scheduler.set_priority(job, PriorityClass.FIRST)

    seen, never = bob.status(job), bob.status(JobId("999999"))
    assert (seen.state, seen.reason, seen.name, seen.owner) == (never.state, never.reason, None, None)
    assert bob.scheduler.mine() == []
    assert bob.scheduler.capacity()[0].gpus_free == 1
    assert jobs.status(job).state is JobState.RUNNING


def test_a_name_is_one_s_own(site: JobsSite, jobs: Jobs, bob: Jobs) -> None:
    """Two people, and one in two projects, may call jobs alike; none adopts another's, nor a session's of that name."""
    session = submitted_by_the_hub(site, "first")

    found = [
        *(one.submit("session-first", *HOLD) for one in (jobs, bob, jobs_of(site, "ann", OTHER))),
        JobId(session),
    ]

    assert len(set(found)) == 4
    assert sorted(one.id for one in jobs.scheduler.mine()) == sorted([found[0], found[2]])


def test_the_project_is_checked(site: JobsSite, jobs: Jobs) -> None:
    """By the roster: not another's, none of no name, not a person on none, nothing outside a session."""
    for name, project in (("bob", OTHER), ("eve", PROJECT), ("ann", "CCDSTR-9"), ("ann", "../x"), ("ann", "")):
        with pytest.raises(CcdsError, match="found"):
            As(site.person(name), project).submit(jobs.spec("mine", *HOLD))
    with pytest.raises(CcdsError, match="start it from a lab session"):
        As(site.person("ann"), None).submit(jobs.spec("mine", *HOLD))

    assert jobs.scheduler.mine() == []


def test_the_log_is_written_with_the_person_s_rights(site: JobsSite, jobs: Jobs) -> None:
    """Not into the service account's folder, nor through a link to it."""
    aim = site.site.folder / "state" / "made"
    link = jobs.folder / "link"
    link.symlink_to(aim)

    ends = [jobs.until_ended(jobs.submit(f"log-{n}", "echo", "x", log=place)) for n, place in enumerate((aim, link))]
    link.unlink()

    assert all((end.state, "log file" in end.reason) == (JobState.FAILED, True) for end in ends)
    assert not aim.exists()


def test_who_is_off_the_roster_gets_no_start(site: JobsSite, jobs: Jobs, bob: Jobs) -> None:
    """A job that waited is refused by the helper when its turn comes; its person is told why."""
    holder = bob.submit("holder", *HOLD, gpus=4)
    bob.until_runs(holder)
    waits = jobs.submit("late", *HOLD, gpus=1)
    site.apply(PROJECT, {"bob": "scientist"})

    try:
        bob.scheduler.cancel(holder)
        status = jobs.until_ended(waits)
    finally:
        site.apply(PROJECT, {"ann": "scientist", "bob": "scientist"})

    assert (status.state, status.reason) == (JobState.FAILED, "not a member of that project")


def test_so_many_may_wait(jobs: Jobs, bob: Jobs) -> None:
    """One more is refused, one that waits already is adopted, and other people have a number of their own."""
    held = jobs.submit("holder", *HOLD, gpus=4)
    jobs.until_runs(held)
    ids = [jobs.submit(f"waits-{n}", *HOLD, gpus=1) for n in range(MOST_WAITING)]

    with pytest.raises(JobRefusedError, match=str(MOST_WAITING)):
        jobs.submit("one-more", *HOLD, gpus=1)

    assert jobs.submit("waits-3", *HOLD, gpus=1) == ids[3]
    assert bob.submit("his", *HOLD, gpus=1) not in ids


def test_a_job_s_name_tells_its_person_and_project(site: JobsSite, jobs: Jobs) -> None:
    """To whoever has nothing but the table, such as the reconciler; long names fit."""
    jobs.submit("x" * 128, *HOLD)

    stored = site.as_service("print(*[one.name for one in scheduler.mine()])")
    named = read_name(stored)

    assert (named.person, named.project) == (site.person("ann"), PROJECT)
    assert read_name("session-first") is None
