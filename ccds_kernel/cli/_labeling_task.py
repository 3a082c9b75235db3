"""`ccds labeling task …`: what is labelled in a project, and its history; and `--task`, by which other verbs name it."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from ccds_kernel.irb.project import Project
    from ccds_kernel.labeling.tasks.rows import StoredTask

_TASK = "the task; may be left out where there is one"


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    summary = "show a task, or make or change one: labels, guideline, cohort, sections left out, strata tags, cues"
    task = verbs.add_parser("task", help=summary, description=summary)
    actions = task.add_subparsers(dest="action", metavar="ACTION", required=True, help="what to do")

    summary = "print a task as the YAML that 'set' reads"
    show = actions.add_parser("show", help=summary, description=summary)
    _add_project(show)
    add_task(show)
    show.add_argument(
        "--cues", action="store_true", help="with the lists of cues, also where they are the default ones"
    )
    show.add_argument("--json", action="store_true", help="print one JSON document, all of it")
    show.set_defaults(run=_show)

    summary = (
        "make the task that a file describes, in a new project out of the one that is there, or change the one of that name; "
        "what the file doesn't say stays"
    )
    set_ = actions.add_parser("set", help=summary, description=summary)
    set_.add_argument("file", type=Path, metavar="TASK.yaml", help="the task; 'name' is required")
    _add_project(set_)
    set_.add_argument("--task", metavar="NAME", help="change this task, which then has the file's name")
    set_.set_defaults(run=_set)

    summary = "print who changed what about a task and when, the oldest change first"
    history = actions.add_parser("history", help=summary, description=summary)
    _add_project(history)
    add_task(history)
    history.add_argument("--json", action="store_true", help="print one JSON document, with the task before and after")
    history.set_defaults(run=_history)

    for name, summary in (
        ("undo", "take back your newest change of a task, unless somebody else has changed the same since"),
        ("redo", "do again what you took back last"),
    ):
        back = actions.add_parser(name, help=summary, description=summary)
        _add_project(back)
        add_task(back)
        back.set_defaults(run=_step_back)


def add_task(parser: argparse.ArgumentParser) -> None:
    """Adds `--task`, which `chosen` reads."""
    parser.add_argument("--task", metavar="NAME", help=_TASK)


def chosen(project: Project, name: str | None) -> StoredTask:
    """The task called `name`, or the only one.

    Raises:
        CcdsError: there is none of that name, or none is named and there are several.
    """
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.labeling.tasks.repository import TaskRepository

    tasks = TaskRepository(project).tasks()
    if name is None and len(tasks) == 1:
        return tasks[0]
    for stored in tasks:
        if stored.task.name == name:
            return stored
    known = ", ".join(f"'{stored.task.name}'" for stored in tasks)
    raise CcdsError(
        expected="a task of this project",
        found="none named" if name is None else "none of that name",
        do=f"name one with --task: {known}",
    )


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.tasks.task_file import task_text

    project = open_project(options.project, Action.READ_PHRASES)
    with closing(project.store):
        stored = chosen(project, options.task)
    if options.json:
        print(json.dumps(_as_json(stored), indent=2, ensure_ascii=False))
    else:
        print(task_text(stored.task, with_cues=options.cues, with_revision=True), end="")


def _as_json(stored: StoredTask) -> dict[str, object]:
    task = stored.task
    return {
        "id": stored.id,
        "name": task.name,
        "kind": task.kind.value,
        "cohort": task.cohort,
        "labels": [{"name": label.name, "colour": label.colour} for label in task.labels],
        "guideline": task.guideline,
        "left_out": sorted(task.left_out),
        "strata": list(task.strata),
        "cues": task.cues.to_lists(),
        "created_by": stored.created_by,
        "created_at": stored.created_at.isoformat(),
    }


def _history(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.tasks.repository import TaskRepository
    from ccds_kernel.labeling.tasks.task_file import task_text

    project = open_project(options.project, Action.READ_PHRASES)
    with closing(project.store):
        changes = TaskRepository(project).changes(chosen(project, options.task).id)
    if options.json:
        told = [
            {
                "step": one.step,
                "person": one.person,
                "at": one.at.isoformat(),
                "kind": one.kind.value,
                "of_step": one.of_step,
                "before": task_text(one.before),
                "after": task_text(one.after),
            }
            for one in changes
        ]
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    kinds = {"do": "changed", "undo": "took back", "redo": "did again"}
    for one in changes:
        print(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.person} {kinds[one.kind]}: {', '.join(one.parts)}")


def _step_back(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.tasks.repository import TaskRepository

    project = open_project(options.project, Action.CURATE_LABELS)
    with closing(project.store):
        tasks = TaskRepository(project)
        stored = chosen(project, options.task)
        change = (tasks.undo if options.action == "undo" else tasks.redo)(stored.id)
    done = "taken back" if options.action == "undo" else "done again"
    print(f"task '{stored.task.name}': {done}: {', '.join(change.parts)}")


def _set(options: argparse.Namespace) -> None:
    from ccds_kernel.irb.project import open_project
    from ccds_kernel.irb.roles import Action
    from ccds_kernel.labeling.tasks.repository import TaskRepository
    from ccds_kernel.labeling.tasks.task_file import read_task
    from ccds_kernel.labeling.tasks.task_history import changed_parts

    project = open_project(options.project, Action.CURATE_LABELS)
    told = read_task(options.file)
    with closing(project.store):
        tasks = TaskRepository(project)
        named = [stored for stored in tasks.tasks() if stored.task.name == told.name.strip()]
        unused = None if options.task is not None else tasks.unused(told.name.strip())
        before = chosen(project, options.task) if options.task is not None else next(iter(named), unused)
        after = told.changed(None if before is None else before.task)
        if before is None or (before == unused and after != before.task):
            if before is None:
                tasks.make(after)
            else:
                tasks.change(before.id, before.task, after)
            print(f"task '{after.name}': made, with {counted(len(after.labels), 'label')}")
        elif after == before.task:
            print(f"task '{after.name}': nothing changed")
        else:
            tasks.change(before.id, before.task, after)
            print(f"task '{after.name}': changed: {', '.join(changed_parts(before.task, after))}")
        if unknown := tasks.unknown_sections(after):
            names = ", ".join(f"'{name}'" for name in unknown)
            print(f"no report has a section of these names that the task leaves out: {names}")
