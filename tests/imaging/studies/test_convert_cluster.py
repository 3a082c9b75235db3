"""`ccds imaging volumes --engine cluster`: the conversions by jobs of a real Slurm, with verdicts on a real PostgreSQL."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.audit.token import TOKEN_VARIABLE
from ccds_kernel.imaging.studies.one_at_a_time import making
from support.convert_site import KEYS, LEANS, ConvertSite, convert_site, put_on_roster, with_audit_daemon
from support.locks import waiting_for
from support.postgresql import Server
from support.slurm import Cluster, running_slurm
from support.waiting import until

ENDS_S = 120.0


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    """A node with four cores."""
    with running_slurm() as running:
        yield running


@pytest.fixture
def site(slurm: Cluster, postgresql: Server, tmp_path: Path) -> Iterator[ConvertSite]:
    """Its jobs are Slurm's, its rows PostgreSQL's, its commands those of a session."""
    (tmp_path / "site" / "state").mkdir(parents=True)
    database = postgresql.take_in(tmp_path / "site" / "state")
    lines = ("[scheduler]", 'engine = "slurm"', "[slurm]", f'conf = "{slurm.folder}/slurm.conf"')
    with with_audit_daemon(convert_site(tmp_path / "site", database, *lines)) as site:
        yield site
        slurm.cancel_all()
    postgresql.forget("head-1")


def without_times(text: str) -> list[dict[str, object]]:
    """The verdicts that `--json` printed."""
    return [{name: value for name, value in one.items() if name != "at"} for one in json.loads(text)]


def test_workers_that_are_jobs_come_to_what_this_machine_does(site: ConvertSite, slurm: Cluster) -> None:
    """One that has a study is killed: each has one verdict, one event, and the voxels that one machine makes.

    No job is left, and no right of one.
    """
    nifti = site.folder / "nifti"
    with site.begin("--engine", "cluster", "--workers", "2", "--follow", "--json") as running:
        with making(nifti, KEYS[0]):
            lock = nifti / f".making-{KEYS[0]}"
            [at_it] = until(lambda: waiting_for(lock), "a worker that has the study", ENDS_S)
            os.kill(at_it, signal.SIGKILL)
            until(lambda: set(waiting_for(lock)) - {at_it}, "another one that has it", ENDS_S)
        said, complaint = running.communicate(timeout=300)
    volumes, events, rights = site.digests(), site.told(), site.job_rights()
    shown = json.loads(site.ccds("--json", verb="conversion")[1])
    nothing = site.ccds("--engine", "cluster")

    local = site.ccds("--again", "--engine", "local", "--workers", "2", "--json")

    assert running.returncode == 0, complaint
    assert [one["study_key"] for one in json.loads(said)] == KEYS
    assert {one["study_key"] for one in json.loads(said) if one["status"] == "quarantined"} == {LEANS}
    assert without_times(said) == without_times(local[1])
    assert volumes == site.digests()
    assert len(volumes) == len(KEYS) - 1
    assert events == dict.fromkeys(KEYS, 1)
    assert rights == 0
    assert (shown["run"]["state"], shown["run"]["engine"], shown["run"]["done"]) == ("ended", "cluster", len(KEYS))
    assert nothing[1].startswith("none of 6 studies waits")
    assert slurm.run("squeue", "--noheader", "--states=PENDING,RUNNING") == ""


def test_whose_right_ended_before_the_job_began_makes_nothing(site: ConvertSite, slurm: Cluster) -> None:
    """The controller comes to the project's door as that person, and is turned away; what waits still waits."""
    slurm.run("scontrol", "update", "PartitionName=batch", "State=DOWN")
    handed = site.ccds("--engine", "cluster", "--json")
    put_on_roster(site.settings, "fellow")

    slurm.run("scontrol", "update", "PartitionName=batch", "State=UP")
    until(lambda: slurm.run("squeue", "--noheader", "--states=PENDING,RUNNING") == "", "the job to end", ENDS_S)

    run = json.loads(site.ccds("--json", verb="conversion")[1])["run"]
    assert handed[0] == 0, handed[2]
    assert run["state"] == "broken"
    assert run["why"].startswith("expected a role that may write images; found")
    assert (site.digests(), site.told()) == ({}, {})


def test_a_partition_that_slurm_doesn_t_have_is_one_line(site: ConvertSite) -> None:
    """The site's settings name it for batch work: nothing is begun, the run doesn't wait for ever, its right is over."""
    told = site.config.read_text(encoding="utf-8")
    site.config.write_text(told.replace("[slurm]\n", '[slurm]\nbatch = "nowhere"\n'), encoding="utf-8")

    status, said, complaint = site.ccds("--engine", "cluster")

    assert (status, said) == (1, "")
    assert complaint.startswith("ccds: expected ")
    assert complaint.count("\n") == 1
    assert json.loads(site.ccds("--json", verb="conversion")[1])["run"]["state"] == "broken"
    assert site.job_rights() == 0


def test_a_job_that_is_taken_back_leaves_no_right(site: ConvertSite, slurm: Cluster) -> None:
    """It never began, so it can't give it back itself: who cancels it does."""
    slurm.run("scontrol", "update", "PartitionName=batch", "State=DOWN")
    handed = site.ccds("--engine", "cluster", "--json")
    before = site.job_rights()

    cancelled = site.ccds("--cancel", verb="conversion")

    slurm.run("scontrol", "update", "PartitionName=batch", "State=UP")
    assert (handed[0], cancelled[0]) == (0, 0), handed[2] + cancelled[2]
    assert (before, site.job_rights()) == (1, 0)


def test_without_a_right_of_its_own_there_is_no_job(site: ConvertSite, slurm: Cluster) -> None:
    """The session's isn't given to it."""
    del site.environment[TOKEN_VARIABLE]

    status, said, complaint = site.ccds("--engine", "cluster")

    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert complaint.startswith(
        "ccds: expected a right of the job's own to the project's database, from the audit daemon"
    )
    assert slurm.run("squeue", "--noheader") == ""


def test_a_database_of_one_host_is_refused(tmp_path: Path) -> None:
    """Jobs run on other hosts, of which none may write a SQLite file; no scheduler is asked."""
    site = convert_site(tmp_path, {}, "[scheduler]", 'engine = "slurm"')

    status, said, complaint = site.ccds("--engine", "cluster")

    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert complaint.startswith("ccds: expected a database that every host reaches, as PostgreSQL is; found SQLite")
    assert "--engine local" in complaint
