"""The rules of the training launcher: what a page may see and do. No SQL, no network, no files, no browser.

Runs live in the project and its scheduler; kept here is only what a page needs to come back to: the form, and which run is
looked at. So a reload finds both again, another notebook sees the same runs, and a kernel that starts anew chooses the
person's newest run that is still alive. Each request is parsed and permitted anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ccds_kernel.batch import SchedulerUnavailableError
from ccds_kernel.errors import CcdsError
from ccds_kernel.training.run import RunStatus
from ccds_kernel.training.spec import SpecFieldError
from ccds_kernel.training.state import RunState
from ccds_widgets.base import sentence
from ccds_widgets.training import messages
from ccds_widgets.training.curve import Pace, shown, thinned
from ccds_widgets.training.ports import Asked, Look, Seen, Trainings

MOST_RUNS = 50
"""How many runs a page lists, the latest ones."""

LABELS = {
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "seed": "Seed",
    "image_size": "Image size",
    "learning_rate": "Learning rate",
    "gpus": "GPUs",
}
"""What the form calls the numbers that it asks for."""

Answer = dict[str, Any]


class TrainingModel:
    """One person's launcher in one notebook.

    Args:
        trainings: where runs are made and seen.
        project: the project's id.
        person: who looks.
        permit: raises a CcdsError where the person may not train here (any more); asked before each answer.
        form: what the form says at first.
    """

    def __init__(
        self, trainings: Trainings, *, project: str, person: str, permit: Callable[[], None], form: Asked
    ) -> None:
        self._trainings = trainings
        self._project = project
        self._person = person
        self._permit = permit
        self._form = form
        self._chosen: str | None = None
        self._followed: Seen | None = None
        self._pace: Pace | None = None
        self._told_to_end: set[tuple[str, int]] = set()

    def start(self) -> Answer:
        """What the page shows first."""
        self._permit()
        found = self._trainings.look()
        if self._chosen is None:
            self._chosen = self._first_to_see(found)
        return {
            "project": self._project,
            "person": self._person,
            "form": vars(self._form),
            "bundles": [{"name": name, "options": list(has)} for name, has in self._trainings.bundles().items()],
            "gpu_slots": self._trainings.gpu_slots(),
            **self._seen(found),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then. Or the scheduler doesn't answer: what was
                to be launched is then a run without a job, and the chosen one.
        """
        request = messages.parse(content)
        self._permit()
        match request:
            case messages.Look():
                return self._seen(self._trainings.look(), request.run, request.offset)
            case messages.Follow():
                return {"curve": self._curve(request.run, request.offset)}
            case messages.Choose():
                self._chosen = request.run
            case messages.Keep():
                self._form = request.form.asked()
                return {}
            case messages.Launch():
                self._form = request.form.asked()
                self._launch()
            case messages.Cancel():
                return self._seen(self._cancel(request.run))
            case messages.Restart():
                self._trainings.restart(request.run)
        return self._seen(self._trainings.look())

    # --- what the page sees

    def _first_to_see(self, found: Look) -> str | None:
        mine = [one for one in found.runs if one.record.person == self._person]
        alive = [one for one in (*mine, *found.runs) if not one.status.state.ended]
        return next((one.record.id for one in (*alive, *mine, *found.runs)), None)

    def _seen(self, found: Look, run: str | None = None, offset: int = 0) -> Answer:
        """All that can change; the page has the metrics of `run` up to `offset`."""
        listed = {one.record.id: one for one in found.runs[:MOST_RUNS]}
        listed |= {one.record.id: one for one in found.runs if one.record.id == self._chosen}
        if self._chosen not in listed:
            self._chosen = None
        if self._chosen:
            listed[self._chosen] = self._explained(listed[self._chosen])
        self._followed = listed[self._chosen] if self._chosen else None
        return {
            "runs": [self._run(one) for one in listed.values()],
            "unlisted": len(found.runs) - len(listed),
            "damaged": [sentence(error) for error in found.damaged],
            "volumes": self._volumes(),
            "chosen": self._chosen,
            "curve": self._curve(run, offset),
        }

    def _explained(self, seen: Seen) -> Seen:
        if seen.status.state is not RunState.PENDING or seen.status.reason:
            return seen
        return replace(seen, status=replace(seen.status, reason=self._trainings.waits_for(seen.record.id)))

    def _volumes(self) -> Answer:
        try:
            return {split: list(counts) for split, counts in self._trainings.volumes().items()}
        except CcdsError as error:
            return {"error": sentence(error)}

    def _run(self, seen: Seen) -> Answer:
        record, status = seen.record, seen.status
        mine = record.person == self._person
        return {
            "id": record.id,
            "person": record.person,
            "mine": mine,
            "made": record.made.isoformat(),
            "state": status.state.value,
            "live": not status.state.ended,
            "reason": status.reason[:1].upper() + status.reason[1:],
            "epoch": status.epoch,
            "epochs": status.epochs,
            "starts": status.starts,
            "requeues": status.requeues,
            "ending": not status.state.ended and (record.id, status.starts) in self._told_to_end,
            "can_cancel": mine and _can_cancel(status),
            "can_restart": mine and _can_restart(status),
            "why_not": _why_not(record.person, status) if mine else _theirs(record.person),
            "asked": {
                "bundle": record.spec.bundle.rstrip("/").rsplit("/", 1)[-1],
                **{name: getattr(record.spec, name) for name in _ASKED},
            },
        }

    def _curve(self, run: str | None, offset: int) -> Answer | None:
        """What the page, which has those of `run` up to `offset`, doesn't have yet of the chosen run's metrics."""
        seen = self._followed
        if seen is None:
            return None
        run_id = seen.record.id
        begin = offset if run == run_id else 0
        metrics, end = self._trainings.metrics(run_id, begin)
        if self._pace is None or self._pace.run != run_id:
            self._pace = Pace(run_id)
        self._pace.follow(*self._trainings.metrics(run_id, self._pace.offset))
        running = seen.status.state is RunState.RUNNING
        return {
            "run": run_id,
            "begin": begin,
            "offset": end,
            "metrics": [shown(metric) for metric in (metrics if begin else thinned(metrics))],
            "done": self._pace.done,
            "epoch_s": self._pace.epoch_s,
            "rest_s": self._pace.rest_s(seen.status.epochs) if running else None,
        }

    # --- what the page asks for

    def _launch(self) -> None:
        try:
            self._chosen = self._trainings.launch(self._form)
        except SpecFieldError as error:
            raise error.called(f"“{LABELS[error.name]}”" if error.name in LABELS else error.name) from None
        except SchedulerUnavailableError as error:
            mine = (one for one in self._trainings.look().runs if one.record.person == self._person)
            self._chosen = next((one.record.id for one in mine if one.status.job is None), self._chosen)
            raise SchedulerUnavailableError(
                expected=error.expected,
                found=error.found,
                do=f"restart the run {self._chosen} when it answers: it is there, only its job isn't",
            ) from None

    def _cancel(self, run_id: str) -> Look:
        self._trainings.cancel(run_id)
        found = self._trainings.look()
        self._told_to_end |= {(run_id, one.status.starts) for one in found.runs if one.record.id == run_id}
        return found


_ASKED = tuple(LABELS)


def _can_cancel(status: RunStatus) -> bool:
    return not status.state.ended and status.job is not None


def _can_restart(status: RunStatus) -> bool:
    # Where it isn't known whether the scheduler has a job, a restart adopts that job or makes it.
    return status.state.restartable or (status.state is RunState.UNKNOWN and status.job is None)


def _theirs(person: str) -> str:
    return f"A run of {person}: only {person} can cancel or restart it."


def _why_not(person: str, status: RunStatus) -> str:
    """Why the person's own run offers less than one might look for; empty where that is plain."""
    if status.state is RunState.FINISHED:
        return "All epochs are done: train again for a new run."
    if status.state is RunState.UNKNOWN and status.job is not None:
        return f"It counts as alive: {person} can restart it once it is certain that it ended."
    return ""
