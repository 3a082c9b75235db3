"""Studies that a fellow looks at: on which labelers differ, flagged, skipped, decided, and answers that don't count. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ccds_kernel.labeling.assessment.disagreement import Disagreement, Vote
from ccds_kernel.labeling.confirmation.answer import AnswerKind, Refused
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.curation_rows import Curation
from ccds_kernel.labeling.rows import StoredPhrase, StoredReport
from ccds_kernel.labeling.tasks.task import Task
from ccds_widgets.labeling.assess.words import Shown, moment, percent, seconds
from ccds_widgets.labeling.known import Known
from ccds_widgets.labeling.readings import Reader
from ccds_widgets.labeling.task_phrases import TaskPhrases

AT_ONCE = 50
"""Rows of a list that go to the page together."""

REFUSED: Mapping[Refused, str] = {
    Refused.TAKEN: "the study had gone to somebody else, because its time was over",
    Refused.STALE: "the study had been given back",
    Refused.ANSWERED: "the study was answered already, on another page",
    Refused.CLOSED: "the right answers of the batch had been shown already",
    Refused.NOTHING: "there was nothing to undo",
}
"""Why an answer counts for nothing."""

_KINDS: Mapping[AnswerKind, str] = {
    AnswerKind.CONFIRM: "took over what was preselected",
    AnswerKind.CORRECT: "corrected",
    AnswerKind.FLAG: "flagged",
    AnswerKind.SKIP: "skipped",
    AnswerKind.UNDO: "undid",
}


class _List(NamedTuple):
    """One list: how many rows it has, and a row at a place."""

    total: int
    row: Callable[[int], Shown]


def totals(known: Known) -> Shown:
    """List → how long it is."""
    return {which: one.total for which, one in _lists(known).items()}


def cases_shown(known: Known, which: str, begin: int) -> Shown:
    """At most `AT_ONCE` rows of a list from place `begin` on, or the last ones where it is shorter by now."""
    total, row = _lists(known)[which]
    begin = min(begin, max(0, (total - 1) // AT_ONCE * AT_ONCE))
    return {
        "which": which,
        "begin": begin,
        "total": total,
        "rows": [row(at) for at in range(begin, min(total, begin + AT_ONCE))],
    }


def case_shown(known: Known, report: StoredReport, phrases: Sequence[StoredPhrase]) -> Shown:
    """One study: the report with the places of the task's phrases, what each said, and the words of the fellow.

    Args:
        known: what people said.
        report: its report.
        phrases: the task's list.
    """
    study = report.study_key
    answers = [*known.answered.by_study.get(study, ()), *known.answered.skips.get(study, ())]
    final, gold = known.final.get(study), known.gold.get(study)
    return {
        "study": study,
        "answers": [_answer(stored) for stored in sorted(answers, key=_by_what)],
        "final": None if final is None else _word(final),
        "gold": None if gold is None else _word(gold),
        "shown": sorted(answers[0].shown) if answers else None,
        **_reading(known.task, report, phrases),
    }


def _lists(known: Known) -> dict[str, _List]:
    disputed, flagged, skipped, decided = known.disputed, known.flagged, known.skipped, known.decided
    refused = known.answered.refused
    return {
        "disputed": _List(len(disputed), lambda at: _disputed(disputed[at])),
        "flagged": _List(len(flagged), lambda at: _flagged(known, flagged[at])),
        "skipped": _List(len(skipped), lambda at: _skipped(known, skipped[at])),
        "decided": _List(len(decided), lambda at: {"study": decided[at].study_key, **_word(decided[at])}),
        "refused": _List(len(refused), lambda at: _refused(refused[len(refused) - 1 - at])),
    }


def _disputed(found: Disagreement) -> Shown:
    return {
        "study": found.study,
        "raters": found.raters,
        "share": percent(found.share),
        "votes": [_vote(vote) for dispute in found.disputes for vote in dispute.votes],
        "tied": any(dispute.is_tied for dispute in found.disputes),
    }


def _vote(vote: Vote) -> Shown:
    return {"label": vote.label, "present": vote.present, "count": len(vote.labelers)}


def _flagged(known: Known, study: str) -> Shown:
    flags = [stored for stored in known.answered.by_study[study] if stored.answer.note]
    return {
        "study": study,
        "notes": [{"labeler": stored.labeler, "note": stored.answer.note} for stored in flags],
        "gold": study in known.gold,
    }


def _skipped(known: Known, study: str) -> Shown:
    return {
        "study": study,
        "labelers": list(dict.fromkeys(stored.labeler for stored in known.answered.skips[study])),
    }


def _refused(stored: StoredAnswer) -> Shown:
    why = "" if stored.refused is None else REFUSED[stored.refused]
    return {"study": stored.answer.study_key, "why": why, **_answer(stored)}


def _answer(stored: StoredAnswer) -> Shown:
    return {
        "labeler": stored.labeler,
        "said": None if stored.said is None else sorted(stored.said),
        "kind": stored.answer.kind.value,
        "how": _KINDS[stored.answer.kind],
        "note": stored.answer.note,
        "seconds": seconds(stored.answer.seconds),
        "at": moment(stored.at),
        "planted": stored.planted.value,
    }


def _by_what(stored: StoredAnswer) -> tuple[list[str], int]:
    """Answers in an order that tells nothing about who gave them, so that hidden names stay hidden."""
    return sorted(stored.said or ()), stored.number


def _word(one: Curation) -> Shown:
    return {"said": sorted(one.said or ()), "note": one.note, "person": one.person, "at": moment(one.at)}


def _reading(task: Task, stored: StoredReport, listed: Sequence[StoredPhrase]) -> Shown:
    """The report as the annotate screen shows it, by itself, and those phrases of the list that stand in it."""
    phrases = TaskPhrases(task, [stored.report])
    phrases.follow(task, listed)
    shown = Reader(phrases).shown(0, stored)
    standing = {phrase for section in shown["sections"] for _, marks in section["pieces"] for phrase, _ in marks}
    return {
        "report": shown,
        "phrases": [
            {"id": one.id, "text": one.phrase.text, "label": one.phrase.label} for one in listed if one.id in standing
        ],
    }
