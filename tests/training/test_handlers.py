"""What runs inside the job, with torch and ignite and without MONAI: a tiny network on an engine."""

import math
import warnings
from pathlib import Path

import pytest

from ccds_kernel.training.inside.__main__ import _told
from ccds_kernel.training.inside.entries import entries
from ccds_kernel.training.inside.not_finite import NotFiniteError, not_finite
from ccds_kernel.training.metrics import read_metrics
from ccds_kernel.training.record import Outcome
from support.training import need_training


@pytest.fixture(scope="module")
def torch():
    """The library."""
    need_training()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ignite's import calls what torch has deprecated
        import ignite.engine  # noqa: PLC0415 - only where it is installed
        import torch  # noqa: PLC0415 - likewise

    assert ignite.engine
    return torch


@pytest.fixture
def handlers(torch):  # noqa: ARG001 - skips where it is missing
    """The module, which can't be imported without torch."""
    from ccds_kernel.training.inside import handlers  # noqa: PLC0415 - likewise

    return handlers


class Training:
    """Three steps an epoch of one weight, the losses prescribed."""

    def __init__(self, torch, losses: list[float]) -> None:
        from ignite.engine import Engine, Events  # noqa: PLC0415 - likewise

        self.network = torch.nn.Linear(1, 1)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=0.1)
        self.losses = losses
        self.drawn: list[float] = []
        self.epochs: list[int] = []
        self.optimizer_at_start: list[str] = []
        self.engine = Engine(self._step)
        self.engine.add_event_handler(Events.EPOCH_STARTED, self._on_epoch_start)
        self._torch = torch

    def _on_epoch_start(self, engine):
        self.epochs.append(engine.state.epoch)
        self.optimizer_at_start.append(repr(self.optimizer.state_dict()))

    def _step(self, engine, _):
        self.optimizer.zero_grad()
        self.network(self._torch.rand(1)).sum().backward()
        self.optimizer.step()
        self.drawn.append(float(self._torch.rand(1)))
        return {"loss": self._torch.tensor(self.losses[engine.state.iteration - 1])}

    def run(self, *handlers, epochs: int) -> None:
        """Attaches the handlers in their order, and trains."""
        for handler in handlers:
            handler.attach(self.engine)
        self.engine.run([0, 1, 2], max_epochs=epochs)


@pytest.mark.parametrize("every", [1, 2, 10])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_the_training(torch, handlers, tmp_path, every, bad):
    """However seldom it is looked at: named by its step, before the epoch's checkpoint is written."""
    training = Training(torch, [1.0, 1.0, 1.0, 1.0, bad, 1.0, 1.0, 1.0, 1.0])
    guard = handlers.FiniteGuard(training.network, every=every)
    checkpoints = handlers.Checkpoints(str(tmp_path), {"network": training.network})

    with pytest.raises(NotFiniteError, match=f"the loss to be finite; found {bad} in epoch 2, step 5; lower"):
        training.run(guard, checkpoints, epochs=3)

    assert [path.name for path in tmp_path.iterdir()] == ["epoch-00001.pt"]


def test_a_weight_that_is_not_finite_stops_the_training(torch, handlers):
    """The last step of an epoch may spoil weights whose loss nobody has seen yet."""
    training = Training(torch, [1.0] * 3)
    with torch.no_grad():
        training.network.weight.fill_(math.nan)

    with pytest.raises(NotFiniteError, match="every weight to be finite; found others at the end of epoch 1"):
        training.run(handlers.FiniteGuard(training.network), epochs=1)


def test_metrics_are_means_of_what_came_since_the_line_before(torch, handlers, tmp_path):
    """Every second step, and for each epoch the mean of all its steps."""
    training = Training(torch, [1.0, 2.0, 6.0, 4.0, 8.0, 0.0])
    writer = handlers.MetricsWriter(str(tmp_path / "metrics.jsonl"), training.optimizer, every=2)

    training.run(writer, epochs=2)
    told, _ = read_metrics(tmp_path / "metrics.jsonl")

    assert [(one.step, one.epoch, one.loss, one.closes_epoch) for one in told] == [
        (2, 1, 1.5, False),
        (3, 1, 3.0, True),
        (4, 2, 4.0, False),
        (6, 2, 4.0, False),
        (6, 2, 4.0, True),
    ]
    assert {one.lr for one in told} == {0.1}


