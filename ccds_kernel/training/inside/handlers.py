"""What ccds adds to MONAI's trainer: metrics as JSON lines, a stop on NaN, the same random numbers after a resume.

Each is a handler as MONAI's own are: `attach(engine)`. The order in the bundle's list is the order in which they act when an
epoch ends: validation, `FiniteGuard`, `MetricsWriter`, the learning rate's schedule, `Checkpoints`. So what isn't finite is
never kept, and a kill between the last two only makes an epoch be told twice.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events

from ccds_kernel.training.inside.not_finite import not_finite
from ccds_kernel.training.metrics import Metric


def loss_of(engine: Engine) -> torch.Tensor:
    """The loss of the iteration that was just completed: one number, still on the device."""
    output: Any = (
        engine.state.output
    )  # what MONAI's trainers put there: a dict, or a list of them for a batch taken apart
    return torch.as_tensor((output[0] if isinstance(output, list) else output)["loss"]).detach()


class Losses:
    """Losses kept on the device until they are asked for: to fetch each at once would make a GPU wait at each step."""

    def __init__(self) -> None:
        self._kept: list[torch.Tensor] = []

    def add(self, loss: torch.Tensor) -> None:
        """Keeps one more."""
        self._kept.append(loss)

    def take(self) -> list[float]:
        """Those kept since the last time, the first one first."""
        found: list[float] = torch.stack(self._kept).tolist() if self._kept else []
        self._kept.clear()
        return found


class FiniteGuard:
    """Stops the training when its loss, or a weight at an epoch's end, is NaN or infinite.

    Args:
        network: whose weights are looked at.
        every: steps between two looks at the loss, 1 or more; the end of an epoch is always one.
    """

    def __init__(self, network: torch.nn.Module, every: int = 10) -> None:
        self._network = network
        self._every = every
        self._losses = Losses()

    def attach(self, engine: Engine) -> None:
        """Adds the handler to a trainer."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._on_iteration)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._on_epoch)

    def _on_iteration(self, engine: Engine) -> None:
        self._losses.add(loss_of(engine))
        if engine.state.iteration % self._every == 0:
            self._look(engine)

    def _look(self, engine: Engine) -> None:
        losses = self._losses.take()
        for step, loss in enumerate(losses, start=engine.state.iteration - len(losses) + 1):
            if not math.isfinite(loss):
                raise not_finite("the loss", f"{loss} in epoch {engine.state.epoch}, step {step}")

    def _on_epoch(self, engine: Engine) -> None:
        self._look(engine)
        tensors = [one for one in self._network.state_dict().values() if one.is_floating_point()]
        if not all(bool(torch.isfinite(one).all()) for one in tensors):
            raise not_finite("every weight", f"others at the end of epoch {engine.state.epoch}")


class MetricsWriter:
    """Appends what happens to a file of JSON lines (`ccds_kernel.training.metrics`), each line in one piece.

    Args:
        path: the file.
        optimizer: whose learning rate is told.
        evaluator: whose metrics are told when an epoch ends; it has to run before this handler.
        every: steps between two lines within an epoch, 1 or more.
    """

    def __init__(
        self, path: str, optimizer: torch.optim.Optimizer, evaluator: Engine | None = None, every: int = 10
    ) -> None:
        self._path = Path(path)
        self._optimizer = optimizer
        self._evaluator = evaluator
        self._every = every
        self._losses = Losses()
        self._epoch_losses: list[float] = []
        self._began = time.monotonic()
        self._lr = math.nan

    def attach(self, engine: Engine) -> None:
        """Adds the handler to a trainer."""
        engine.add_event_handler(Events.STARTED, self._on_start)
        engine.add_event_handler(Events.EPOCH_STARTED, self._on_epoch_start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._on_iteration)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._on_epoch)

    def _on_start(self, _: Engine) -> None:
        if self._path.exists() and not self._path.read_bytes().endswith(b"\n"):
            self._append("")  # ends the line that a kill cut short

    def _on_epoch_start(self, _: Engine) -> None:
        self._began = time.monotonic()
        self._epoch_losses.clear()

    def _on_iteration(self, engine: Engine) -> None:
        self._losses.add(loss_of(engine))
        self._lr = self._optimizer.param_groups[0]["lr"]
        if engine.state.iteration % self._every == 0:
            self._tell(engine, self._fetched(), closes_epoch=False)

    def _on_epoch(self, engine: Engine) -> None:
        self._fetched()
        self._tell(engine, self._epoch_losses, closes_epoch=True)

    def _fetched(self) -> list[float]:
        losses = self._losses.take()
        self._epoch_losses += losses
        return losses

    def _tell(self, engine: Engine, losses: list[float], *, closes_epoch: bool) -> None:
        measured = self._evaluator.state.metrics if closes_epoch and self._evaluator is not None else {}
        metric = Metric(
            step=engine.state.iteration,
            epoch=engine.state.epoch,
            loss=sum(losses) / len(losses),
            lr=self._lr,
            seconds=round(time.monotonic() - self._began, 4),
            closes_epoch=closes_epoch,
            validation={str(name): _number(value) for name, value in measured.items()},
        )
        self._append(metric.to_line())

    def _append(self, line: str) -> None:
        # One write of a whole line: a reader at the same time sees it or doesn't.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(handle, f"{line}\n".encode())
        finally:
            os.close(handle)


