"""`hub/site/slurm/job_submit.lua` in a real slurmctld, by real Unix users with Slurm's own programs: the rule without the hub."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from support.checkout import ROOT
from support.slurm import Cluster, running_slurm
from support.unix import run_as, unix_users
from support.waiting import until

PLUGIN = ROOT / "hub/site/slurm/job_submit.lua"
MARK = "ccds1:0123456789ab:0123456789abcdef:first:ann"


ONE = "sbatch --parsable {options} --wrap 'sleep 600'"
FIVE = f"for n in 1 2 3 4 5; do {ONE}; done"
OPTIONS = ("--output=/dev/null", "--chdir=/", "--mem=10", "--no-requeue")


@dataclass
class Person:
    """Somebody with a shell."""

    user: str
    cluster: Cluster

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """What one of Slurm's programs says to them."""
        return run_as(self.user, *argv, env=self.cluster.env, stdin="#!/bin/sh\nexec sleep 600\n")

    def submit(self, partition: str | None, *options: str) -> subprocess.CompletedProcess[str]:
        """`sbatch` of a job that lasts, into a partition or none."""
        where = [f"--partition={partition}"] if partition else []
        return self.run("sbatch", "--parsable", *OPTIONS, *where, *options)

    def partition(self, job: str) -> str:
        """Where a job of theirs is."""
        return self._told(job, "%P")

    def state(self, job: str) -> str:
        """How it is."""
        return self._told(job, "%T")

    def renew_list(self) -> None:
        """Lets Slurm make its plugin's list of jobs anew: it does when one changes in a later second than the last."""
        second = int(time.time())
        until(lambda: int(time.time()) > second, "the second to be over")
        self.submit("batch", "--hold")

    def _told(self, job: str, what: str) -> str:
        return self.run("squeue", "--noheader", f"--format={what}", f"--jobs={job}").stdout.strip()


@pytest.fixture(scope="module")
def people() -> Iterator[tuple[Person, Person]]:
    """Two people and a cluster with the plugin."""
    with running_slurm(job_submit=PLUGIN) as cluster, unix_users("ann", "bob") as users:
        yield Person(users["ann"], cluster), Person(users["bob"], cluster)


@pytest.fixture
def ann(people: tuple[Person, Person]) -> Iterator[Person]:
    """One of them, without a job of anybody's."""
    people[0].renew_list()
    yield people[0]

    people[0].cluster.cancel_all()


@pytest.fixture
def bob(people: tuple[Person, Person]) -> Person:
    """The other one."""
    return people[1]


def test_a_further_job_of_the_same_person_is_a_further_node(ann: Person, bob: Person) -> None:
    """It goes to `second`, and the person is told; another person's first one is a first one."""
    first, further, other = (
        ann.submit("interactive"),
        ann.submit("interactive", f"--comment={MARK}"),
        bob.submit("interactive"),
    )

    assert ann.partition(first.stdout.strip()) == "interactive"
    assert ann.partition(further.stdout.strip()) == "second"
    assert "you have a node already" in further.stderr
    assert bob.partition(other.stdout.strip()) == "interactive"
    comment = ann.run("squeue", "--noheader", "--format=%k", f"--jobs={further.stdout.strip()}").stdout.strip()
    assert comment == MARK.replace("first", "second")


@pytest.mark.parametrize("before", ["", f"scancel $({ONE})"])
def test_of_several_at_once_one_is_a_first_node(ann: Person, before: str) -> None:
    """Slurm doesn't show its plugin the jobs that it took in the very second of its list; nor helps it to end one of them."""
    options = " ".join(("--partition=interactive", "--gres=gpu:4", *OPTIONS))

    jobs = ann.run("sh", "-c", f"{before}\n{FIVE}".format(options=options))

    where = sorted(ann.partition(job) for job in jobs.stdout.split())
    assert where in ([*["second"] * 5], ["interactive", *["second"] * 4])
    assert before or "interactive" in where


def test_a_further_job_is_one_however_long_nothing_has_happened_since(ann: Person) -> None:
    """The list of jobs may be as old as the first one, without it."""
    first = ann.submit("interactive", "--gres=gpu:1").stdout.strip()
    until(lambda: ann.state(first) == "RUNNING", "the first to run")

    assert ann.partition(ann.submit("interactive").stdout.strip()) == "second"


def test_who_runs_in_second_has_a_node(ann: Person) -> None:
    """Whoever has one has had their turn."""
    has = ann.submit("second", "--gres=gpu:1").stdout.strip()
    until(lambda: ann.state(has) == "RUNNING", "it to run")
    ann.renew_list()

    again = ann.submit("interactive", "--gres=gpu:1")

    assert ann.partition(again.stdout.strip()) == "second"
    assert "you have a node already" in again.stderr


