"""What about a task may be changed: the rules by which a change goes with others' and with what uses the task. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import wording
from ccds_kernel.labeling.outcome import one_label
from ccds_kernel.labeling.phrase import Phrase, check_readable
from ccds_kernel.labeling.tasks.task import MOST_LABELS, Task, TaskKind, checked_word
from ccds_kernel.labeling.text import normalise

CALLED = {
    "name": "a name",
    "kind": "a kind",
    "labels": "labels",
    "guideline": "a guideline",
    "left_out": "sections to be left out",
    "cues": "cues",
    "strata": "strata tags",
    "cohort": "a cohort",
}
"""What people call the parts of a task."""


class TaskPartError(CcdsError):
    """A task can't become what somebody wants it to be, by what it is to have in one part.

    Attributes:
        part: which one, as `Task` calls it.
    """

    def __init__(self, part: str, *, expected: str, found: str, do: str) -> None:
        super().__init__(expected=expected, found=found, do=do)
        self.part = part


class TaskOvertakenError(CcdsError):
    """Somebody has changed parts of a task since the person read it who changes the same ones.

    Attributes:
        parts: which, as `Task` calls them.
    """

    def __init__(self, name: str, parts: Sequence[str]) -> None:
        super().__init__(
            expected=f"the task '{name}' as you read it",
            found=f"{', '.join(CALLED[part] for part in parts)} that somebody else changed since",
            do="load the page anew, and change it again",
        )
        self.parts = tuple(parts)


@dataclass(frozen=True)
class Uses:
    """How often a word of a task is used: by `phrases`, and by `studies`, whose people's words hold it."""

    phrases: int = 0
    studies: int = 0


def changed_since(now: Task, before: Task, after: Task) -> Task:
    """The task as it is `now`, with what differs between `before` and `after`, which is what a person changed.

    Raises:
        TaskOvertakenError: somebody else has changed the same since that person read `before`.
    """
    changed = {
        field.name: getattr(after, field.name)
        for field in fields(Task)
        if getattr(before, field.name) != getattr(after, field.name)
    }
    if lost := [name for name in changed if getattr(now, name) != getattr(before, name)]:
        raise TaskOvertakenError(now.name, lost)
    return replace(now, **changed)


def refuse_beyond_limits(before: Task | None, after: Task) -> None:
    """Makes sure that what comes to `before` (nothing, for a new task) isn't too much, too long, or nearly the same twice.

    Raises:
        CcdsError: a new label is too long, or has no letter and no digit; there are more labels than before and too many; or a
            new label or strata tag differs from another one by case and white space only.
    """
    had = before.words if before is not None else ()
    for word in after.words:
        if word not in had:
            check_readable(checked_word(word, "label"), "label")
    _refuse_nearly_the_same("label", had, after.words)
    _refuse_nearly_the_same("strata tag", before.strata if before is not None else (), after.strata)
    if len(after.labels) > (most := max(MOST_LABELS, len(had))):
        raise CcdsError(
            expected=f"at most {most} labels",
            found=str(len(after.labels)),
            do="make a further task for some of them",
        )


def _refuse_nearly_the_same(what: str, had: Sequence[str], has: Sequence[str]) -> None:
    times = Counter(normalise(word) for word in has)
    for word in has:
        if word not in had and times[normalise(word)] > 1:
            raise CcdsError(
                expected=f"each {what} once",
                found=f"'{word}' again (case and white space don't count)",
                do="give one of the two another word, or remove it",
            )


def refuse_another_kind(before: Task, after: Task, *, studies: int, phrases: Sequence[Phrase]) -> None:
    """Makes sure that the kind stays once something was shown or said by it, and that the phrases that there are fit the new one.

    Args:
        before: the task as it is.
        after: as it is to be.
        studies: how many studies are, or were, in a batch of the task, or have, or had, a word of the fellow's.
        phrases: the task's.

    Raises:
        CcdsError: the kind changes though there are such studies, or to `one` though a phrase excludes its label or stands for
            several ones.
    """
    if before.kind is after.kind:
        return
    if studies:
        raise CcdsError(
            expected=f"the task '{before.name}' to stay of kind {before.kind} once studies are in a batch or labelled",
            found=wording.studies(studies),
            do="make a further task",
        )
    if after.kind is TaskKind.ONE:
        for phrase in phrases:
            one_label(phrase)  # refuses one that says nothing about the other labels
        if again := len(phrases) - len({phrase.normalised for phrase in phrases}):
            raise CcdsError(
                expected="each phrase for one label, where labels exclude each other",
                found=f"{again} that stand for a further one",
                do="remove these first, or make a further task",
            )


def refuse_lost_words(before: Task, after: Task, uses: Mapping[str, Uses]) -> None:
    """Makes sure that no label or strata tag goes that is still in use.

    Args:
        before: the task as it is.
        after: as it is to be.
        uses: word → how often it is used, for labels and for strata tags; others aren't.

    Raises:
        TaskPartError: the first word that goes though it is used, with the counts.
    """
    for part, what, had, has in (
        ("labels", "label", before.words, after.words),
        ("strata", "strata tag", before.strata, after.strata),
    ):
        for word in had:
            used = uses.get(word, Uses())
            if word not in has and used != Uses():
                raise TaskPartError(
                    part,
                    expected=f"the {what} '{word}' to be used nowhere before it is removed",
                    found=f"{used.phrases} of the phrases and {used.studies} of the studies with it",
                    do="give these another one first",
                )
