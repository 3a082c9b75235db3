"""The rules of the form in which a task is made or changed. No SQL, no network, no files, no browser.

What is refused is told at the part that it is about, all parts at once; what only the tasks that are kept can refuse (a name that
another one has, a label that is in use) comes after that, one at a time.

Rejected: remembering here what the form showed. Two pages of one session have two forms, and a page that is older than the
session has none; so the page says what it showed (`seen`). One that says so wrongly overwrites what its person may change anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.cues import RADIOLOGY
from ccds_kernel.labeling.tasks.changing import TaskOvertakenError, TaskPartError, refuse_beyond_limits
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from ccds_kernel.labeling.tasks.task_file import coloured, cues_text, read_cues
from ccds_widgets.base import sentence
from ccds_widgets.labeling import task_form_messages as messages
from ccds_widgets.labeling.ports import Tasks

Answer = dict[str, Any]


class TaskForm:
    """The form, for whoever may curate labels: each request is asked again whether its person may.

    Args:
        tasks: the project's tasks.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    def answer(self, request: messages.AboutForm) -> Answer:
        """What the form shows; or the id of the task that was kept, and which parts of it are others now; or by part what is
        wrong; or which parts somebody else has changed since, and the form as it is now.

        Raises:
            CcdsError: the person may not, the task is gone, or what is wrong is no matter of one part.
        """
        match request:
            case messages.OpenForm():
                return self._shown(request.task)
            case messages.MakeTask():
                return self._made(request.typed)
            case messages.ChangeTask():
                return self._changed(request)

    def _shown(self, task_id: int | None) -> Answer:
        choices = self._tasks.choices()
        task = None if task_id is None else self._task(task_id)
        left_out = task.left_out if task else ()
        return {
            "form": shown_form(task),
            "choices": {
                "sections": list(choices.sections_by(left_out)),
                "cohorts": list(choices.cohorts),
                "cues": cues_text(RADIOLOGY, all_lists=True),
            },
        }

    def _made(self, typed: messages.Form) -> Answer:
        wrong, task = _told(typed, None, self._tasks.cohorts())
        if task is None:
            return {"wrong": wrong}
        try:
            return {"kept": self._kept_anew(task), "parts": []}
        except TaskPartError as refused:
            return {"wrong": {refused.part: sentence(refused)}}

    def _kept_anew(self, task: Task) -> int:
        """Puts the new task in the place of the one that a project begins with, where nobody has used that; its id."""
        unused = self._tasks.unused(task.name)
        if unused is not None:
            with suppress(TaskOvertakenError):  # somebody has used it since
                self._tasks.change(unused.id, unused.task, task)
                return unused.id
        return self._tasks.make(task).id

    def _changed(self, request: messages.ChangeTask) -> Answer:
        cohorts = self._tasks.cohorts()
        now = self._task(request.task)
        _, before = _told(request.seen, now, None, seen=request.seen)
        if before is None:
            raise CcdsError(expected="the form as it was shown", found="another one", do="close it and open it again")
        wrong, after = _told(request.typed, now, cohorts, seen=request.seen)
        if after is None:
            return {"wrong": wrong}
        parts = [part.name for part in fields(Task) if getattr(before, part.name) != getattr(after, part.name)]
        if not parts:
            return {"kept": request.task, "parts": []}
        try:
            self._tasks.change(request.task, before, after)
        except TaskOvertakenError as refused:
            return {"overtaken": list(refused.parts), **self._shown(request.task)}
        except TaskPartError as refused:
            return {"wrong": {refused.part: sentence(refused)}}
        return {"kept": request.task, "parts": parts}

    def _task(self, task_id: int) -> Task:
        for stored in self._tasks.tasks():
            if stored.id == task_id:
                return stored.task
        raise CcdsError(expected="a task of this project", found="one that is gone", do="reload the page")


def shown_form(task: Task | None) -> Answer:
    """The form of `task`, or of a new one."""
    shown = task or Task("new")
    return {
        "name": shown.name if task else "",
        "kind": shown.kind.value,
        "cohort": shown.cohort,
        "labels": list(shown.words),
        "guideline": shown.guideline,
        "left_out": sorted(shown.left_out),
        "strata": list(shown.strata),
        "cues": cues_text(shown.cues),
    }


def _told(
    form: messages.Form, now: Task | None, cohorts: Collection[str] | None, *, seen: messages.Form | None = None
) -> tuple[dict[str, str], Task | None]:
    """What is wrong with which part of `form`, and the task that it says, where nothing is.

    Args:
        form: what was typed, or seen.
        now: the task as it is; None for a new one.
        cohorts: which may be chosen; None where nothing is chosen anew.
        seen: what the form showed: what is as it was there isn't asked about again.
    """
    wrong: dict[str, str] = {}
    task = replace(now or Task("new"), kind=TaskKind(form.kind))

    def put(part: str, value: object) -> None:
        nonlocal task
        changed = replace(task, **{part: value})  # type: ignore[arg-type] # a part and its value, as `Task` has them
        if cohorts is not None:
            refuse_beyond_limits(now, changed)
        task = changed

    with _noted(wrong, "name"):
        put("name", form.name)
    with _noted(wrong, "labels"):
        put("labels", coloured(form.labels, now.labels if now else ()))
    with _noted(wrong, "guideline"):
        put("guideline", form.guideline if seen and form.guideline == seen.guideline else form.guideline.strip())
    with _noted(wrong, "cohort"):
        if cohorts is not None and form.cohort not in (None, seen and seen.cohort, *cohorts):
            raise CcdsError(
                expected="a cohort that the task can be kept to",
                found="one that isn't there any more",
                do="choose another one",
            )
        put("cohort", form.cohort)
    with _noted(wrong, "left_out"):
        put("left_out", frozenset(form.left_out))
    with _noted(wrong, "strata"):
        put("strata", tuple(form.strata))
    with _noted(wrong, "cues"):
        put("cues", read_cues(form.cues))
    return wrong, None if wrong else task


@contextmanager
def _noted(wrong: dict[str, str], part: str) -> Iterator[None]:
    try:
        yield
    except CcdsError as error:
        wrong[part] = sentence(error)
