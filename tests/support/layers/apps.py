"""The apps, and the kernel's functions behind them: each page is open already when its person's role and standing change."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.settings import Settings
from ccds_widgets.airlock.app import airlock_app
from ccds_widgets.base import ModelWidget
from ccds_widgets.labeling.app import labeling_app
from ccds_widgets.normalization.app import normalization_preview
from ccds_widgets.training.app import training_launcher
from support.airlock import REASON, TABLE
from support.matrix import COLLEAGUE, ROLES, Cell, Rule, all_as, all_of, any_of, in_standing, name_of
from support.site import ADMINISTRATOR, act_as, site_settings, write_settings

PROJECT = "CHEST-1"
READY = {"kind": "ready"}
ANNOTATE = {"screen": "annotate", "task": 1}
WHY = "Looked at every line of it."

_LABEL = any_of("open the labelling app")
_EDIT = all_of("open the labelling app", "edit the phrase list")
_SUBMIT, _REVIEW = any_of("submit results to the airlock"), any_of("review results in the airlock")
_AIRLOCK = any_of("submit results to the airlock", "review results in the airlock")

THINGS: dict[str, Rule] = {
    "labelling: open the app": _LABEL,
    "labelling: reload": _LABEL,
    "labelling: window": _LABEL,
    "labelling: preview": _LABEL,
    "labelling: insert": _EDIT,
    "labelling: move": _EDIT,
    "labelling: remove": _EDIT,
    "labelling: undo": _EDIT,
    "airlock: open the app": _AIRLOCK,
    "airlock: list": _AIRLOCK,
    "airlock: show one's own": _AIRLOCK,
    "airlock: open a file": _AIRLOCK,
    "airlock: show a colleague's": _REVIEW,
    "airlock: review": _REVIEW,
    "airlock: submit": _SUBMIT,
    "airlock: withdraw": _AIRLOCK,
    "preview: reload": any_of("read images"),
    "preview: edit": any_of("read images"),
    "training: reload": any_of("train a model"),
    "training: keep": any_of("train a model"),
    "kernel: reports": any_of("read reports"),
    "kernel: load reports": any_of("load reports"),
    "kernel: phrases": any_of("read the phrase list"),
    "kernel: insert a phrase": any_of("edit the phrase list"),
    "kernel: soft labels": all_of("read reports", "read the phrase list"),
}
"""The apps know every action but two: opening a lab session is the spawner's, writing images a matter of files."""


