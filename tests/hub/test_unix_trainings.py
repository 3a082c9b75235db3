"""What Unix users hand over from their sessions' kernels on one machine, trainings and recipes: theirs, and no longer than their
right.
"""

import json
import pwd
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch import JobId, JobState, UnknownJobError
from ccds_kernel.workflow.job_names import read_job
from support.jobs import As
from support.kernel import run_code
from support.normalizing import digests, write_recipe, write_study
from support.training import entries, make_bundle, need_training, training_processes, write_volume
from support.unix_hub import UnixHub, unix_hub
from support.waiting import until

pytestmark = pytest.mark.hub

PROJECT = "CCDSTR-1"
LAB = "ccdstr-1-lab"
STUDIES = 3
EVERYBODY = {"ann": "scientist", "bob": "scientist"}


@pytest.fixture(scope="module")
def hub() -> Iterator[UnixHub]:
    """A hub with tiny volumes in a project of ann and bob."""
    need_training()
    with unix_hub("ann", "bob") as running:
        running.apply(PROJECT, EVERYBODY)
        folder = running.site.settings.paths.projects / PROJECT
        for number, entry in enumerate(entries()):
            write_volume(folder / entry["image"], label=entry["label"], seed=number)
        for number in range(STUDIES):
            write_study(folder, number)
        write_recipe(running.site.folder)[0].chmod(0o644)
        bundle = Path(make_bundle(running.site.folder / "bundle"))
        (running.site.folder / "datalist.json").write_text(json.dumps(entries()))
        for place in (bundle, *bundle.rglob("*")):
            place.chmod(0o755 if place.is_dir() else 0o644)
        yield running


@pytest.fixture(scope="module")
def lab(hub: UnixHub) -> Iterator[str]:
    """The address of ann's lab session."""
    ann = hub.demo.login(hub.person("ann"))
    yield hub.demo.start(ann, hub.person("ann"), LAB, {"gpus": 0})
    hub.demo.stop(ann, hub.person("ann"), LAB)


@pytest.fixture(scope="module")
def kernel(hub: UnixHub, lab: str) -> str:
    """A kernel in it."""
    headers = {"Authorization": f"token {hub.demo.token(LAB)}"}
    answer = requests.post(f"{lab}api/kernels", json={"name": "ccds"}, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ccds(hub: UnixHub, lab: str, kernel: str, *words: str, stage: str = "training") -> dict[str, object]:
    """What `ccds STAGE` prints as JSON in ann's kernel."""
    command = [stage, words[0], "--project", PROJECT, *words[1:], "--json"]
    said = run_code(
        lab, kernel, {"Authorization": f"token {hub.demo.token(LAB)}"},
        "import subprocess, sys\n"
        f"done = subprocess.run([sys.executable, '-P', '-m', 'ccds_kernel.cli', *{command!r}], capture_output=True, text=True)\n"
        "print(done.stdout if done.returncode == 0 else repr(done.stderr))",
    )  # fmt: skip
    assert said.strip().startswith("{"), said + hub.log()[-3000:]
    return dict(json.loads(said))


def train(hub: UnixHub, lab: str, kernel: str, epochs: int) -> dict[str, object]:
    """Hands a training over; the run."""
    words = ("--datalist", str(hub.site.folder / "datalist.json"), "--bundle", str(hub.site.folder / "bundle"))
    asked = ("--epochs", str(epochs), "--gpus", "0", "--memory-mb", "2000", "--wall-minutes", "30")
    return ccds(hub, lab, kernel, "run", *words, *asked)


def test_a_training_from_a_kernel_is_its_person_s(hub: UnixHub, lab: str, kernel: str) -> None:
    """Its processes and files are ann's; it finishes, tells its curve, and the audit log has it in her name."""
    run = train(hub, lab, kernel, 1)
    folder = hub.site.settings.paths.projects / PROJECT / "runs" / str(run["id"])
    until(lambda: training_processes(folder), "the training to run", seconds=60)
    owners = {owner for one in training_processes(folder) if (owner := _owner(one))}

    until(lambda: not training_processes(folder), "its end", seconds=120)
    until(lambda: ccds(hub, lab, kernel, "show", str(run["id"]))["state"] == "finished", "its state", seconds=60)
    shown = ccds(hub, lab, kernel, "show", str(run["id"]))

    # The wrapper's side, with the command in its order, has no such words: what trains is hers alone.
    assert owners == {hub.person("ann")}
    assert shown["epoch"] == 1
    assert {place.owner() for place in (folder, *folder.rglob("*"))} == {hub.person("ann")}


def test_a_recipe_runs_by_jobs_as_its_person(hub: UnixHub, lab: str, kernel: str) -> None:
    """Controller and workers are ann's, at the project's door as she is; what they make is hers, and the audit log has it."""
    recipe = str(hub.site.folder / "recipe.yaml")
    handed_over = ccds(
        hub, lab, kernel, "run", "--recipe", recipe, "--engine", "cluster", "--workers", "2", stage="normalization"
    )
    digest = str(handed_over["recipe"])
    until(
        lambda: ccds(hub, lab, kernel, "show", digest, stage="normalization")["state"] == "ended",
        "its end",
        seconds=120,
    )

    into = hub.site.settings.paths.projects / PROJECT / "normalized" / digest
    assert len(digests(into)) == STUDIES
    assert {place.owner() for place in (into, *into.rglob("*"))} == {hub.person("ann")}
    log = FileAuditSink(hub.site.settings.paths.audit).entries(PROJECT)
    told = [(one["person"], one["detail"]["state"]) for one in log if one["event"] == "NormalizationEnded"]
    assert told == [(hub.person("ann"), "ended")]
    ann = As(hub.person("ann"), PROJECT)
    until(lambda: not [one for one in ann.mine() if read_job(one.name)], "her jobs to have ended")


def test_it_ends_with_the_right_and_nobody_else_ends_it(hub: UnixHub, lab: str, kernel: str) -> None:
    """Bob, of the same project, neither sees nor ends ann's job; the reconciler does, once ann is off the roster."""
    run = train(hub, lab, kernel, 5000)
    folder = hub.site.settings.paths.projects / PROJECT / "runs" / str(run["id"])
    until(lambda: training_processes(folder), "the training to run", seconds=60)
    job, bob, ann = JobId(str(run["job"])), As(hub.person("bob"), PROJECT), As(hub.person("ann"), PROJECT)

    with pytest.raises(UnknownJobError):
        bob.cancel(job)
    seen = bob.status([job])[job]
    before = ann.status([job])[job]
    hub.apply(PROJECT, {"bob": "scientist"})
    until(lambda: ann.status([job])[job].state.ended, "its end", seconds=60)

    assert seen.state is JobState.UNKNOWN
    assert before.state is JobState.RUNNING
    assert ann.status([job])[job].state is JobState.CANCELLED
    assert training_processes(folder) == []
    log = FileAuditSink(hub.site.settings.paths.audit).entries(PROJECT)
    denied = [(one["person"], one["detail"]["action"]) for one in log if one["event"] == "AccessDenied"]
    assert (hub.person("ann"), "train a model") in denied


def _owner(process: psutil.Process) -> str | None:
    try:
        return pwd.getpwuid(process.uids().real).pw_name
    except psutil.Error:  # it has just ended
        return None
