"""What the form of a task may ask for: one class per request, checked to the letter.

Lengths are bounded far above what a task takes: what is too long is told at its field, by the task's own rule.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ccds_kernel.labeling.tasks.task import LONGEST_GUIDELINE
from ccds_widgets import requests
from ccds_widgets.labeling.among import RowId

MOST_WORDS = 10_000
LONGEST_TEXT = 10 * LONGEST_GUIDELINE

Word = Annotated[str, Field(max_length=MOST_WORDS)]
Words = Annotated[list[Word], Field(max_length=MOST_WORDS)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Form(requests.Request):
    """A task as its form shows it: its parts by the names that they have in its file, the cues as the text of their lists."""

    name: Word
    kind: Literal["one", "several"]
    cohort: Word | None
    labels: Words
    guideline: Text
    left_out: Words
    strata: Words
    cues: Text


class OpenForm(requests.Request):
    """The form of task `task`, or of a new one, and what there is to choose from."""

    kind: Literal["task form"]
    task: RowId | None


class MakeTask(requests.Request):
    """A new task."""

    kind: Literal["make task"]
    typed: Form


class ChangeTask(requests.Request):
    """Task `task`, which the form showed as `seen`, becomes what was typed; a part that is alike in both stays as it is now."""

    kind: Literal["change task"]
    task: RowId
    seen: Form
    typed: Form


AboutForm = OpenForm | MakeTask | ChangeTask
