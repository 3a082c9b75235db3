"""Sessions as jobs of real Unix users on a real Slurm: what is whose, who may do what, and what nobody sees."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from support.checkout import ROOT
from support.demo import processes_of
from support.kernel import run_code
from support.slurm import TWO_BY_TWO, Cluster, running_slurm
from support.unix import run_as, shared_python
from support.unix_hub import UnixHub, unix_hub
from support.waiting import until

pytestmark = pytest.mark.hub

PROJECT, OTHER = "CCDSTR-1", "CCDSTR-2"
LAB, FURTHER = "ccdstr-1-lab", "ccdstr-1-lab-2"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes with two GPUs each."""
    with running_slurm(*TWO_BY_TWO) as running:
        yield running


@pytest.fixture(scope="module")
def hub(cluster: Cluster) -> Iterator[UnixHub]:
    """A hub, run by a service account; ann is a scientist of two projects, bob of the first one."""
    lines = (
        "[scheduler]",
        'engine = "slurm"',
        "tick_seconds = 0.5",
        "[slurm]",
        f'conf = "{cluster.folder}/slurm.conf"',
    )
    with unix_hub("ann", "bob", scheduler=lines) as running:
        running.apply(PROJECT, {"ann": "scientist", "bob": "scientist"})
        running.apply(OTHER, {"ann": "scientist"})
        yield running


@pytest.fixture(scope="module")
def ann(hub: UnixHub) -> requests.Session:
    """Ann, logged in."""
    return hub.demo.login(hub.person("ann"))


@pytest.fixture(scope="module")
def lab(hub: UnixHub, ann: requests.Session) -> Iterator[str]:
    """The address of ann's lab session, which has one GPU."""
    yield start(hub, ann, LAB)
    hub.demo.stop(ann, hub.person("ann"), LAB)


def start(hub: UnixHub, ann: requests.Session, session: str) -> str:
    """Starts a session of ann's with one GPU; its address."""
    person = hub.person("ann")
    answer = ann.post(hub.demo.api(person, session), json={"user_options": {"gpus": 1}}, timeout=60)
    assert answer.status_code in {201, 202}, answer.text
    until(lambda: hub.demo.is_ready(ann, person, session), "the session to be ready", seconds=180)
    return f"{hub.demo.url}/user/{person}/{session}/"


def slurm_as(hub: UnixHub, cluster: Cluster, person: str, *words: str) -> subprocess.CompletedProcess[str]:
    """One of Slurm's programs, called by a person on their own."""
    return run_as(hub.person(person), *words, env=cluster.env)


def jobs(cluster: Cluster) -> dict[str, str]:
    """The job's number → its user, partition and state."""
    rows = cluster.run("squeue", "--noheader", "--format=%A %u %P %T").splitlines()
    return {row.split()[0]: " ".join(row.split()[1:]) for row in rows}


def server_of(hub: UnixHub, session: str = LAB) -> psutil.Process:
    """The process of a session's server."""
    (found,) = processes_of(hub.site.folder, f"CCDS_SESSION={session}", "jupyterhub.singleuser")
    return found


