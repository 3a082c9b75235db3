"""Real trainings as jobs of the local scheduler: followed, killed, preempted, stopped on NaN, resumed.

Each start of a job imports MONAI, which takes many seconds: the tests look at three stories, each told once.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ccds_kernel.batch import JobSpec, JobState, PriorityClass
from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.training.launch import launch
from ccds_kernel.training.metrics import Metric, curve, read_metrics
from ccds_kernel.training.run import Run, RunStatus
from ccds_kernel.training.spec import TrainingSpec
from ccds_kernel.training.state import RunState
from ccds_widgets.training.app import FIRST
from ccds_widgets.training.model import TrainingModel
from ccds_widgets.training.site_trainings import SiteTrainings
from support.site import session_of, site_settings
from support.training import make_bundle, make_scheduler, make_site, need_training, training_processes
from support.waiting import until

pytestmark = pytest.mark.timeout(600)  # a story is told within its first test

EPOCHS = 25
STARTED_S = 150.0
"""How long until a job that imports MONAI must have told something, on a busy machine."""


@dataclass
class Story:
    """One run, and what was seen of it on the way."""

    folder: Path
    run: Run
    scheduler: LocalScheduler
    seen: dict[str, RunStatus] = field(default_factory=dict)
    before: list[Metric] = field(default_factory=list)
    elsewhere: dict = field(default_factory=dict)
    shown: dict[str, dict] = field(default_factory=dict)

    def until_ended(self) -> RunStatus:
        """Waits for the run's end."""
        until(lambda: self.run.status().state.ended, f"run {self.run.id} to end", STARTED_S)
        return self.run.status()

    def until_told(self, epoch: int) -> None:
        """Waits until the run has told of this epoch."""
        until(lambda: self.run.status().epoch >= epoch, f"epoch {epoch}", STARTED_S)

    def launcher(self, person: str = "sam") -> TrainingModel:
        """The launcher of a new notebook."""
        project = open_project("HEAD-1", Action.TRAIN, person=person, settings=site_settings(self.folder))
        trainings = SiteTrainings(
            project, self.folder / "datalist.json", self.scheduler, bundle=None, cpus=1, memory_mb=1000
        )
        return TrainingModel(trainings, project=project.id, person=person, permit=lambda: None, form=FIRST)

    def told(self) -> list[Metric]:
        """Everything that the run told, whether it holds or not."""
        return read_metrics(self.run.folder.metrics)[0]


def begin(folder: Path, **changed: object) -> Story:
    """Launches the small bundle on a site of its own."""
    need_training()
    project, scheduler = make_site(folder), make_scheduler(folder)
    bundle = make_bundle(folder / "small", **changed)
    spec = TrainingSpec(datalist=folder / "datalist.json", bundle=bundle, epochs=EPOCHS, batch_size=4, memory_mb=1000)
    return Story(folder, launch(project, spec, scheduler), scheduler)


@pytest.fixture(scope="module")
def killed(
    tmp_path_factory: pytest.TempPathFactory,
    diverging: Story,  # noqa: ARG001 - begun first, so that both import MONAI at the same time
) -> Iterator[Story]:
    """A run that is killed by signal 9 after some epochs, looked at, and restarted."""
    story = begin(tmp_path_factory.mktemp("killed"))
    story.until_told(3)
    story.seen["live"] = story.run.status()
    story.before = story.told()
    for process in training_processes(story.run.folder.path):
        process.send_signal(signal.SIGKILL)
    story.seen["killed"] = story.until_ended()
    story.before = story.told()
    with story.run.folder.metrics.open("a") as file:
        file.write('{"step": 9')  # a line that a kill cut short
    story.elsewhere = shown_elsewhere(story)
    launcher = story.launcher()
    story.shown["killed"] = launcher.start()
    story.shown["restarted"] = launcher.answer({"kind": "restart", "run": story.run.id})
    story.seen["end"] = story.until_ended()
    story.shown["end"] = launcher.answer({"kind": "look", "run": None, "offset": 0})
    story.shown["theirs"] = story.launcher("eli").start()
    yield story
    story.scheduler.shutdown(cancel_jobs=True)