def test_what_the_evaluator_measured_is_told_with_the_epoch(torch, handlers, tmp_path):
    """Numbers as numbers, what can't be computed or is no number as null."""
    training, evaluator = Training(torch, [1.0] * 3), Training(torch, []).engine
    evaluator.state.metrics = {"auc": torch.tensor(0.75), "dice": math.nan, "note": "x"}
    writer = handlers.MetricsWriter(str(tmp_path / "metrics.jsonl"), training.optimizer, evaluator)

    training.run(writer, epochs=1)
    told, _ = read_metrics(tmp_path / "metrics.jsonl")

    assert told[-1].validation == {"auc": 0.75, "dice": None, "note": None}


def test_a_line_that_a_kill_cut_short_spoils_no_other(torch, handlers, tmp_path):
    """The next start begins a new line."""
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "epo')
    training = Training(torch, [1.0] * 3)

    training.run(handlers.MetricsWriter(str(path), training.optimizer), epochs=1)

    assert [one.step for one in read_metrics(path)[0]] == [3]


def test_a_resumed_optimizer_is_the_one_that_was_saved(torch, handlers, tmp_path):
    """Moments and step count of Adam, and the epoch at which to go on."""
    first, second = Training(torch, [1.0] * 6), Training(torch, [1.0] * 15)
    objects = [{"network": one.network, "optimizer": one.optimizer} for one in (first, second)]

    first.run(handlers.Checkpoints(str(tmp_path), objects[0]), epochs=2)
    second.run(handlers.Checkpoints(str(tmp_path), objects[1]), epochs=5)

    assert second.optimizer_at_start[0] == repr(first.optimizer.state_dict())
    assert second.optimizer_at_start[0] != first.optimizer_at_start[0]
    assert second.epochs == [3, 4, 5]


def test_a_damaged_checkpoint_is_passed_over(torch, handlers, tmp_path):
    """The one before is taken."""
    training = Training(torch, [1.0] * 9)
    training.run(handlers.Checkpoints(str(tmp_path), {"network": training.network}), epochs=3)
    newest: Path = tmp_path / "epoch-00003.pt"
    newest.write_bytes(newest.read_bytes()[:100])

    again = Training(torch, [1.0] * 12)
    again.run(handlers.Checkpoints(str(tmp_path), {"network": again.network}), epochs=4)

    assert again.epochs == [3, 4]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-00003.pt", "epoch-00004.pt"]


def test_an_epoch_draws_the_same_numbers_after_a_resume(torch, handlers, tmp_path):
    """And different ones from epoch to epoch."""
    whole, first, second = (Training(torch, [1.0] * 12) for _ in range(3))

    whole.run(handlers.EpochSeed(7), epochs=4)
    first.run(handlers.EpochSeed(7), handlers.Checkpoints(str(tmp_path), {"network": first.network}), epochs=2)
    second.run(handlers.EpochSeed(7), handlers.Checkpoints(str(tmp_path), {"network": second.network}), epochs=4)

    assert first.drawn + second.drawn == whole.drawn
    assert len(set(whole.drawn)) == 12


def test_the_volumes_of_a_split(tmp_path):
    """With absolute paths, as MONAI takes them."""
    (tmp_path / "list.json").write_text(
        '[{"image": "a/1.nii.gz", "label": 1, "split": "training"},'
        ' {"image": "a/2.nii.gz", "label": 0, "split": "validation"}]'
    )

    found = entries(str(tmp_path / "list.json"), "/project", "validation")

    assert found == [{"image": "/project/a/2.nii.gz", "label": 0}]


def caused(error: Exception) -> Exception:
    """`error` as MONAI hands it on: wrapped."""
    wrapped = RuntimeError("patient Doe, John")
    wrapped.__cause__ = error
    return wrapped


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (not_finite("the loss", "nan"), Outcome.STOPPED, "expected the loss to be finite; found nan; lower"),
        (ModuleNotFoundError(name="ignite"), Outcome.FAILED, "found no pytorch-ignite in this environment"),
        (
            ModuleNotFoundError(name="scripts"),
            Outcome.FAILED,
            "the bundle raised ModuleNotFoundError; see the run's log",
        ),
        (KeyError("patient Doe, John"), Outcome.FAILED, "the bundle raised KeyError; see the run's log"),
    ],
)
def test_how_a_training_ended_is_one_line(error, outcome, reason):
    """The first cause, in words of ours: the text of others' errors may quote data."""
    left = _told(caused(error))

    assert left.outcome is outcome
    assert reason in left.reason
    assert "Doe" not in left.reason
