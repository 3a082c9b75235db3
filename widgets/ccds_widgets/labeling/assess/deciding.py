"""The fellow's final words of this session, and the way back and forth among them.

A step back says again what was said before; nothing is rewritten. Where somebody else has said another word about the study
since, the step is refused: theirs is newer.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.curation_rows import Curation, Word
from ccds_widgets.labeling.assess.ports import Curates


@dataclass(frozen=True)
class Step:
    """What was said about a study, and what stood there before."""

    study: str
    before: Word
    after: Word


class Deciding:
    """Says final words.

    Args:
        curates: where they are kept.
    """

    def __init__(self, curates: Curates) -> None:
        self._curates = curates
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def undoable(self) -> str | None:
        """The study of the newest step; None where there is none."""
        return self._done[-1].study if self._done else None

    @property
    def redoable(self) -> str | None:
        """The study of the step that was taken back last; None where there is none."""
        return self._undone[-1].study if self._undone else None

    def say(self, study: str, standing: Curation | None, seen: Said | None, labels: Said | None, note: str) -> Step:
        """Says `labels` about a study, or takes the word back where they are None; returns the step.

        Args:
            study: its key.
            standing: what stands there.
            seen: the labels that the page showed as standing there.
            labels: the new ones.
            note: why; may be empty.

        Raises:
            CcdsError: what stands there isn't what the page showed, or the task has no such label.
        """
        before = Word.of(standing)
        if before.labels != seen:
            raise CcdsError(
                expected="the final word that this page shows",
                found="another one, which somebody said meanwhile",
                do="look at the study again, it shows what stands there now",
            )
        self._curates.adjudicate(study, labels, note, seen=before)
        step = Step(study, before, Word() if labels is None else Word(labels, note.strip()))
        self._done.append(step)
        self._undone.clear()
        return step

    def undo(self) -> Step:
        """Takes the newest step back and returns it.

        Raises:
            CcdsError: there is none, or somebody said something since.
        """
        return self._step(self._done, self._undone, "to undo")

    def redo(self) -> Step:
        """Takes the step that was taken back last again and returns it, as it is done now.

        Raises:
            CcdsError: there is none, or somebody said something since.
        """
        return self._step(self._undone, self._done, "to do again")

    def _step(self, source: list[Step], goal: list[Step], what: str) -> Step:
        if not source:
            raise CcdsError(expected=f"a final word {what}", found="none of this session", do="go on")
        step = source[-1]
        standing = Word.of(self._curates.final_words().get(step.study))
        if standing != step.after:
            source.pop()  # those before it can be taken
            raise CcdsError(
                expected="the final word as you left it",
                found="another one, which somebody said since",
                do="look at the study under Decided",
            )
        self._curates.adjudicate(step.study, step.before.labels, step.before.note, seen=standing)
        source.pop()
        taken = Step(step.study, step.after, step.before)
        goal.append(taken)
        return taken
