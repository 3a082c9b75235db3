"""A task as a file that people write: YAML with its name, kind, cohort, labels, guideline, sections left out, strata tags, cues.

A key that isn't there leaves what the task has; of a new task that is the default. `cohort` without a name takes it off. Colours
aren't in the file: a label keeps its own, and a new one gets the colour used least. A file that was printed carries the revision
that it was printed from, so that it overwrites nothing that somebody changed afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.yaml_file import read_checked
from ccds_kernel.irb.yaml_text import load_yaml
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind

Word = Annotated[str, Field(max_length=10_000)]
"""A word of the file; what a task makes of it says `Task`."""


class TaskFile(BaseModel):
    """What a file says of a task; see `changed` for what isn't there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Word
    kind: TaskKind = TaskKind.ONE
    cohort: Word | None = None
    labels: tuple[Word, ...] = ()
    guideline: str = ""
    left_out: tuple[Word, ...] = ()
    strata: tuple[Word, ...] = ()
    cues: dict[str, list[str]] = Field(default_factory=dict)
    revision: Word | None = None

    def changed(self, task: Task | None) -> Task:
        """`task` with what the file says of it; a new task, where there is none.

        Raises:
            CcdsError: that is no task: a word is blank or there twice, or a list of cues isn't one; or the file is of another
                revision of `task`, and would change it.
        """
        parts: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "cohort": self.cohort,
            "labels": coloured(self.labels, task.labels if task else ()),
            "guideline": self.guideline.strip(),
            "left_out": frozenset(self.left_out),
            "strata": self.strata,
            "cues": Cues.from_lists(self.cues),
        }
        said = {key: part for key, part in parts.items() if key in self.model_fields_set}
        if task is None:
            return Task(**said)
        after = replace(task, **said)
        if after != task and self.revision not in (None, revision(task)):
            raise CcdsError(
                expected=f"the task '{task.name}' as it was when this file was printed",
                found="another revision, as somebody changed it since",
                do="print it anew with 'ccds labeling task show', and change that",
            )
        return after


def read_task(path: Path) -> TaskFile:
    """What the file `path` says.

    Raises:
        CcdsError: it can't be read, or a key is missing, unknown or wrong; the message names the line and the key.
    """
    return read_checked(path, TaskFile, "task file")


def revision(task: Task) -> str:
    """A digest of all that a file says of `task`."""
    return hashlib.sha256(task_text(task, with_cues=True).encode()).hexdigest()[:12]


def task_text(task: Task, *, with_cues: bool = False, with_revision: bool = False) -> str:
    """The file of `task`; the lists of cues stand there where they aren't the default ones, or `with_cues`."""
    parts: dict[str, object] = {
        "name": task.name,
        "kind": task.kind.value,
        **({} if task.cohort is None else {"cohort": task.cohort}),
        "labels": list(task.words),
        "guideline": task.guideline,
        "left_out": sorted(task.left_out),
        "strata": list(task.strata),
    }
    if with_cues or task.cues != RADIOLOGY:
        parts["cues"] = task.cues.to_lists()
    if with_revision:
        parts["revision"] = revision(task)
    return yaml.dump(parts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def coloured(words: Iterable[str], known: Iterable[Label]) -> tuple[Label, ...]:
    """Labels with these words in this order: those of `known` keep their colour, others get the one used least."""
    wanted = [word.strip() for word in words]
    kept = tuple(label for label in known if label.name in wanted)
    with_new = Task("labels", labels=kept).with_labels(wanted)
    of_word = {label.name: label for label in with_new.labels}
    return tuple(of_word[word] for word in wanted)


def read_cues(text: str) -> Cues:
    """The cues that `text` says as a file does under `cues`: lists by name. One that isn't named, and blank text, is the default.

    Raises:
        CcdsError: it is no YAML, a list is there twice or has another name, or is no list of cues.
    """
    try:
        lists = load_yaml(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        last = text.rstrip().count("\n")  # what isn't closed is missed only below it
        raise CcdsError(
            expected="lists of cues as in a task's file",
            found=f"what can't be read as YAML{f', in line {min(mark.line, last) + 1}' if mark else ''}",
            do="mend that line, or the one before it" if mark else "mend it, or leave it empty",
        ) from None
    if lists is None:
        return RADIOLOGY
    if not isinstance(lists, dict):
        raise CcdsError(
            expected="lists of cues, each after its name",
            found="something else",
            do="write a name, a colon, and the cues below it, each after a dash",
        )
    return Cues.from_lists(lists)


def cues_text(cues: Cues, *, all_lists: bool = False) -> str:
    """What `read_cues` reads: the lists that aren't the default ones, or `all_lists`; nothing where there is none."""
    default = RADIOLOGY.to_lists()
    lists = {name: words for name, words in cues.to_lists().items() if all_lists or words != default[name]}
    return yaml.dump(lists, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100) if lists else ""


class _Dumper(yaml.SafeDumper):
    """Lines of a text stay lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
