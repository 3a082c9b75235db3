"""`ccds imaging conversion`, and a run that is handed over, as processes, on this machine's scheduler."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch import JobSpec, PriorityClass
from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.batch.site import scheduler_of
from support.convert_site import KEYS, ConvertSite, convert_site
from support.waiting import until


@pytest.fixture
def site(tmp_path: Path) -> ConvertSite:
    """Its scheduler is this machine's, with four cores; its rows lie in a file."""
    return convert_site(tmp_path, {}, "[scheduler]", "cpus = 4", "memory_mb = 8000")


@pytest.fixture
def scheduler(site: ConvertSite) -> Iterator[LocalScheduler]:
    """Its scheduler, of which a session has all cores."""
    scheduler = scheduler_of(site.settings)
    assert isinstance(scheduler, LocalScheduler)
    scheduler.submit(
        JobSpec(
            name="session", command=("sleep", "600"), cwd=site.folder, log=site.config.with_name("log"), owner="ann",
            cpus=4, memory_mb=10, priority_class=PriorityClass.FIRST,
        )
    )  # fmt: skip
    yield scheduler
    scheduler.shutdown(cancel_jobs=True)


def show(site: ConvertSite) -> dict:
    """What `conversion --json` prints."""
    return json.loads(site.ccds("--json", verb="conversion")[1])


def test_a_run_that_waits_is_told_and_can_be_cancelled(site: ConvertSite, scheduler: LocalScheduler) -> None:
    """It has the scheduler's word; handed over again it is the same job, also for fewer studies; `--cancel` takes it back."""
    first, second = (json.loads(site.ccds("--engine", "cluster", "--json")[1]) for _ in range(2))
    fewer = site.ccds("--engine", "cluster", "--study", KEYS[0])
    shown, words = show(site), site.ccds(verb="conversion")

    cancelled = site.ccds("--cancel", verb="conversion")

    job = first["job"]
    assert first == second == {"project": "HEAD-1", "studies": len(KEYS), "job": job}
    assert fewer[1].startswith(f"{len(KEYS)} studies are already job {job}: 'ccds imaging conversion")
    assert (shown["run"]["state"], shown["run"]["waiting"], shown["jobs"]["controller"]) == ("waiting", 6, "pending")
    assert words[1].startswith("waiting, cluster, ")
    assert "\n6 studies: 0 done, 6 left\ncontroller pending: " in words[1]
    assert cancelled == (0, "the run is told to stop\n", "")
    until(lambda: scheduler.status([job])[job].state.ended, "the job to end")
    assert show(site)["run"]["state"] == "stopped"
    assert site.digests() == {}


def test_other_studies_than_those_at_work_are_refused(site: ConvertSite, scheduler: LocalScheduler) -> None:
    """They would never be done, and nobody told."""
    site.ccds("--engine", "cluster", "--study", KEYS[0])

    status, said, complaint = site.ccds("--engine", "cluster", "--study", KEYS[1])

    assert (status, said) == (1, "")
    assert "expected the run that is at work to be of the same studies; found one of others" in complaint
    assert len([one for one in scheduler.mine() if one.name != "session"]) == 1


def test_where_no_run_was_begun_that_is_said(site: ConvertSite) -> None:
    """With what begins one; there is nothing to end."""
    shown, ended = site.ccds(verb="conversion"), site.ccds("--cancel", verb="conversion")

    assert shown == (0, "no run yet: 'ccds imaging volumes --engine local', or cluster, begins one\n", "")
    assert ended[0] == 1
    assert "expected a run that is at work; found none yet" in ended[2]
