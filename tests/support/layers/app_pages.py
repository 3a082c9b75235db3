"""The pages of the apps that one person has open, and an attempt at each thing that they and the kernel behind them do."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind
from ccds_kernel.batch.local import LocalScheduler
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from ccds_widgets.airlock.app import airlock_app
from ccds_widgets.base import ModelWidget
from ccds_widgets.cohort.app import cohort_app, cohort_of
from ccds_widgets.imaging.app import imaging_app, imaging_of
from ccds_widgets.labeling.app import labeling_app
from ccds_widgets.normalization.app import normalization_preview
from ccds_widgets.training.app import training_launcher
from support.airlock import REASON
from support.dicom import Stack
from support.image_studies import KEY, RULES
from support.image_studies import name_of as series_name
from support.matrix import name_of
from support.phrase_screens import answered, move, remove
from support.waiting import until

PROJECT = "CHEST-1"
GAPPED = "bcdefghij234567a"
GAP = Stack(slices=6)
READY = {"kind": "ready"}
CONFIRM = {"screen": "confirm", "task": 1}
ASSESS = {"screen": "assess", "task": 1}
FINAL = {"labels": ["Seen"], "seen": None}
SLICE: dict[str, Any] = {"plane": "axial", "number": 0}
TASK = 1
BATCH = {"phrases": [], "unmatched": True, "size": 1, "overlap": 1, "gold": 0, "wrong": 0, "labelers": []}
ANNOTATE = {"screen": "annotate", "task": 1}
CRITERIA: dict[str, Any] = {"codes": ["CXR1"], "first": "2019-01-01", "last": "2019-12-31", "consecutive": None}
KEPT = "kept-v1"
CUES = "scope_ends: [whereas]"
WHY = "Looked at every line of it."


def words_of(role: str) -> tuple[str, str, str]:
    """Words of the report that are this person's."""
    return f"{role} one", f"{role} two", f"{role} three"


