"""What a phrase says of a report that it captures: a label, or, where one label is decided by itself, whether it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import Phrase

PRESENT = "present"
ABSENT = "absent"
"""What is said of one label that is decided by itself, beside the words that phrases have for the uncertain."""


class Outcome(NamedTuple):
    """What a phrase says of a report where one of its places is `certain`, and where none is (`uncertain`); may be the same."""

    certain: str
    uncertain: str


OutcomeOf = Callable[[Phrase], Outcome]


def one_label(phrase: Phrase) -> Outcome:
    """The outcome where labels exclude each other: the phrase's label.

    Raises:
        CcdsError: the phrase excludes its label, which says nothing about the other ones.
    """
    if phrase.excludes:
        raise CcdsError(
            expected="phrases that stand for a label, where labels exclude each other",
            found="one that excludes its label",
            do="give it the label that it stands for, or make a task whose labels are decided one by one",
        )
    return Outcome(phrase.label, phrase.uncertain_label or phrase.label)


def label_by_itself(phrase: Phrase) -> Outcome:
    """The outcome in the list of one label that is decided by itself: present, absent, or the phrase's word for the uncertain."""
    certain = ABSENT if phrase.excludes else PRESENT
    return Outcome(certain, phrase.uncertain_label or certain)
