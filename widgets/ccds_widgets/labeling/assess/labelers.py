"""Each labeler by themselves, as the page shows it: right against the gold set, drift, anchoring, pace. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ccds_kernel.labeling.assessment.drift import WINDOW, Drift, State
from ccds_kernel.labeling.assessment.gold_answers import Assessment, LabelFigures, assess
from ccds_kernel.labeling.assessment.pace import Pace
from ccds_kernel.labeling.wording import counted, studies
from ccds_widgets.labeling.assess.words import Shown, moment, percent, rate, seconds, statistic
from ccds_widgets.labeling.known import Known


def labelers_shown(known: Known, assigned: Iterable[str]) -> list[Shown]:
    """Everybody who rated or is assigned to a batch, by name.

    Raises:
        CcdsError: a rating or a gold label is no answer to a question of the task.
    """
    names = sorted({*known.answered.table.labelers, *assigned})
    table, asked = known.answered.table, known.answered.questions
    return [_labeler(assess(table, name, known.gold_for(name), asked)) for name in names]


def _labeler(found: Assessment) -> Shown:
    return {
        "name": found.labeler,
        "rated": studies(found.rated),
        "accuracy": rate(found.accuracy, "no study of the gold set answered yet"),
        "cohen": None if found.cohen is None else statistic(found.cohen),
        "ac1": None if found.ac1 is None else statistic(found.ac1),
        "labels": [_label(one) for one in found.labels],
        "anchoring": rate(found.anchoring, "no label was preselected wrong yet"),
        "drift": {"state": found.drift.state.value, "text": drift_sentence(found.drift), "test": _test(found.drift)},
        "windows": _windows(found.drift),
        "pace": _pace(found.pace),
    }


def drift_sentence(drift: Drift) -> str:
    """The verdict in words."""
    answers = counted(drift.answers, "gold answer")
    match drift.state:
        case State.TOO_FEW:
            return f"Too few to tell: {answers}, and the test takes {WINDOW}."
        case State.NO_SIGN:
            return f"No sign of a change in {answers}."
        case State.CHANGED if drift.since is not None:
            return f"Errs more often since {moment(drift.since)}, after {drift.before:,} gold answers of {drift.answers:,}."
        case _:
            return f"Has erred more often than is accepted from the start ({answers})."


def _test(drift: Drift) -> str:
    return (
        f"CUSUM that accepts {percent(drift.accepted)} wrong and finds {percent(drift.worse)} soon; it calls at most "
        f"{percent(drift.false_alarms)} of labelers changed who aren’t, in {drift.horizon} answers "
        "(Reynolds and Stoumbos 1999)."
    )


def _windows(drift: Drift) -> list[Shown]:
    shown = []
    for number, one in enumerate(drift.windows):
        first = number * WINDOW + 1
        name = f"{first}–{first + one.right.whole - 1}"
        right = rate(one.right, "")
        when = f"{moment(one.first)} to {moment(one.last)}"
        shown.append({"name": name, "when": when, "rate": right, "text": f"Gold answers {name}: {right['text']} right"})
    return shown


def _label(found: LabelFigures) -> Shown:
    return {
        "label": found.label,
        "sensitivity": rate(found.sensitivity, "no gold study with it"),
        "specificity": rate(found.specificity, "no gold study without it"),
        "cohen": statistic(found.cohen),
        "ac1": statistic(found.ac1),
    }


def _pace(found: Pace | None) -> Shown | None:
    if found is None:
        return None
    interval = "" if found.low is None or found.high is None else f"{seconds(found.low)} to {seconds(found.high)}"
    return {
        "shown": seconds(found.median),
        "interval": interval,
        "spread": f"half of them {seconds(found.lower_quartile)} to {seconds(found.upper_quartile)}",
        "studies": counted(found.studies, "study", "studies"),
        "pauses": counted(found.pauses, "pause") if found.pauses else "",
    }