class Pages:
    """What one person has open."""

    def __init__(self, role: str, results: Path, stack: ExitStack) -> None:
        self._words = words_of(role)
        self._name = name_of(role)
        self._results = results
        self._stack = stack

    def open_as_engineer(self, scheduler: LocalScheduler, submission: str, digest: str, queued: str) -> None:
        """A lab session's widgets, the airlock's app with a submission, and the project itself."""
        self._project = open_project(PROJECT, Action.OPEN_LAB)
        self._stack.callback(self._project.close)
        self._preview = normalization_preview(self._project)
        self._training = training_launcher(self._project, self._results / "datalist.json", scheduler=scheduler)
        self._airlock = self._closed_then(airlock_app())
        self._form = self._training.answer(READY)["form"]
        self._preview.answer(READY)
        self._queued = queued
        self._cohort = cohort_of(self._project)
        for screen in ("ask", "fetch", "reports"):
            self._cohort.answer(READY | {"screen": screen})
        self._imaging = imaging_of(self._project)
        for screen in ("series", "quarantine", "look"):
            self._imaging.answer(READY | {"screen": screen})
        volume = self._look({"kind": "open", "study": KEY, "series": None})["volume"]
        self._volume = {"study": KEY, "series": volume["series"], "version": volume["version"]}
        self._draw()
        self._airlock.answer(READY)
        self._mine = self._submit()
        self._theirs = {
            "submission": submission,
            "digest": digest,
            "verdict": "approve",
            "otherwise": True,
            "reason": WHY,
        }

    def open_as_fellow(self, batch: int, key: str) -> None:
        """The labelling app with one phrase on its list, and one that was removed; the study `key` of `batch` in hands."""
        self._key = key
        self._labeling = self._closed_then(labeling_app())
        self._labeling.answer(READY)
        self._annotate(READY)
        if not self._annotate({"kind": "window", "report": 0, "revision": -1})["overview"]["phrases"]:
            self._insert("guard")  # so that what comes after it can be moved up
        self._phrase = self._insert(self._words[0])["inserted"]
        removed = self._insert(self._words[1])["inserted"]
        page = self._annotate(READY)
        self._page = self._annotate(remove(page, removed, report=0))
        self._batch = batch
        self._confirm(READY)
        self._confirm({"kind": "batch", "batch": batch})
        self._assess(READY)
        self._task_form = self._labeling.answer({"kind": "task form", "task": TASK})["form"]
        project = open_project(PROJECT, Action.CONFIRM_STUDIES)
        (self._held,) = Confirming(project, batch).take(1)
        again = [BatchItem(key, None, frozenset({"Seen"}))]
        self._unanswered = Curating(project, TASK).make_batch(f"of {self._name}", again).id
        project.close()

    def tries(self) -> dict[str, Callable[[], object]]:
        """Thing → an attempt at it, in this order: each is one that would work."""
        label, airlock, repository = self._annotate, self._airlock.answer, LabelingRepository(self._project)
        tasks, curating = TaskRepository(self._project), Curating(self._project, TASK)
        study = {"lease": self._held.lease, "study": self._held.report.study_key}
        said = {"kind": "confirm", "id": str(uuid4()), "seconds": 1.0, **study}
        tagged = {"kind": "tag", "id": str(uuid4()), "tags": ["motion"], **study}
        more = Report(f"ACC-{self._name}", (Section("findings", "clear"),))
        return {
            "labelling: open the app": lambda: self._closed_then(labeling_app()).answer(READY),
            "labelling: tasks": lambda: self._labeling.answer({"kind": "tasks"}),
            "labelling: reload": lambda: label(READY),
            "labelling: window": lambda: label({"kind": "window", "report": 0}),
            "labelling: preview": lambda: label(self._selected(self._words[2]) | {"kind": "preview"}),
            "labelling: insert": lambda: self._insert(self._words[2]),
            "labelling: move": lambda: label(move(self._page, self._phrase, by=-1, report=0)),
            "labelling: remove": lambda: label(remove(self._page, self._phrase, report=0)),
            "labelling: undo": lambda: label({"kind": "undo", "report": 0}),
            "confirming: batches": lambda: self._confirm(READY),
            "confirming: take": self._sync,
            "confirming: tag": lambda: self._sync(tagged),
            "confirming: answer": lambda: self._sync(said),
            "confirming: make a batch": self._make_a_batch,
            "confirming: take a batch away": lambda: self._confirm({"kind": "remove", "batch": self._unanswered}),
            "confirming: mark gold": lambda: self._confirm(
                {"kind": "gold", "study": self._key, "labels": ["Seen"], "seen": None}
            ),
            "task form: open": lambda: self._labeling.answer({"kind": "task form", "task": TASK}),
            "task form: make a task": lambda: self._labeling.answer(
                {"kind": "make task", "typed": self._task_form | {"name": f"of {self._name}"}}
            ),
            "task form: change a task": lambda: self._labeling.answer(
                {
                    "kind": "change task",
                    "task": TASK,
                    "seen": self._task_form,
                    "typed": self._task_form | {"cues": CUES},
                }
            ),
            "assessing: reload": lambda: self._assess(READY),
            "assessing: disagreements": lambda: self._assess({"kind": "cases", "which": "disputed", "begin": 0}),
            "assessing: say the final word": lambda: self._assess({"kind": "decide", "study": self._key} | FINAL),
            "cohort: open the app": lambda: cohort_app().answer(READY),
            "asking: reload": lambda: self._ask(READY),
            "asking: look": lambda: self._ask({"kind": "look"}),
            "asking: check a code": lambda: self._ask({"kind": "check", "code": "CXR1"}),
            "asking: count": lambda: self._ask({"kind": "count", "criteria": CRITERIA}),
            "asking: stop": lambda: self._ask({"kind": "stop"}),
            "asking: keep": lambda: self._ask({"kind": "keep", "name": self._name, "criteria": CRITERIA}),
            "fetching: reload": lambda: self._fetch(READY),
            "fetching: look": lambda: self._fetch({"kind": "look", "which": "waiting"}),
            "fetching: ask": lambda: self._fetch({"kind": "ask", "named": KEPT}),
            "fetching: leave it to the site": lambda: self._fetch({"kind": "leave", "named": KEPT}),
            "fetching: one study": lambda: self._fetch({"kind": "single", "accession": "ACC9"}),
            "fetching: halt": lambda: self._fetch({"kind": "halt"}),
            "fetching: retry": lambda: self._fetch({"kind": "retry", "study": None}),
            "fetching: hurry": lambda: self._fetch({"kind": "hurry", "study": self._queued}),
            "counting reports: reload": lambda: self._reports(READY),
            "counting reports: count": lambda: self._reports({"kind": "count", "criteria": CRITERIA}),
            "counting reports: keep": lambda: self._reports({"kind": "keep", "name": self._name, "criteria": CRITERIA}),
            "counting reports: take a snapshot": lambda: self._reports({"kind": "take", "name": "kept"}),
            "imaging: open the app": lambda: imaging_app().answer(READY),
            "series: reload": lambda: self._series(READY),
            "series: a study": lambda: self._series({"kind": "study", "study": KEY}),
            "series: what rules would change": lambda: self._series({"kind": "try", "text": RULES}),
            "series: overrule": lambda: self._series(
                {"kind": "overrule", "study": KEY, "series": None, "note": self._name}
            ),
            "series: keep rules": lambda: self._series({"kind": "keep", "text": RULES, "seen": None}),
            "quarantine: reload": lambda: self._quarantine(READY),
            "quarantine: let pass": self._let_pass,
            "quarantine: stop": lambda: self._quarantine({"kind": "stop"}),
            "look: reload": lambda: self._look(READY),
            "look: a study": lambda: self._look({"kind": "open", "study": KEY, "series": None}),
            "look: slices": lambda: self._look(
                {"kind": "frames", "time": 0, "low": 0.0, "high": 1.0, "wanted": [SLICE | {"mask": None}]}
                | self._volume
            ),
            "look: the value of a voxel": lambda: self._look(
                {"kind": "probe", "voxel": [0, 0, 0], "time": 0, "mask": None} | self._volume
            ),
            "look: the header": lambda: self._look({"kind": "header"} | self._volume),
            "look: take a stroke back": lambda: self._look({"kind": "undo"} | self._volume),
            "look: draw": self._draw,
            "look: keep a mask": lambda: self._look({"kind": "keep"} | self._volume),
            "airlock: open the app": lambda: self._closed_then(airlock_app()).answer(READY),
            "airlock: list": lambda: airlock({"kind": "list"}),
            "airlock: show one's own": lambda: airlock({"kind": "show", "submission": self._mine}),
            "airlock: open a file": lambda: airlock({"kind": "open", "submission": self._mine, "name": "table.csv"}),
            "airlock: show a colleague's": lambda: airlock({"kind": "show", "submission": self._theirs["submission"]}),
            "airlock: review": lambda: airlock({"kind": "review"} | self._theirs),
            "airlock: submit": self._submit,
            "airlock: withdraw": lambda: airlock({"kind": "withdraw", "submission": self._mine}),
            "preview: reload": lambda: self._preview.answer(READY),
            "preview: edit": lambda: self._preview.answer(
                {"kind": "edit", "draft": {"steps": [], "output": "float32"}}
            ),
            "training: reload": lambda: self._training.answer(READY),
            "training: keep": lambda: self._training.answer({"kind": "keep", "form": self._form}),
            "kernel: reports": repository.reports,
            "kernel: load reports": lambda: repository.load_reports([more]),
            "kernel: phrases": repository.phrases,
            "kernel: insert a phrase": lambda: repository.insert_phrase(Phrase(f"seen by {self._name}", "Seen"), 0),
            "kernel: soft labels": lambda: soft_labels(self._project, task="labels"),
            "kernel: tasks": tasks.tasks,
            "kernel: change a task": lambda: tasks.change(TASK, Task("a"), Task("a", guideline=self._name)),
            "kernel: answers": curating.answers,
            "kernel: take studies": lambda: Confirming(self._project, self._batch).take(1),
            "kernel: say the final word": lambda: curating.adjudicate(self._key, ["Seen"]),
            "kernel: label snapshot": lambda: LabelSnapshots(self._project).take(TASK),
        }

    def _insert(self, words: str) -> dict[str, Any]:
        return self._annotate(self._selected(words) | {"kind": "insert", "label": "Seen", "place": "last"})

    def _annotate(self, request: dict[str, Any]) -> dict[str, Any]:
        return answered(self._labeling, ANNOTATE | request)

    def _confirm(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._labeling.answer(CONFIRM | request)

    def _assess(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._labeling.answer(ASSESS | request)

    def _make_a_batch(self) -> None:
        until(lambda: self._confirm({"kind": "batches"})["made_of"], "the reports to be matched")
        self._confirm({"kind": "make", "name": self._name} | BATCH)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._cohort.answer(request | {"screen": "ask"})

    def _fetch(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._cohort.answer(request | {"screen": "fetch"})

    def _reports(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._cohort.answer(request | {"screen": "reports"})

    def _series(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._imaging.answer(request | {"screen": "series"})

    def _quarantine(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._imaging.answer(request | {"screen": "quarantine"})

    def _look(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._imaging.answer(request | {"screen": "look"})

    def _draw(self) -> None:
        """On a mask begun anew: what was drawn of it is thrown away."""
        self._look({"kind": "drop"} | self._volume)
        self._look({"kind": "begin", "mask": None} | self._volume)
        self._look({"kind": "stroke", "label": 1, "over": None, "runs": [0, 0, 3]} | SLICE | self._volume)

    def _let_pass(self) -> None:
        """Converts it again; it stays in quarantine, for the next one: a slice is missing."""
        self._quarantine({"kind": "pass", "study": GAPPED, "series": series_name(GAP), "note": self._name})
        until(lambda: not self._quarantine({"kind": "passing"})["converting"], "what is let pass to be converted")

    def _sync(self, *keys: dict[str, Any]) -> None:
        named = [{"batch": self._batch, **key} for key in keys]
        answer = self._confirm({"kind": "sync", "batch": self._batch, "keys": named, "have": []})
        if "refused" in answer or not all(one["counts"] for one in answer["acknowledged"]):
            raise CcdsError(expected="what was sent to be kept", found="a refusal", do="see the page")

    def _selected(self, words: str) -> dict[str, Any]:
        return {"report": 0, "key": self._key, "section": 0, "text": words}

    def _submit(self) -> str:
        airlock = visit(PROJECT)
        self._stack.callback(airlock.project.close)
        return Airlock(airlock).submit(Kind.TABLE, REASON, self._results, ["table.csv"]).submission.id

    def _closed_then(self, widget: ModelWidget) -> ModelWidget:
        """The widget, whose database is closed at the end."""

        def close() -> None:
            project = _project_of(widget)
            if project:
                project.close()

        self._stack.callback(close)
        return widget


def _project_of(widget: ModelWidget) -> Project | None:
    model: Any = widget._model
    if model is None:
        return None
    return model._tasks._project if hasattr(model, "_tasks") else model._airlock.visitor.project
