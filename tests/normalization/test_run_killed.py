"""Whatever of a run is killed, the next one does the rest, and the volumes are the same as if nothing had happened."""

import signal
from pathlib import Path

import pytest

from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.workflow.manifest import State
from ccds_kernel.workflow.progress import RunState
from ccds_kernel.workflow.run_folder import RunFolder
from support.killing import everybody, gone, kill, parts, started, undisturbed
from support.normalizing import digests, normalizing_site, project_folder, write_recipe, write_study
from support.waiting import until

STUDIES = 30


@pytest.fixture
def config(tmp_path) -> Path:
    """A site with thirty studies."""
    config = normalizing_site(tmp_path)
    for number in range(STUDIES):
        write_study(project_folder(config), number)
    return config


@pytest.fixture
def recipe(tmp_path) -> tuple[Path, Recipe]:
    """A file, and the recipe in it."""
    return write_recipe(tmp_path)


def test_worker_scheduler_and_client_are_killed(config, recipe):
    """Each in turn, in the midst of thirty studies; the rerun completes, each study once, outputs those of an undisturbed run."""
    path, steps = recipe
    project = project_folder(config)
    folder = RunFolder(project / "normalized" / steps.digest())

    def done() -> int:
        return sum(1 for _ in folder.manifest.keys())  # noqa: SIM118 - no mapping

    first = started(config, path)
    with first:
        for victim, after in (("worker", 3), ("scheduler", 8), ("client", 13)):
            until(lambda: done() >= after, f"{after} volumes", 120)  # noqa: B023 - is called here
            until(lambda: parts(first)["worker"], "a worker", 60)
            processes = everybody(first)
            until(lambda: kill(first, victim), f"a {victim}", 60)  # noqa: B023 - is called here
        gone(processes)
        first.communicate()
    earlier = {record.key: record for record in folder.manifest.records()}
    with started(config, path) as second:
        told, complaint = second.communicate(timeout=240)

    records = list(folder.manifest.records())
    assert (second.returncode, complaint) == (0, b"")
    stood = sum(earlier.get(record.key) == record for record in records)
    assert 0 < stood < STUDIES
    assert f"{STUDIES} volumes: {STUDIES} done ({stood} before)".encode() in told
    assert len(records) == len({record.key for record in records}) == STUDIES
    assert {record.state for record in records} == {State.DONE}
    assert digests(folder.into) == undisturbed(project / "nifti", steps)
    assert {record.key: record.output_sha256 for record in records} == digests(folder.into)
    assert not [path for path in folder.into.rglob(".*") if path != folder.folder]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_ends_in_order(config, recipe, number):
    """Ctrl-C again and again, or the scheduler: it says how far it came and how to go on, and no process is left."""
    path, steps = recipe
    folder = RunFolder(project_folder(config) / "normalized" / steps.digest())

    with started(config, path) as run:
        until(lambda: list(folder.manifest.keys()), "a volume", 120)
        processes = everybody(run)
        run.send_signal(number)
        until(lambda: run.send_signal(number) or run.poll() is not None, "the command to end", 60)
        _, complaint = run.communicate(timeout=60)

    gone(processes)
    lines = complaint.decode().split("\n")
    assert len(lines) == 3, lines
    told, stopped, end = lines
    assert (run.returncode, stopped, end) == (130, "ccds: stopped", "")
    assert told.endswith("left; the same command goes on with the rest")
    assert folder.progress().state is RunState.STOPPED
