"""A task: what is labelled in a project, by which labels, and what labelers are told about it.

A *task* decides one question about each study. Its `kind` says how labels go together: in a task of kind `one` they exclude
each other, and the first phrase of the task's one list decides; in one of kind `several` each label is decided by itself,
and a study has any number of them. The order of the labels is that of the number keys 1–9 on the screen; a label past the
ninth has no key. A label's *colour slot* is kept with it, so that its colour stays when the order changes.

How many labels there are and how long a label is are limits of what is entered (`changing`), not of what there is: the labels of
phrases that a project had before it had tasks are the first task's, whatever they are.

Rejected: renaming a label in place. Phrases and answers hold the word, and an answer that somebody gave under one word isn't
one under another; a fellow adds the new label and moves the phrases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ccds_kernel.cohort.cohort import check_name
from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.text import is_valid_unicode, normalise

COLOUR_SLOTS = 8
"""Colours that people who are colour-blind tell apart: there aren't more."""

MOST_LABELS = 500
LONGEST_NAME = 500
LONGEST_GUIDELINE = 50_000

STRATA = ("motion", "artefact", "mimic", "post-surgical")
"""The strata tags of a new task."""


class TaskKind(StrEnum):
    """How the labels of a task go together."""

    ONE = "one"
    SEVERAL = "several"


@dataclass(frozen=True)
class Label:
    """A label of a task.

    Args:
        name: the word; white space around it is dropped.
        colour: its colour slot, 0 … `COLOUR_SLOTS` - 1.

    Raises:
        CcdsError: the word is blank or not valid Unicode, or there is no such slot.
    """

    name: str
    colour: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _whole_word(self.name, "label"))
        if not 0 <= self.colour < COLOUR_SLOTS:
            raise CcdsError(
                expected=f"a colour from 0 to {COLOUR_SLOTS - 1}", found=str(self.colour), do="choose one of these"
            )


@dataclass(frozen=True)
class Task:
    """What is labelled.

    Args:
        name: what people call it; white space around it is dropped.
        kind: how its labels go together.
        labels: in the order of the number keys, each word once.
        guideline: what a labeler reads beside the screen; may be empty.
        left_out: names of sections in which no phrase is looked for.
        cues: the words of negation and uncertainty.
        strata: the strata tags that a study may get.
        cohort: the name of the cohort whose reports alone it reads; None where it reads all of the project.

    Raises:
        CcdsError: a word is blank or there twice, the name or a strata tag is too long, or the guideline is; or no cohort can be
            called so.
    """

    name: str
    kind: TaskKind = TaskKind.ONE
    labels: tuple[Label, ...] = ()
    guideline: str = ""
    left_out: frozenset[str] = frozenset()
    cues: Cues = RADIOLOGY
    strata: tuple[str, ...] = STRATA
    cohort: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_word(self.name, "name of a task"))
        object.__setattr__(self, "strata", tuple(checked_word(tag, "strata tag") for tag in self.strata))
        _refuse_twice([label.name for label in self.labels], "label")
        _refuse_twice(self.strata, "strata tag")
        if self.cohort is not None:
            check_name(self.cohort)
        if len(self.guideline) > LONGEST_GUIDELINE or "\0" in self.guideline or not is_valid_unicode(self.guideline):
            raise CcdsError(
                expected=f"a guideline of at most {LONGEST_GUIDELINE} whole characters",
                found=f"one of {len(self.guideline)}, or half a character in it",
                do="shorten it, or type it again",
            )

    @property
    def words(self) -> tuple[str, ...]:
        """The labels' words in their order."""
        return tuple(label.name for label in self.labels)

    def with_labels(self, words: Iterable[str]) -> Task:
        """The task with those of `words` that it doesn't have behind its labels, each in the colour used least."""
        labels = list(self.labels)
        for word in words:
            if word not in {label.name for label in labels}:
                used = [label.colour for label in labels]
                labels.append(Label(word, min(range(COLOUR_SLOTS), key=used.count)))
        return self if len(labels) == len(self.labels) else replace(self, labels=tuple(labels))

    def checked_labels(self, labels: Iterable[str]) -> frozenset[str]:
        """`labels` as what a person says about a study: in a task of kind `one` exactly one, in one of kind `several` any.

        Raises:
            CcdsError: the task has no such label, or it takes one only.
        """
        said = frozenset(labels)
        if unknown := said - set(self.words):
            raise CcdsError(
                expected=f"labels of the task '{self.name}'",
                found=f"{len(unknown)} that it doesn't have",
                do="load the page anew: somebody changed the task",
            )
        if self.kind is TaskKind.ONE and len(said) != 1:
            raise CcdsError(
                expected=f"one label, as the task '{self.name}' takes it", found=f"{len(said)}", do="choose one"
            )
        return said

    def checked_strata(self, tags: Iterable[str]) -> frozenset[str]:
        """`tags` as strata of a study; may be empty.

        Raises:
            CcdsError: the task has no such tag.
        """
        given = frozenset(tags)
        if unknown := given - set(self.strata):
            raise CcdsError(
                expected=f"strata tags of the task '{self.name}'",
                found=f"{len(unknown)} that it doesn't have",
                do="add them to the task first, or load the page anew",
            )
        return given


def checked_word(word: str, what: str) -> str:
    """`word` without white space around it.

    Raises:
        CcdsError: it is blank, too long or not valid Unicode; says that it should be a `what`, and doesn't quote it.
    """
    word = _whole_word(word, what)
    if len(word) > LONGEST_NAME:
        raise CcdsError(
            expected=f"a {what} of at most {LONGEST_NAME} characters", found=f"one of {len(word)}", do="shorten it"
        )
    return word


def _whole_word(word: str, what: str) -> str:
    """`word` without white space around it, however long.

    Raises:
        CcdsError: it is blank or not valid Unicode.
    """
    word = word.strip()
    if not normalise(word):
        raise CcdsError(expected=f"a {what}", found="a blank one", do=f"give the {what} at least one character")
    if "\0" in word or not is_valid_unicode(word):
        raise CcdsError(
            expected=f"a {what} in whole characters",
            found="a zero byte or half a character",
            do=f"type the {what} again",
        )
    return word


def _refuse_twice(words: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for word in words:
        if word in seen:
            raise CcdsError(expected=f"each {what} once", found=f"'{word}' twice", do="remove one of the two")
        seen.add(word)
