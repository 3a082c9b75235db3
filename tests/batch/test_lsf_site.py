"""The files that an administrator installs into LSF: what of them can be tried without one."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccds_kernel.batch import PriorityClass
from ccds_kernel.batch.lsf import LsfSite
from ccds_kernel.batch.lsf.render import QUEUES
from support.checkout import ROOT
from support.lsf.stand_in import HOSTS, StandIn, queues, running_lsf

SITE = ROOT / "hub" / "site" / "lsf"
ESUB = SITE / "esub.ccds"
JOB = '#!/bin/sh\n#BSUB -J "{0}"\n#BSUB -q {0}\n#BSUB -n 1\nexec sleep 600\n'


@pytest.fixture
def lsf(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in."""
    with running_lsf(tmp_path / "lsf", HOSTS, queues()) as stand_in:
        yield stand_in


def asked(lsf: StandIn, tmp_path: Path, request: str) -> tuple[str, str]:
    """What the esub changes in a request, and what it tells the person."""
    parameters, changes = tmp_path / "parameters", tmp_path / "changes"
    parameters.write_text(request, encoding="utf-8")
    changes.write_text("", encoding="utf-8")
    environment = {
        "PATH": f"{lsf.bin}:{os.defpath}",
        "LSB_SUB_PARM_FILE": str(parameters),
        "LSB_SUB_MODIFY_FILE": str(changes),
    }
    done = subprocess.run(["/bin/sh", ESUB], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return changes.read_text(encoding="utf-8"), done.stderr


def test_a_second_node_goes_to_its_queue(lsf: StandIn, tmp_path: Path) -> None:
    """Whoever submits it; the person is told."""
    lsf.run("bsub", stdin=JOB.format("interactive"))

    changes, told = asked(lsf, tmp_path, 'LSB_SUB_JOB_NAME="x"\nLSB_SUB_QUEUE="interactive"\n')

    assert changes == 'LSB_SUB_QUEUE="second"\n'
    assert told == "You have a node already: this job goes to queue second.\n"


@pytest.mark.parametrize("stopped", [False, True])
def test_a_node_that_runs_in_second_is_one(lsf: StandIn, tmp_path: Path, stopped: bool) -> None:
    """Also while it stands still; another one goes to second."""
    lsf.run("bsub", stdin=JOB.format("second"))
    assert lsf.job("101")["stat"] == "RUN"
    if stopped:
        lsf.run("bstop", "101")

    changes, _ = asked(lsf, tmp_path, "LSB_SUB_QUEUE=interactive\n")

    assert changes == 'LSB_SUB_QUEUE="second"\n'


def test_a_node_that_waits_in_second_is_none_yet(lsf: StandIn, tmp_path: Path) -> None:
    """Nobody is sent there for one that may not start for long."""
    lsf.configure(closed=True)
    lsf.run("bsub", stdin=JOB.format("second"))

    assert asked(lsf, tmp_path, "LSB_SUB_QUEUE=interactive\n") == ("", "")


@pytest.mark.parametrize("request_queue", ["interactive", "second", "batch"])
def test_what_is_in_order_is_left_alone(lsf: StandIn, tmp_path: Path, request_queue: str) -> None:
    """A first node, and other queues, also where the person has jobs elsewhere and others have first nodes."""
    lsf.run("bsub", stdin=JOB.format("batch"))
    lsf.run("bsub", stdin=JOB.format("interactive"), user="eve")

    assert asked(lsf, tmp_path, f"LSB_SUB_QUEUE={request_queue}\n") == ("", "")


def test_words_of_a_request_are_not_run(lsf: StandIn, tmp_path: Path) -> None:
    """They are a file that the caller wrote."""
    lsf.run("bsub", stdin=JOB.format("interactive"))
    owned = tmp_path / "owned"

    asked(lsf, tmp_path, f'LSB_SUB_JOB_NAME="$(touch {owned})"\nLSB_SUB_QUEUE="interactive"; touch {owned}\n')

    assert not owned.exists()


def test_no_answer_refuses_nobody(lsf: StandIn, tmp_path: Path) -> None:
    """The limit of lsb.resources holds without it."""
    lsf.run("bsub", stdin=JOB.format("interactive"))
    lsf.misbehave(refuses_all="Failed in an LSF library call")

    assert asked(lsf, tmp_path, "LSB_SUB_QUEUE=interactive\n") == ("", "")


def sections(name: str, kind: str) -> list[dict[str, str]]:
    """The sections of one kind in a file of LSF's, as key → value."""
    text = (SITE / name).read_text(encoding="utf-8")
    bodies = re.findall(rf"^Begin {kind}\n(.*?)^End {kind}$", text, re.MULTILINE | re.DOTALL)
    return [dict(re.findall(r"^(\w+) *= *(.*?) *$", body, re.MULTILINE)) for body in bodies]


def test_the_queues_are_those_that_jobs_go_to() -> None:
    """In the order of the rule; batch work yields to both kinds of node by a requeue; nothing demands bsub -I."""
    found = {queue["QUEUE_NAME"]: queue for queue in sections("lsb.queues", "Queue")}
    priority = {kind: int(found[name]["PRIORITY"]) for kind, name in QUEUES.items()}

    assert set(found) == set(QUEUES.values())
    assert priority[PriorityClass.FIRST] > priority[PriorityClass.SECOND] > priority[PriorityClass.BATCH]
    assert [found[name].get("PREEMPTION") for name in ("interactive", "second", "batch", "app")] == [
        "PREEMPTIVE[batch]",
        "PREEMPTIVE[batch]",
        "PREEMPTABLE[interactive second]",
        None,
    ]
    assert {queue["ADMINISTRATORS"] for queue in found.values()} == {"ccds"}
    assert found["batch"]["JOB_CONTROLS"] == "SUSPEND[brequeue $LSB_JOBID]"
    assert not any("INTERACTIVE" in queue for queue in found.values())


def test_the_limit_is_of_jobs_in_the_queue_of_first_nodes() -> None:
    """One each."""
    assert sections("lsb.resources", "Limit") == [
        {"NAME": "ccds_first_node", "PER_USER": "all", "QUEUES": QUEUES[PriorityClass.FIRST], "JOBS": "1"}
    ]


def test_lsf_waits_longer_than_a_session_takes_to_end() -> None:
    """INT asks for the end; KILL of ours comes after the grace, LSF's after two intervals."""
    text = (SITE / "lsb.params").read_text(encoding="utf-8")
    interval = re.search(r"^JOB_TERMINATE_INTERVAL *= *(\d+)", text, re.MULTILINE)

    assert interval
    assert int(interval[1]) > LsfSite().grace_s
