"""How labelers agree on one question, as the page draws it: one picture for each coefficient, a row for each comparison. Pure.

A row is all labelers at once, a labeler against the gold set, or two labelers. Against the gold set every gold answer counts
but for those to one's own gold labels (`Known.gold_for`), also that to a wrong prefill, as in `Assessment`; between labelers
studies with a wrong prefill are left out (`Answered.between`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ccds_kernel.labeling.assessment.agreement import Agreement, agreement, pairwise
from ccds_kernel.labeling.assessment.estimate import Statistic
from ccds_kernel.labeling.assessment.rating import Question, Rating, RatingTable
from ccds_kernel.labeling.wording import studies
from ccds_widgets.labeling.assess.words import Shown, statistic
from ccds_widgets.labeling.known import Known

GOLD = "the gold set"
"""What stands in the place of a labeler; nobody's name has a space in it."""

_LOWEST = -1.0
_STEP = 0.2


@dataclass(frozen=True)
class Measure:
    """One coefficient: what it is called, what it says, by whom, and where it stands in an `Agreement`."""

    key: str
    name: str
    meaning: str
    source: str
    of: Callable[[Agreement], Statistic | None]


ALL_LABELS = (
    Measure(
        "raw",
        "Raw agreement",
        "How often two labelers of a study said the same. It is high by itself where one answer is rare.",
        "Fleiss 1971",
        lambda one: one.raw,
    ),
    Measure(
        "cohen",
        "Cohen’s kappa",
        "Agreement beyond chance of two labelers, each with their own habits: 0 is chance, 1 is perfect.",
        "Cohen 1960; variance of Fleiss, Cohen and Everitt 1969",
        lambda one: one.cohen,
    ),
    Measure(
        "fleiss",
        "Fleiss’ kappa",
        "Agreement beyond chance of any number of labelers with habits in common; of two it is Scott’s pi.",
        "Fleiss 1971; Gwet 2014",
        lambda one: one.fleiss,
    ),
    Measure(
        "ac1",
        "Gwet’s AC1",
        "Agreement beyond chance that a rare answer doesn’t pull down as it does kappa.",
        "Gwet 2008; 2014",
        lambda one: one.ac1,
    ),
    Measure(
        "alpha",
        "Krippendorff’s alpha",
        "1 less the observed disagreement over that of chance, whoever rated whichever study.",
        "Krippendorff 2011",
        lambda one: one.alpha,
    ),
)
"""Those of every question."""

ONE_LABEL = (
    Measure(
        "positive",
        "Positive agreement",
        "How often, where one labeler gave the label, another one of the same study gave it too.",
        "Cicchetti and Feinstein 1990; de Vet et al. 2017",
        lambda one: one.labels[0].positive,
    ),
    Measure(
        "negative",
        "Negative agreement",
        "How often, where one labeler left the label out, another one of the same study left it out too.",
        "Cicchetti and Feinstein 1990; de Vet et al. 2017",
        lambda one: one.labels[0].negative,
    ),
)
"""Those of a question about one label."""


@dataclass(frozen=True)
class Comparison:
    """A row: `key` is "all", "gold" or "pair", and `found` is about `found.labelers`."""

    key: str
    found: Agreement

    @property
    def name(self) -> str:
        """What the row is called."""
        if self.key == "all":
            return f"All {len(self.found.labelers)} labelers"
        return " – ".join(self.found.labelers) if self.key == "pair" else self.found.labelers[0]


def asked(known: Known) -> tuple[Question, ...]:
    """What a fellow may look at: the task's questions, and of a task whose labels exclude each other each label by itself."""
    own = known.answered.questions
    labels = known.task.words
    by_label = tuple(Question(label, labels) for label in labels)
    return own if own and own[0].label is not None else (*own, *by_label)


def comparisons(known: Known, question: Question) -> tuple[Comparison, ...]:
    """Every comparison that can be made; of a single labeler none but with the gold set.

    Raises:
        CcdsError: a rating is no answer to the question.
    """
    several = len(known.answered.between.labelers) > 1
    return (
        *((Comparison("all", agreement(known.answered.between, question)),) if several else ()),
        *(Comparison("gold", one) for one in _against_gold(known, question)),
        *(Comparison("pair", one) for one in pairwise(known.answered.between, question)),
    )


def agreement_shown(known: Known, question: Question) -> Shown:
    """What the page shows of `question`."""
    found = comparisons(known, question)
    measures = ALL_LABELS if question.label is None else (*ALL_LABELS, *ONE_LABEL)
    return {
        "question": question_name(question),
        "measures": [_measure(one, found) for one in measures],
        "labelers": list(known.answered.between.labelers),
        "basis": _basis(known),
    }


def question_name(question: Question) -> str:
    """What a question is called."""
    return "Which label it is" if question.label is None else f"{question.label}, or not"


def _against_gold(known: Known, question: Question) -> Iterable[Agreement]:
    for labeler in known.answered.table.labelers:
        truth = known.gold_for(labeler)
        own = [one for one in known.answered.table.of(labeler) if one.study in truth]
        if own:
            gold = [Rating(one.study, GOLD, truth[one.study], one.at) for one in own]
            # Columns are sorted by name; which of the two is which makes no difference to a coefficient.
            found = agreement(RatingTable([*own, *gold]), question)
            yield found.model_copy(update={"labelers": (labeler, GOLD)})


def _measure(measure: Measure, found: Iterable[Comparison]) -> Shown:
    rows = [
        {"group": one.key, "name": one.name, "labelers": list(one.found.labelers), **statistic(value)}
        for one in found
        if (value := measure.of(one.found)) is not None
    ]
    lowest = min((row["low"] for row in rows if row["value"] is not None), default=0.0)
    return {
        "key": measure.key,
        "name": measure.name,
        "meaning": measure.meaning,
        "source": measure.source,
        "whole": next((row for row in rows if row["group"] == "all"), None),
        "rows": rows,
        "ticks": _ticks(lowest),
    }


def _ticks(lowest: float) -> list[float]:
    """From 0, or from below `lowest` where that is negative, to 1."""
    begin = 0 if lowest >= 0 else max(math.floor(lowest / _STEP), round(_LOWEST / _STEP))
    return [round(_STEP * at, 1) for at in range(begin, round(1 / _STEP) + 1)]


def _basis(known: Known) -> str:
    """Which studies are counted."""
    left_out = len(known.answered.table.ratings) - len(known.answered.between.ratings)
    told = f"Between labelers: {studies(len(known.answered.between.studies))} that somebody rated"
    return (
        f"{told}, without {left_out:,} answers to a label that was preselected wrong on purpose."
        if left_out
        else f"{told}."
    )
