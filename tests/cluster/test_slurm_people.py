"""Jobs of several Unix users on a real Slurm: what one writes into theirs isn't taken for the hub's, and Slurm's rights hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ccds_kernel.batch import JobId, JobRefusedError, JobSpec, JobState, PriorityClass
from ccds_kernel.batch.commands import Answer
from ccds_kernel.batch.mark import Mark, folder_tag
from ccds_kernel.batch.slurm import SlurmScheduler, SlurmSite
from support.slurm import Cluster, running_slurm
from support.slurm_client import client
from support.unix import run_as, unix_users
from support.waiting import until

FIRST, SECOND = PriorityClass.FIRST, PriorityClass.SECOND


@dataclass
class AsUser:
    """Runs Slurm's programs as one Unix user, whoever is meant: that of somebody without rights over others."""

    cluster: Cluster
    user: str

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:  # noqa: ARG002 - the port's
        """See `Commands.run`."""
        done = run_as(self.user, *argv, env=self.cluster.env, stdin=stdin)
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Cluster, dict[str, str]]]:
    """A cluster and two people, one of whom means harm."""
    with running_slurm() as cluster, unix_users("ann", "mallory") as users:
        yield cluster, users


def spec(folder: Path, name: str, owner: str, kind: PriorityClass = FIRST) -> JobSpec:
    """A job that takes all GPUs."""
    return JobSpec(
        name=name,
        command=("sleep", "600"),
        cwd=folder,
        log=folder / "log",
        owner=owner,
        memory_mb=10,
        gpus=4,
        priority_class=kind,
    )


def submit_as(cluster: Cluster, user: str, *options: str) -> JobId:
    """A job that somebody submits with `sbatch`, past the hub."""
    argv = ("sbatch", "--parsable", "--output=/dev/null", "--chdir=/", "--mem=10", *options)
    return JobId(run_as(user, *argv, env=cluster.env, stdin="#!/bin/sh\nexec sleep 600\n").stdout.strip())


def test_a_copied_mark_makes_no_job_the_hub_s(site: tuple[Cluster, dict[str, str]], tmp_path: Path) -> None:
    """Mallory gives a job the name and the comment of ann's session: the hub lists, adopts and moves ann's own only."""
    cluster, users = site
    hub = client(cluster, tmp_path / "state")
    session = hub.submit(spec(tmp_path, "session", users["ann"]))
    mark = cluster.run("squeue", "--noheader", "--format=%k", f"--jobs={session}").strip()
    forged = submit_as(cluster, users["mallory"], "--job-name=session", f"--comment={mark}", "--partition=app")

    listed = [status.id for status in hub.mine()]
    adopted = hub.submit(spec(tmp_path, "session", users["ann"]))
    hub.cancel(session)
    cluster.cancel_all()

    assert forged
    assert forged != session
    assert (listed, adopted) == ([session], session)


def test_who_has_a_node_by_hand_gets_no_session_made_the_first(
    site: tuple[Cluster, dict[str, str]], tmp_path: Path
) -> None:
    """Until that one has ended."""
    cluster, users = site
    hub = SlurmScheduler(tmp_path / "state", SlurmSite(), AsUser(cluster, users["ann"]))
    by_hand = submit_as(cluster, users["ann"], "--partition=interactive", "--gres=gpu:4")
    session = hub.submit(spec(tmp_path, "session", users["ann"], SECOND))
    with pytest.raises(JobRefusedError, match="another one in Slurm"):
        hub.set_priority(session, FIRST)
    before = hub.status([session])[session].priority_class

    holder = submit_as(cluster, users["mallory"], "--partition=interactive", "--gres=gpu:4")
    cluster.run("scancel", by_hand)
    until(lambda: by_hand not in cluster.run("squeue", "--noheader", "--format=%i").split(), "the end of it")
    hub.set_priority(session, FIRST)
    after = cluster.run("squeue", "--noheader", "--format=%P %k", f"--jobs={session}").split()
    cluster.cancel_all()

    assert holder
    assert before is SECOND
    assert after[0] == "interactive"
    assert ":first:" in after[1]


def test_who_is_no_operator_extends_no_job_that_runs(site: tuple[Cluster, dict[str, str]], tmp_path: Path) -> None:
    """Slurm's refusal is told in its own words, and the wall time stays."""
    cluster, users = site
    person = SlurmScheduler(tmp_path / "own", SlurmSite(), AsUser(cluster, users["ann"]))
    mark = Mark(folder_tag(tmp_path / "own"), "0" * 16, SECOND, users["ann"]).text()
    job = submit_as(cluster, users["ann"], f"--comment={mark}", "--partition=second", "--time=60")
    until(lambda: person.status([job])[job].state is JobState.RUNNING, "the job to run")

    with pytest.raises(JobRefusedError) as refused:
        person.extend(job, 60)
    limit = cluster.run("squeue", "--noheader", "--format=%l", f"--jobs={job}").strip()
    cluster.cancel_all()

    assert "permission" in refused.value.found.lower()
    assert limit == "1:00:00"