def shown_elsewhere(story: Story) -> dict:
    """The run as another process sees it that knows the project's and the run's id only."""
    told = subprocess.run(
        [sys.executable, "-m", "ccds_kernel.cli", "training", "show", "--project", "HEAD-1", story.run.id, "--json"],
        env={
            **os.environ,
            "CCDS_CONFIG": str(story.folder / "ccds.toml"),
            **session_of("sam", "HEAD-1", story.folder / "ccds.toml"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(told.stdout)


@pytest.fixture(scope="module")
def preempted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The same run, which has to make room for somebody's first node and goes on by itself."""
    folder = tmp_path_factory.mktemp("preempted")
    story = begin(folder)
    story.until_told(3)
    first = JobSpec(
        name="session", command=("sleep", "600"), cwd=folder, log=folder / "session.log", owner="ann", gpus=1,
        priority_class=PriorityClass.FIRST, memory_mb=10,
    )  # fmt: skip
    session = story.scheduler.submit(first)
    until(lambda: story.scheduler.status([session])[session].state is JobState.RUNNING, "the session to start")
    until(lambda: not training_processes(story.run.folder.path), "the training to make room")
    story.seen["waiting"] = story.run.status()
    story.before = story.told()
    story.scheduler.cancel(session)
    story.seen["end"] = story.until_ended()
    yield story
    story.scheduler.shutdown(cancel_jobs=True)


@pytest.fixture(scope="module")
def diverging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A run whose learning rate explodes after the second epoch."""
    schedule = {
        "_target_": "torch.optim.lr_scheduler.LambdaLR",
        "optimizer": "@optimizer",
        "lr_lambda": "$lambda epoch: 1.0 if epoch < 2 else 1e38",
    }
    story = begin(tmp_path_factory.mktemp("diverged"), schedule=schedule)
    yield story
    story.scheduler.shutdown(cancel_jobs=True)


@pytest.fixture(scope="module")
def diverged(diverging: Story) -> Story:
    """That run at its end."""
    diverging.seen["end"] = diverging.until_ended()
    return diverging


def epochs_told(metrics: list[Metric]) -> list[int]:
    """The epochs that were told to the end."""
    return [metric.epoch for metric in metrics if metric.closes_epoch]


def checkpoints(story: Story) -> list[str]:
    """The names of what is in the folder of checkpoints."""
    return sorted(path.name for path in story.run.folder.checkpoints.iterdir())


def test_metrics_are_read_while_it_trains(killed):
    """The run is seen running, with its epoch, and not at its end."""
    live = killed.seen["live"]

    assert live.state is RunState.RUNNING
    assert 3 <= live.epoch < EPOCHS
    assert (live.epochs, live.starts, live.requeues) == (EPOCHS, 1, 0)


def test_a_killed_job_is_shown_as_killed(killed):
    """With the scheduler's reason."""
    assert killed.seen["killed"].state is RunState.KILLED
    assert killed.seen["killed"].reason == "killed by signal 9"


def test_another_process_sees_the_same_run(killed):
    """It needs the ids only: state and curve are in the folder and the scheduler."""
    shown = killed.elsewhere

    assert (shown["id"], shown["state"], shown["person"]) == (killed.run.id, "killed", "sam")
    assert [line["step"] for line in shown["metrics"]] == [metric.step for metric in killed.before]


def test_a_restart_goes_on_at_the_next_epoch(killed):
    """Nothing before the last checkpoint is done again: at most the epoch that the kill hit."""
    after = killed.told()[len(killed.before) :]

    assert killed.seen["end"].state is RunState.FINISHED
    assert killed.seen["end"].starts == 2
    assert after[0].epoch in {killed.before[-1].epoch, killed.before[-1].epoch + 1}
    assert epochs_told(curve(killed.told())) == list(range(1, EPOCHS + 1))


def test_the_loss_falls(killed):
    """The network learns the bright block."""
    losses = [metric.loss for metric in killed.run.curve() if metric.closes_epoch]

    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])
    assert killed.run.curve()[-1].validation["auc"] > 0.5


def test_the_last_checkpoints_are_kept(killed):
    """Two, and nothing half written."""
    assert checkpoints(killed) == [f"epoch-{EPOCHS - 1:05d}.pt", f"epoch-{EPOCHS:05d}.pt"]


def test_a_finished_run_is_not_restarted(killed):
    """One line says why."""
    with pytest.raises(CcdsError, match="found one that is finished; launch a new run"):
        killed.run.restart()


def test_the_launcher_shows_it_killed_and_restarts_it(killed):
    """A notebook that was opened after the kill: the reason, the curve so far, and the way on; finished in the end."""
    before, restarted, end = (killed.shown[moment]["runs"][0] for moment in ("killed", "restarted", "end"))
    curves = [killed.shown[moment]["curve"]["metrics"] for moment in ("killed", "end")]

    assert (before["state"], before["reason"]) == ("killed", "Killed by signal 9")
    assert (before["can_cancel"], before["can_restart"]) == (False, True)
    assert (restarted["starts"], restarted["live"]) == (2, True)
    assert (end["state"], end["epoch"], end["can_restart"]) == ("finished", EPOCHS, False)
    assert [one["step"] for one in curves[0]] == [metric.step for metric in curve(killed.before)]
    assert [one["epoch"] for one in curves[1] if one["closes"]] == list(range(1, EPOCHS + 1))


def test_another_person_s_launcher_shows_the_same(killed):
    """The same curve to the last digit; theirs to look at only."""
    assert killed.shown["theirs"]["curve"]["metrics"] == killed.shown["end"]["curve"]["metrics"]
    assert killed.shown["theirs"]["runs"][0]["why_not"] == "A run of sam: only sam can cancel or restart it."


def test_preempted_work_waits_and_is_not_killed(preempted):
    """The run is pending with a reason, its job the same."""
    waiting = preempted.seen["waiting"]

    assert waiting.state is RunState.PENDING
    assert waiting.reason
    assert preempted.before[-1].epoch < EPOCHS


def test_preempted_work_goes_on_by_itself(preempted):
    """From its checkpoint, with nobody restarting it."""
    after = preempted.told()[len(preempted.before) :]
    end = preempted.seen["end"]

    assert (end.state, end.starts, end.requeues) == (RunState.FINISHED, 1, 1)
    assert after[0].epoch >= preempted.before[-1].epoch
    assert epochs_told(curve(preempted.told())) == list(range(1, EPOCHS + 1))


def test_a_resumed_training_is_the_one_that_was_not_interrupted(killed, preempted):
    """Weights, optimizer, order and augmentation go on: two runs, interrupted at different places, tell the same losses."""
    losses = [[metric.loss for metric in story.run.curve()] for story in (killed, preempted)]

    assert losses[0] == losses[1]


def test_nan_stops_the_run(diverged):
    """Said in one line, with the place and what to do."""
    end = diverged.seen["end"]

    assert end.state is RunState.STOPPED
    assert end.reason.startswith("expected the loss to be finite; found ")
    assert " in epoch 3, step " in end.reason
    assert "\n" not in end.reason


def test_nan_leaves_the_last_good_checkpoint(diverged):
    """That of the second epoch, with finite weights."""
    import torch  # noqa: PLC0415 - only this test pays for it

    newest = torch.load(diverged.run.folder.checkpoints / "epoch-00002.pt", weights_only=True)

    assert checkpoints(diverged) == ["epoch-00001.pt", "epoch-00002.pt"]
    assert all(bool(one.isfinite().all()) for one in newest["network"].values())


def test_the_launcher_shows_what_nan_stopped(diverged):
    """Stopped, the reason in one line, the curve up to the last good epoch, and that it can be restarted."""
    shown = diverged.launcher().start()

    (run,) = shown["runs"]
    assert (run["state"], run["can_restart"]) == ("stopped", True)
    assert run["reason"].startswith("Expected the loss to be finite; found ")
    assert [one["epoch"] for one in shown["curve"]["metrics"] if one["closes"]] == [1, 2]
    assert shown["curve"]["rest_s"] is None