class AppsLayer:
    """Each `observe` makes a site anew, in which everybody opens every page as somebody who may.

    `silent` is then what was refused without a word in the audit log.
    """

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self.things = THINGS
        self._folder = folder
        self._environment = environment
        self._count = 0
        self.silent: set[Cell] = set()

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """Opened as a fellow and as an engineer; then come the person's own role and the standing."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        self._environment.setenv("CCDS_CONFIG", str(write_settings(folder)))
        self._environment.setenv("CCDS_PROJECT", PROJECT)
        with ExitStack() as stack:
            settings = site_settings(folder)
            pages = self._opened(settings, folder, tuple(roles), stack)
            apply_application(in_standing(PROJECT, standing), person=ADMINISTRATOR, settings=settings)
            found = {}
            self.silent = set()
            for role, page in pages.items():
                act_as(self._environment, name_of(role), PROJECT)
                for thing, attempt in page.tries().items():
                    before = _denials(settings, name_of(role))
                    found[role, thing] = _works(attempt)
                    if not found[role, thing] and _denials(settings, name_of(role)) == before:
                        self.silent.add((role, thing))
            return found

    def _opened(
        self, settings: Settings, folder: Path, roles: tuple[str, ...], stack: ExitStack
    ) -> dict[str, "_Pages"]:
        def apply(application: IrbApplication) -> None:
            apply_application(application, person=ADMINISTRATOR, settings=settings)

        def begin(role: str) -> _Pages:
            act_as(self._environment, name_of(role), PROJECT)
            return pages[role]

        results = folder / "results"
        results.mkdir()
        (results / "table.csv").write_text(TABLE)
        apply(all_as(PROJECT, "engineer"))
        scheduler = LocalScheduler(folder / "state" / "scheduler", capacity=Capacity(cpus=1, memory_mb=1000))
        stack.callback(scheduler.shutdown, cancel_jobs=True)
        colleague_s = open_project(PROJECT, Action.LOAD_REPORTS, person=COLLEAGUE, settings=settings)
        stack.callback(colleague_s.store.close)
        text = " ".join(["guard", *(word for role in ROLES for word in _words(role))])
        LabelingRepository(colleague_s).load_reports([Report("ACC1", (Section("findings", text),))])
        colleague_airlock = visit(PROJECT, person=COLLEAGUE, settings=settings)
        stack.callback(colleague_airlock.project.close)
        submitted = Airlock(colleague_airlock).submit(Kind.TABLE, REASON, results, ["table.csv"]).submission

        pages = {role: _Pages(role, results, stack) for role in roles}
        for role in roles:
            begin(role).open_as_engineer(scheduler, submitted.id, submitted.digest)
        apply(all_as(PROJECT, "fellow"))
        for role in roles:
            begin(role).open_as_fellow()
        return pages


class _Pages:
    """What one person has open."""

    def __init__(self, role: str, results: Path, stack: ExitStack) -> None:
        self._words = _words(role)
        self._name = name_of(role)
        self._results = results
        self._stack = stack

    def open_as_engineer(self, scheduler: LocalScheduler, submission: str, digest: str) -> None:
        """A lab session's widgets, the airlock's app with a submission, and the project itself."""
        self._project = open_project(PROJECT, Action.OPEN_LAB)
        self._stack.callback(self._project.close)
        self._preview = normalization_preview(self._project)
        self._training = training_launcher(self._project, self._results / "datalist.json", scheduler=scheduler)
        self._airlock = self._closed_then(airlock_app())
        self._form = self._training.answer(READY)["form"]
        self._preview.answer(READY)
        self._airlock.answer(READY)
        self._mine = self._submit()
        self._theirs = {
            "submission": submission,
            "digest": digest,
            "verdict": "approve",
            "otherwise": True,
            "reason": WHY,
        }

    def open_as_fellow(self) -> None:
        """The labelling app, with one phrase on its list and one that was removed."""
        self._labeling = self._closed_then(labeling_app())
        self._labeling.answer(READY)
        self._key = self._labeling.answer(ANNOTATE | READY)["window"]["reports"][0]["key"]
        if not self._annotate({"kind": "window", "report": 0, "revision": -1})["overview"]["phrases"]:
            self._insert("guard")  # so that what comes after it can be moved up
        self._phrase = self._insert(self._words[0])["inserted"]
        removed = self._insert(self._words[1])["inserted"]
        self._annotate({"kind": "remove", "phrase": removed, "report": 0})

    def tries(self) -> dict[str, Callable[[], object]]:
        """Thing → an attempt at it, in this order: each is one that would work."""
        label, airlock, repository = self._annotate, self._airlock.answer, LabelingRepository(self._project)
        more = Report(f"ACC-{self._name}", (Section("findings", "clear"),))
        listed = {"phrase": self._phrase, "report": 0}
        return {
            "labelling: open the app": lambda: self._closed_then(labeling_app()).answer(READY),
            "labelling: reload": lambda: label(READY),
            "labelling: window": lambda: label({"kind": "window", "report": 0}),
            "labelling: preview": lambda: label(self._selected(self._words[2]) | {"kind": "preview"}),
            "labelling: insert": lambda: self._insert(self._words[2]),
            "labelling: move": lambda: label({"kind": "move", "by": -1} | listed),
            "labelling: remove": lambda: label({"kind": "remove"} | listed),
            "labelling: undo": lambda: label({"kind": "undo", "report": 0}),
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
            "kernel: soft labels": lambda: soft_labels(self._project),
        }

    def _insert(self, words: str) -> dict[str, Any]:
        return self._annotate(self._selected(words) | {"kind": "insert", "label": "Seen", "place": "last"})

    def _annotate(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._labeling.answer(ANNOTATE | request)

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


@contextmanager
def apps_layer(folder: Path) -> Iterator[AppsLayer]:
    """Apps of sites in `folder`."""
    with pytest.MonkeyPatch.context() as environment:
        yield AppsLayer(folder, environment)


def _words(role: str) -> tuple[str, str, str]:
    """Words of the report that are this person's."""
    return f"{role} one", f"{role} two", f"{role} three"


def _project_of(widget: ModelWidget) -> Project | None:
    model: Any = widget._model
    if model is None:
        return None
    return model._tasks._project if hasattr(model, "_tasks") else model._airlock.visitor.project


def _denials(settings: Settings, person: str) -> int:
    entries = FileAuditSink(settings.paths.audit).entries(PROJECT)
    return sum(one["event"] == "AccessDenied" and one["person"] == person for one in entries)


def _works(attempt: Callable[[], object]) -> bool:
    """Whether it isn't refused. That it would work otherwise is shown by those who may."""
    try:
        attempt()
    except CcdsError:
        return False
    return True