def _number(value: Any) -> float | None:  # noqa: ANN401 - a number, a tensor of one, or whatever else a metric is
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


class EpochSeed:
    """Fixes the random numbers of each epoch by its number, so that a resumed training is the one that wasn't interrupted.

    Exact where volumes are loaded in the training's own process (`num_workers: 0`) and the device computes reproducibly.

    Args:
        seed: the run's.
        transform: the composed random transforms of the training volumes (MONAI's `Compose`), which keep their own state.
    """

    def __init__(self, seed: int, transform: Any = None) -> None:  # noqa: ANN401 - MONAI isn't imported for a name
        self._seed = seed
        self._transform = transform

    def attach(self, engine: Engine) -> None:
        """Adds the handler to a trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._on_epoch_start)

    def _on_epoch_start(self, engine: Engine) -> None:
        (seed,) = np.random.SeedSequence([self._seed, engine.state.epoch]).generate_state(1)
        random.seed(int(seed))
        np.random.seed(seed)  # noqa: NPY002 - MONAI draws from the global state
        torch.manual_seed(int(seed))
        if self._transform is not None:
            self._transform.set_random_state(seed=int(seed))


class Checkpoints:
    """Keeps the last epochs and goes on from the newest one that can be read.

    A checkpoint is written under another name, synced and renamed: a kill leaves the one before. MONAI's `CheckpointSaver`
    writes in place, and after a restart it no longer knows which older ones to remove.

    Args:
        folder: where they lie; has to exist.
        objects: name → what has `state_dict` and `load_state_dict`: network, optimizer, schedule.
        keep: how many are kept, 1 or more.
    """

    def __init__(self, folder: str, objects: Mapping[str, Any], keep: int = 2) -> None:
        self._folder = Path(folder)
        self._objects = dict(objects)
        self._keep = keep

    def attach(self, engine: Engine) -> None:
        """Adds the handler to a trainer."""
        engine.add_event_handler(Events.STARTED, self._on_start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._on_epoch)

    def _kept(self) -> list[Path]:
        """The checkpoints, the newest first."""
        return sorted(self._folder.glob("epoch-*.pt"), reverse=True)

    def _on_start(self, engine: Engine) -> None:
        for path in self._kept():
            try:
                found = torch.load(path, map_location="cpu", weights_only=True)
            except Exception:  # noqa: BLE001 - torch raises many kinds for a damaged file
                engine.logger.warning("the checkpoint %s can't be read: the one before is taken", path.name)
                continue
            epochs = engine.state.max_epochs
            for name, one in self._objects.items():
                one.load_state_dict(found[name])
            engine.load_state_dict(found["trainer"])
            engine.state.max_epochs = epochs
            engine.logger.info("goes on after epoch %s", engine.state.epoch)
            return

    def _on_epoch(self, engine: Engine) -> None:
        content = {name: one.state_dict() for name, one in self._objects.items()}
        content["trainer"] = engine.state_dict()
        path = self._folder / f"epoch-{engine.state.epoch:05d}.pt"
        temporary = self._folder / f".{path.name}.new"
        with temporary.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        for old in self._kept()[self._keep :]:
            old.unlink()
