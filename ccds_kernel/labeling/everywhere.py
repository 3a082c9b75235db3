"""Phrases that stand in every report: they tell none apart and are mostly a slip, so that one is asked before they come in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.task_index import TaskIndex
from ccds_kernel.labeling.tasks.task import Task

_AT_ONCE = 500
"""Reports that are looked at before the next ones: few phrases stand in all of the first ones, so that the rest isn't read."""


def everywhere(task: Task, reports: Iterable[Report], phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """Those of `phrases` that match every one of `reports` as `task` reads them; none where there is one report or none."""
    standing = tuple(phrases)
    coming, seen = iter(reports), 0
    while standing and (some := list(islice(coming, _AT_ONCE))):
        index = TaskIndex.of(task, some)
        standing = tuple(phrase for phrase in standing if index.preview(phrase).raw == len(some))
        seen += len(some)
    return standing if seen > 1 else ()