def test_who_waits_in_second_has_none(ann: Person, bob: Person) -> None:
    """Their first node is the one that they ask for as that."""
    bob.submit("interactive", "--gres=gpu:4")
    waits = ann.submit("second", "--gres=gpu:4").stdout.strip()

    assert ann.partition(ann.submit("interactive", "--gres=gpu:4").stdout.strip()) == "interactive"
    assert ann.state(waits) == "PENDING"


def test_a_question_takes_nobody_s_first_node(ann: Person) -> None:
    """After `--test-only` there is no job; a while after it the next one is a first."""
    ann.submit("batch")
    ann.run("sbatch", "--test-only", "--partition=interactive", *OPTIONS)

    def is_first() -> bool:
        job = ann.submit("interactive").stdout.strip()
        found = ann.partition(job)
        ann.run("scancel", job)
        return found == "interactive"

    until(is_first, "the question to be forgotten", 15)


def test_when_the_first_has_ended_the_next_is_a_first(ann: Person) -> None:
    """Only live jobs count."""
    first = ann.submit("interactive").stdout.strip()
    ann.cluster.cancel_all()
    ann.renew_list()

    again = ann.submit("interactive").stdout.strip()

    assert again != first
    assert ann.partition(again) == "interactive"


def test_a_job_without_partition_is_batch_work(ann: Person) -> None:
    """There is no default that jumps the queue."""
    assert ann.partition(ann.submit(None).stdout.strip()) == "batch"


@pytest.mark.parametrize(
    ("partition", "options"),
    [
        ("interactive", ("--array=0-1",)),
        ("second", ("--array=0-1",)),
        ("interactive", ("--requeue",)),
        ("interactive,second", ()),
        ("batch,interactive", ()),
        ("app", ("--gres=gpu:1",)),
        ("app", ("--gpus=1",)),
    ],
)
def test_what_gets_round_the_rule_is_refused(ann: Person, partition: str, options: tuple[str, ...]) -> None:
    """With a line that says why."""
    refused = ann.submit(partition, *options)

    assert refused.returncode != 0
    assert "ccds: " in refused.stderr


def test_a_job_of_several_components_is_no_first_node(ann: Person) -> None:
    """Each would be one of its own."""
    refused = ann.run(
        "sbatch",
        "--parsable",
        "--partition=interactive",
        "--no-requeue",
        ":",
        "--partition=interactive",
        "--no-requeue",
    )

    assert refused.returncode != 0
    assert "several components" in refused.stderr


def test_a_further_node_waits_while_somebody_s_first_does(ann: Person, bob: Person) -> None:
    """Though it would fit, and the other one doesn't yet: it would end after that one could begin, by their wall times."""
    ann.submit("interactive", "--gres=gpu:2", "--time=60")
    first = bob.submit("interactive", "--gres=gpu:4", "--time=60").stdout.strip()
    further = ann.submit("second", "--gres=gpu:1", "--time=240").stdout.strip()

    def told(job: str) -> str:
        return bob.cluster.run("squeue", "--noheader", "--format=%T:%r", f"--jobs={job}").strip()

    until(lambda: told(first) == "PENDING:Resources", "bob's job to be looked at")
    until(lambda: told(further) not in {"PENDING:None", ""}, "ann's job to be looked at")
    assert told(further).startswith("PENDING:")


def test_nobody_moves_a_further_job_before_others(ann: Person) -> None:
    """By scontrol an owner can't, and an administrator, as whom the hub does, can."""
    ann.submit("interactive", "--gres=gpu:4")
    waits = ann.submit("second", "--gres=gpu:4").stdout.strip()

    refused = ann.run("scontrol", "update", f"JobId={waits}", "Partition=interactive")
    listed = ann.run("scontrol", "update", f"JobId={waits}", "Partition=second,interactive")
    between = ann.partition(waits)
    ann.cluster.run("scontrol", "update", f"JobId={waits}", "Partition=interactive")

    assert (refused.returncode, listed.returncode, between) == (1, 1, "second")
    assert ann.partition(waits) == "interactive"


@pytest.mark.parametrize("partition", ["interactive", "second", "app"])
def test_batch_work_stays_batch_work(ann: Person, bob: Person, partition: str) -> None:
    """It doesn't become a node while it waits."""
    bob.submit("interactive", "--gres=gpu:4")
    waits = ann.submit("batch", "--gres=gpu:1").stdout.strip()

    refused = ann.run("scontrol", "update", f"JobId={waits}", f"Partition={partition}")

    assert refused.returncode != 0
    assert ann.partition(waits) == "batch"


def test_what_the_hub_noted_with_a_job_stays(ann: Person) -> None:
    """Its owner can't change the comment by which the hub knows it; other comments are theirs."""
    ours = ann.submit("interactive", f"--comment={MARK}").stdout.strip()
    theirs = ann.submit("batch", "--comment=mine").stdout.strip()

    refused = ann.run("scontrol", "update", f"JobId={ours}", "Comment=none")
    changed = ann.run("scontrol", "update", f"JobId={theirs}", "Comment=other")

    assert (refused.returncode, changed.returncode) == (1, 0)
