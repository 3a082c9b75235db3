"""A site where people hand over jobs, and the fixtures that give its people to tests."""

import pwd
from collections.abc import Iterator

import psutil
import pytest

from ccds_kernel.batch.local.names import read_name
from support.jobs import PROJECT, As, JobsSite, jobs_site
from support.scheduler_contract import Connect, Jobs
from support.waiting import until


@pytest.fixture(scope="module")
def site() -> Iterator[JobsSite]:
    """Ann and bob are on the first project's roster, eve on none."""
    with jobs_site("eve") as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_left(site: JobsSite) -> Iterator[None]:
    """A test leaves no job, and no process of a person's."""
    yield
    for name in ("ann", "bob"):
        theirs = As(site.person(name))
        for one in theirs.mine():
            theirs.cancel(one.id)
    if any(read_name(name) is None for name in site.live()):  # a session's
        site.end_jobs()
    until(lambda: site.live() == [], "the jobs to end", seconds=40)
    assert processes_of(site, "ann") == processes_of(site, "bob") == []


def processes_of(site: JobsSite, name: str) -> list[psutil.Process]:
    """What runs as this person."""
    uid, found = pwd.getpwnam(site.person(name)).pw_uid, []
    for one in psutil.process_iter():
        try:
            if one.uids().real == uid and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except psutil.Error:
            continue
    return found


def jobs_of(site: JobsSite, name: str, project: str = PROJECT) -> Jobs:
    """Specs and waits of a person's, in their own folder of a project."""
    return Jobs(As(site.person(name), project), site.folder(name, project))


@pytest.fixture
def connect(site: JobsSite) -> Connect:
    """New clients of ann's."""
    return lambda: As(site.person("ann"))


@pytest.fixture
def jobs(site: JobsSite) -> Iterator[Jobs]:
    """Ann's jobs."""
    found = jobs_of(site, "ann")
    yield found
    found.log.unlink(missing_ok=True)


@pytest.fixture
def bob(site: JobsSite) -> Jobs:
    """Bob's."""
    return jobs_of(site, "bob")


def submitted_by_the_hub(site: JobsSite, kind: str, gpus: int = 0) -> str:
    """A session's job of ann's, as the hub submits it; its id."""
    return site.as_service(
        "from pathlib import Path\nfrom ccds_kernel.batch import JobSpec\n"
        f"print(scheduler.submit(JobSpec(name='session-{kind}', command=('sleep', '600'), cwd=Path('/'), "
        f"log=Path('/dev/null'), owner={site.person('ann')!r}, priority_class={kind!r}, gpus={gpus}, memory_mb=10)))"
    )
