"""What a person is asked before it is done: refusals until they say that it is meant."""

from __future__ import annotations

from ccds_kernel.errors import CcdsError


class NewLabelError(CcdsError):
    """A label that was typed is none of the task's: the person is asked first."""

    def __init__(self, word: str) -> None:
        super().__init__(
            expected="a label of the task", found=f"“{word}”, which is none", do="say whether it is to be added"
        )
        self.question = f"“{word}” is no label of this task: add it?"


class MatchesEverythingError(CcdsError):
    """A phrase stands in every report: the person is asked first."""

    def __init__(self, reports: int) -> None:
        super().__init__(
            expected="a phrase that tells reports apart",
            found=f"one that stands in all {reports}",
            do="choose other words, or say that you are sure",
        )
