"""What the page shows of a study: its report with the phrase of its group marked, its place in the group, the prefill.

Of the phrases only that of the group is marked, as it is where it decides: marks of others would show which study stands in a
group that isn't its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ccds_kernel.labeling.confirmation.assigned import Outline
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.confirming import LeasedStudy
from ccds_kernel.labeling.confirmation.feedback import GoldFeedback
from ccds_kernel.labeling.matches import Span
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.task_index import TaskIndex
from ccds_kernel.labeling.tasks.task import Task
from ccds_kernel.labeling.text import normalise

Answer = dict[str, Any]


def shown_studies(outline: Outline, studies: Sequence[LeasedStudy], tags: Mapping[str, Said]) -> list[Answer]:
    """`studies` in their order, with the tags that the person gave them."""
    marks = _marks(outline, [(study.report.report, study.phrase_id) for study in studies])
    return [
        {
            "lease": study.lease,
            "number": study.number,
            "key": study.report.study_key,
            **_group(outline, study.phrase_id),
            "nth": study.nth,
            "of": outline.sizes.get(study.phrase_id, 0),
            "shared": outline.is_shared,
            "prefill": words(outline.task, study.prefill),
            "tags": sorted(tags.get(study.report.study_key, ())),
            "sections": _sections(study.report.report, spans, outline.task.left_out),
        }
        for study, spans in zip(studies, marks, strict=True)
    ]


def shown_feedback(outline: Outline, answers: Sequence[GoldFeedback]) -> list[Answer]:
    """What was said of gold studies and what is right, the wrong ones first."""
    ordered = sorted(answers, key=lambda one: one.is_right)
    marks = _marks(outline, [(one.report.report, one.phrase_id) for one in ordered])
    return [
        {
            "key": one.report.study_key,
            **_group(outline, one.phrase_id),
            "shown": words(outline.task, one.shown),
            "said": words(outline.task, one.said),
            "gold": words(outline.task, one.gold),
            "note": one.note,
            "right": one.is_right,
            "sections": _sections(one.report.report, spans, outline.task.left_out),
        }
        for one, spans in zip(ordered, marks, strict=True)
    ]


def words(task: Task, said: Iterable[str]) -> list[str]:
    """Labels in the order of the task."""
    chosen = frozenset(said)
    return [word for word in task.words if word in chosen]


def _group(outline: Outline, phrase_id: int | None) -> Answer:
    phrase = outline.phrases.get(phrase_id) if phrase_id is not None else None
    return {
        "phrase": phrase.text if phrase else None,
        "grouped": phrase_id is not None,
    }


def _marks(outline: Outline, reports: Sequence[tuple[Report, int | None]]) -> list[list[Span]]:
    """Per report the places of its group's phrase that count."""
    by_phrase: dict[int, list[int]] = defaultdict(list)
    for row, (_, phrase_id) in enumerate(reports):
        if phrase_id in outline.phrases and phrase_id is not None:
            by_phrase[phrase_id].append(row)
    marks: list[list[Span]] = [[] for _ in reports]
    for phrase_id, places in by_phrase.items():
        index = TaskIndex.of(outline.task, [reports[row][0] for row in places])
        index.insert(outline.phrases[phrase_id], 0)
        for at, row in enumerate(places):
            marks[row] = [span for spans in index.spans(at).values() for span in spans]
    return marks


def _sections(report: Report, spans: Sequence[Span], left_out: Iterable[str]) -> list[Answer]:
    unread = {normalise(name) for name in left_out}
    return [
        {
            "name": section.name,
            "left_out": normalise(section.name) in unread,
            "pieces": marked(section.text, [span for span in spans if span.section == order]),
        }
        for order, section in enumerate(report.sections)
    ]


def marked(text: str, spans: Iterable[Span]) -> list[tuple[str, bool]]:
    """`text` in pieces, which joined are `text` again, and whether each is marked: that is, in one of `spans`.

    Python counts code points, a browser UTF-16 units: pieces need neither.
    """
    pieces: list[tuple[str, bool]] = []
    end = 0
    for span in sorted(spans, key=lambda one: one.start):
        begin = max(span.start, end)
        if begin >= span.end:
            continue
        pieces += [(text[end:begin], False), (text[begin : span.end], True)]
        end = span.end
    return [piece for piece in (*pieces, (text[end:], False)) if piece[0]]
