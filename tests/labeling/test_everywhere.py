"""Phrases that stand in every report."""

import pytest

from ccds_kernel.labeling.everywhere import everywhere
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.tasks.task import Task, TaskKind

FILM, MASS, HISTORY = Phrase("film", "x"), Phrase("mass", "x"), Phrase("cough", "x")
NOT_IF_NEGATED = Phrase("mass", "x", negatable=True)


def reports(count: int, **more: str) -> list[Report]:
    """Reports of nearly the same words; `more` are the findings of some, by number as `r5`."""
    return [
        Report(f"A{n}", (Section("history", "Cough."), Section("findings", more.get(f"r{n}", "Chest film. No mass."))))
        for n in range(count)
    ]


@pytest.mark.parametrize("kind", TaskKind)
@pytest.mark.parametrize(
    ("coming", "found"),
    [
        (reports(2), (FILM, MASS)),
        (reports(1200), (FILM, MASS)),
        (reports(1200, r1199="Chest film."), (FILM,)),
        (reports(1200, r0="No mass."), (MASS,)),
        (reports(1), ()),
        ([], ()),
    ],
)
def test_what_stands_in_every_report_is_found(kind, coming, found):
    """As the task reads them: a section that is left out and places that are negated don't count; of one report all is said."""
    task = Task("chest", kind, left_out=frozenset({"history"}))

    assert everywhere(task, iter(coming), [FILM, MASS, HISTORY, NOT_IF_NEGATED]) == found


def test_no_more_is_read_than_it_takes():
    """Once no phrase is left the reports that follow aren't asked for."""
    coming = iter(reports(5000))

    everywhere(Task("chest"), coming, [Phrase("effusion", "x")])

    assert len(list(coming)) >= 4000