def kernel_says(hub: UnixHub, lab: str, code: str, session: str = LAB) -> str:
    """What `code` prints in a new kernel of ann's session."""
    headers = {"Authorization": f"token {hub.demo.token(session)}"}
    answer = requests.post(f"{lab}api/kernels", json={"name": "python3"}, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return run_code(lab, answer.json()["id"], headers, code).strip()


def test_the_job_is_the_person_s_the_server_the_service_account_s_and_the_kernel_the_person_s(
    hub: UnixHub, cluster: Cluster, lab: str
) -> None:
    """Of her groups the kernel has those of the session's project; it sees the GPU that Slurm gave to the job, and no other."""
    server = server_of(hub)

    said = kernel_says(
        hub,
        lab, "import grp,os,pwd\nprint(pwd.getpwuid(os.getuid()).pw_name, os.environ['CUDA_VISIBLE_DEVICES'])\n"
        "print(*sorted(grp.getgrgid(one).gr_name for one in os.getgroups()))"
    ).splitlines()  # fmt: skip

    ann = hub.person("ann")
    assert list(jobs(cluster).values()) == [f"{ann} interactive RUNNING"]
    assert server.username() == hub.person("service")
    assert said[0] == f"{ann} 0"
    assert {f"irb-{PROJECT.lower()}"} <= set(said[1].split())
    assert not [group for group in said[1].split() if OTHER.lower() in group]


def test_another_person_can_not_end_it_nor_its_own_promote_it(hub: UnixHub, cluster: Cluster, lab: str) -> None:
    """Slurm's own rules, since the job is the person's; it goes on."""
    (job,) = jobs(cluster)

    ended = slurm_as(hub, cluster, "bob", "scancel", job)
    longer = slurm_as(hub, cluster, "ann", "scontrol", "update", f"JobId={job}", "TimeLimit=+60")

    assert "denied" in ended.stderr
    assert "denied" in longer.stderr
    assert list(jobs(cluster)) == [job]
    assert requests.get(f"{lab}api", timeout=20).status_code == 200


LOOK = """
scontrol show job --details {job}; scontrol write batch_script {job} -; squeue --json
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /var/log/auth.log 2>/dev/null
grep -rlFf - {site} {cluster} /run 2>/dev/null
"""
"""What ann can look at; the token that she looks for comes on standard input, so that no process has it as an argument."""


def test_the_token_is_nowhere_that_its_person_reads(hub: UnixHub, cluster: Cluster, lab: str) -> None:
    """Not in the script or what Slurm tells of the job, in no argument or environment of a process, in no file of the site."""
    token = hub.demo.token(LAB)
    (job,) = jobs(cluster)
    look = LOOK.format(job=job, site=hub.site.folder, cluster=cluster.folder)

    seen = run_as(hub.person("ann"), "bash", "-c", look, env=cluster.env, stdin=token)
    script = slurm_as(hub, cluster, "ann", "scontrol", "write", "batch_script", job, "-").stdout

    *_, last = script.strip().splitlines()
    found = [line for line in seen.stdout.splitlines() if line in {str(file) for file in hub.site.folder.rglob("*")}]
    assert lab
    assert f"JobId={job}" in seen.stdout
    assert token not in seen.stdout
    assert found == []
    assert last.startswith("exec sudo -n -- ")
    assert "#SBATCH --export-file=/dev/null" in script


def test_the_person_does_not_start_the_server_of_another_s_run_from_a_job_of_their_own(
    hub: UnixHub, cluster: Cluster, lab: str
) -> None:
    """Bob's own job is one, too: it is told to start the server of ann's session, and of a session of hers that has ended."""
    runs = [folder for folder in (hub.site.folder / "state" / "scheduler" / "jobs").iterdir() if "ann" in folder.name]
    out = hub.site.folder / "projects" / PROJECT / "work" / hub.person("bob") / "out"
    start = f"sudo -n -- {shared_python()} -I -S {ROOT}/ccds_kernel/session/root_helper.py {hub.site.config} server"
    lines = [f"{start} {run} {attempt} >>{out} 2>&1; echo $? >>{out}" for run in runs for attempt in (0, 1)]
    script = "\n".join(["#!/bin/sh", "#SBATCH --partition=batch", "#SBATCH --output=/dev/null", *lines, ""])
    hub.demo.login(hub.person("bob"))

    made = run_as(
        hub.person("bob"), "sh", "-c", f"mkdir -p -m 700 {out.parent}; sbatch --parsable", env=cluster.env, stdin=script
    )
    until(lambda: made.stdout.strip() not in jobs(cluster), "bob's job to have ended")

    said = out.read_text().splitlines()
    assert lab
    assert said.count("120") == 2 * len(runs)
    assert [line for line in said if line != "120" and not line.startswith("ccds root helper: ")] == []


def test_the_hub_makes_a_session_longer_which_its_person_can_not(
    hub: UnixHub, cluster: Cluster, ann: requests.Session, lab: str
) -> None:
    """For its person, who asks the hub; by root, who asks Slurm whose job it is."""
    (job,) = jobs(cluster)
    route = f"{hub.demo.url}/hub/api/ccds/sessions/{hub.person('ann')}/{LAB}/extend"

    def minutes() -> str:
        return cluster.run("squeue", "--noheader", "--format=%l", f"--jobs={job}").strip()

    before = minutes()
    answer = ann.post(route, json={"minutes": 60}, timeout=60)

    assert lab
    assert answer.status_code == 200, answer.text
    assert minutes() != before


def test_a_second_node_that_its_person_moves_is_moved_back(
    hub: UnixHub, cluster: Cluster, ann: requests.Session, lab: str
) -> None:
    """While it waits; Slurm lets its owner do that, where the site's plugin isn't there."""
    person = hub.person("ann")
    blocker = cluster.run("sbatch", "--parsable", "--partition=interactive", "--gres=gpu:2", "--wrap=sleep 600").strip()
    until(lambda: "RUNNING" in jobs(cluster)[blocker], "a node to be taken")
    before = set(jobs(cluster))
    ann.post(hub.demo.api(person, FURTHER), json={"user_options": {"gpus": 2}}, timeout=60)
    (second,) = until(lambda: set(jobs(cluster)) - before, "the second node's job")

    moved = slurm_as(hub, cluster, "ann", "scontrol", "update", f"JobId={second}", "Partition=interactive")

    until(lambda: jobs(cluster)[second].split()[1] == "second", "the second node to be moved back")
    hub.demo.stop(ann, person, FURTHER)
    cluster.run("scancel", blocker)
    until(lambda: blocker not in jobs(cluster), "the node to be free")
    assert lab
    assert moved.returncode == 0, moved.stderr


def test_a_hub_that_is_killed_finds_everything_again(
    hub: UnixHub, cluster: Cluster, ann: requests.Session, lab: str
) -> None:
    """The job goes on meanwhile; afterwards the session is up under its address, and the same job."""
    before, server = jobs(cluster), server_of(hub)

    hub.restart_hub()

    until(lambda: hub.demo.is_ready(ann, hub.person("ann"), LAB), "the session in the hub", seconds=180)
    assert jobs(cluster) == before
    assert server_of(hub) == server
    assert kernel_says(hub, lab, "print(6 * 7)") == "42"


PLANTED = """
import os, pathlib
settings = pathlib.Path(os.environ["IPYTHONDIR"], "profile_default", "ipython_notebook_config.py")
settings.parent.mkdir(parents=True, exist_ok=True)
settings.write_text(f"open({str(settings.parent / 'taken-over')!r}, 'w')")
print(settings.parent)
"""
"""Settings of old, which a Jupyter server takes over, and runs, at its first start."""


def test_what_a_person_left_in_their_folder_is_no_setting_of_a_server_that_starts_for_the_first_time(
    hub: UnixHub, ann: requests.Session, lab: str
) -> None:
    """It would be code that runs as the service account. It starts all the same, where the person's folder is closed to it."""
    planted = Path(kernel_says(hub, lab, PLANTED))
    planted.chmod(0o777)

    start(hub, ann, FURTHER)

    assert not (planted / "taken-over").exists()


def test_a_session_that_is_stopped_leaves_no_process_of_anybody_s(
    hub: UnixHub, cluster: Cluster, ann: requests.Session, lab: str
) -> None:
    """Neither the server nor a kernel, whose users the person's job couldn't signal."""
    person = hub.person("ann")

    def of_the_job() -> list[psutil.Process]:
        return processes_of(hub.site.folder, f"CCDS_SESSION={FURTHER}")

    assert kernel_says(hub, f"{hub.demo.url}/user/{person}/{FURTHER}/", "print(1)", FURTHER) == "1"
    assert {one.username() for one in of_the_job()} >= {person, hub.person("service")}
    hub.demo.stop(ann, person, FURTHER)

    until(lambda: not of_the_job(), "every process of the session to be gone")
    assert lab
    assert FURTHER not in str(jobs(cluster))


TRAINING = """
import os, pathlib
from ccds_kernel.batch import JobSpec
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.settings import load_settings
home = pathlib.Path.home()
spec = JobSpec(name="training", command=("id", "-un"), cwd=home, log=home / "training.log", owner=os.environ["USER"])
print(scheduler_of(load_settings()).submit(spec))
"""


def test_a_person_hands_over_batch_work_from_their_kernel(hub: UnixHub, cluster: Cluster, lab: str) -> None:
    """By themselves: it is theirs, in the partition of batch work."""
    log = hub.site.folder / "projects" / PROJECT / "work" / hub.person("ann") / "training.log"

    said = kernel_says(hub, lab, TRAINING)

    until(lambda: log.exists() and log.read_text(), "the job to have run")
    assert said.isdecimal(), said
    assert log.read_text() == f"{hub.person('ann')}\n"
    assert "Partition=batch" in cluster.run("scontrol", "show", "job", said)


def test_the_doctor_s_tiny_job_goes_the_way_of_a_session(hub: UnixHub, cluster: Cluster) -> None:
    """Handed over by the root helper as a person's, and begun on its node by the helper."""
    words = ("-m", "ccds_kernel.cli", "doctor", "--scheduler", "--json", "--person", hub.person("ann"))

    done = run_as(
        hub.person("service"), str(shared_python()), "-P", *words, env={"PATH": os.environ["PATH"], **hub.site.env}
    )

    told = {it["name"]: it for it in json.loads(done.stdout)["findings"]}
    assert told["shared folder"]["verdict"] == "ok", told["shared folder"]
    last = cluster.run("squeue", "--noheader", "--states=all", "--sort=-i", "--format=%u %j %P %T").splitlines()[0]
    assert last.split()[0] == hub.person("ann")
    assert last.split()[2:] == ["app", "COMPLETED"]
