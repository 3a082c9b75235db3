"""The training launcher without a browser: its model on trainings that a test writes down, and what a page asks of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccds_kernel.batch import SchedulerUnavailableError
from ccds_kernel.errors import CcdsError
from ccds_kernel.training.metrics import Metric
from ccds_kernel.training.record import RunRecord
from ccds_kernel.training.run import RunStatus
from ccds_kernel.training.spec import TrainingSpec
from ccds_kernel.training.state import RunState
from ccds_widgets.training.app import FIRST
from ccds_widgets.training.model import TrainingModel
from ccds_widgets.training.ports import Asked, Look, Seen

FORM = vars(FIRST)


def run_id(number: int) -> str:
    """The id of run `number`: a later one has a higher number."""
    return f"20260131-{number:06d}-0a1b2c"


def seen(number: int, state: RunState, *, person: str = "sam", job: str | None = "7", **status: object) -> Seen:
    """A run as the site sees it."""
    spec = TrainingSpec(datalist=Path("list.json"), bundle="/somewhere/mine", epochs=10, image_size=24)
    record = RunRecord(
        id=run_id(number), project="HEAD-1", person=person, made=datetime(2026, 1, 31, 14, 23, tzinfo=UTC), spec=spec,
        bundle_sha256="", datalist_sha256="", versions={},
    )  # fmt: skip
    values = {"reason": "", "epoch": 4, "epochs": 10, "starts": 1, "requeues": 0} | status
    return Seen(record, RunStatus(state=state, job=job, **values))


def metric(step: int, *, closes: bool = False) -> Metric:
    """One line of a run; five steps are an epoch."""
    return Metric(
        step=step, epoch=1 + (step - 1) // 5, loss=1 / step, lr=0.1, seconds=2.0, closes_epoch=closes,
        validation={"auc": None} if closes else {},
    )  # fmt: skip


@dataclass
class FakeTrainings:
    """Trainings by hand: a list of runs, what each of them told, and what was asked for."""

    runs: list[Seen] = field(default_factory=list)
    told: dict[str, list[Metric]] = field(default_factory=dict)
    asked: list[object] = field(default_factory=list)
    volumes_error: CcdsError | None = None
    refusal: CcdsError | None = None
    answers: bool = True
    questions: list[str] = field(default_factory=list)
    damaged: tuple[CcdsError, ...] = ()

    def look(self) -> Look:
        """The latest first; noted, since it is a question to the scheduler."""
        self.questions.append("look")
        return Look(tuple(sorted(self.runs, key=lambda one: one.record.id, reverse=True)), self.damaged)

    def waits_for(self, run: str) -> str:
        """A core; noted, for the same reason."""
        self.questions.append(run)
        return "a core is wanted"

    def metrics(self, run: str, offset: int) -> tuple[list[Metric], int]:
        """Ten bytes a line."""
        lines = self.told.get(run, [])
        return lines[offset // 10 :], 10 * len(lines)

    def volumes(self) -> dict[str, tuple[int, int]]:
        """A small list."""
        if self.volumes_error:
            raise self.volumes_error
        return {"training": (5, 4), "validation": (2, 1)}

    def bundles(self) -> dict[str, tuple[str, ...]]:
        """Ours, and one that knows no option."""
        return {"classify3d": ("image_size", "learning_rate"), "mine": ()}

    def gpu_slots(self) -> int | None:
        """Four."""
        return 4

    def launch(self, asked: Asked) -> str:
        """The next run; without a job where the scheduler doesn't answer."""
        self._note(asked)
        if not self.answers:
            self.runs.append(seen(len(self.runs) + 1, RunState.UNKNOWN, job=None))
            raise SchedulerUnavailableError(expected="an answer of the scheduler", found="none", do="try again")
        self.runs.append(seen(len(self.runs) + 1, RunState.PENDING))
        return run_id(len(self.runs))

    def cancel(self, run: str) -> None:
        """Noted; the run ends when the test says so."""
        self._note(("cancel", run))

    def restart(self, run: str) -> None:
        """Noted."""
        self._note(("restart", run))

    def _note(self, what: object) -> None:
        if self.refusal:
            raise self.refusal
        self.asked.append(what)


@pytest.fixture
def trainings() -> FakeTrainings:
    """No run yet."""
    return FakeTrainings()


@pytest.fixture
def open_model(trainings) -> Callable[..., TrainingModel]:
    """The launcher of one notebook; each call is another notebook, or the same after a kernel restart."""

    def open_it(person: str = "sam", permit: Callable[[], None] = lambda: None) -> TrainingModel:
        return TrainingModel(trainings, project="HEAD-1", person=person, permit=permit, form=FIRST)

    return open_it


def as_json(answer: dict) -> dict:
    """What a page gets; it must be JSON."""
    return json.loads(json.dumps(answer, allow_nan=False))


def start(model: TrainingModel) -> dict:
    """What a page shows first."""
    return as_json(model.start())


def look(model: TrainingModel, run: str | None = None, offset: int = 0) -> dict:
    """A page asks how things stand."""
    return as_json(model.answer({"kind": "look", "run": run, "offset": offset}))


def only_run(answer: dict) -> dict:
    """The only run that is listed."""
    (run,) = answer["runs"]
    return run
