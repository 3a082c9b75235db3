"""The rules of the labelling app: what a page may see and do. No SQL, no network, no files, no browser.

The phrase list in the repository is the truth; the index here follows it before each answer, so that two fellows who label
at once see each other's phrases. The page is told a revision with everything that depends on the list and throws away what
has an older one. Nothing that the page sends is believed: each request is parsed, permitted anew, and checked against what
is there now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report
from ccds_kernel.labeling.text import normalise, whole_words
from ccds_widgets.labeling import messages
from ccds_widgets.labeling.passages import cut

SHIPPED_BEFORE = 10
SHIPPED_AFTER = 40
UNLABELLED_AHEAD = 8
MOST_CHARACTERS = 1_000_000
"""How much report text goes to the page at once, the report in question not counted."""

Answer = dict[str, Any]


class HasReport(Protocol):
    """A stored report."""

    @property
    def study_key(self) -> str:
        """Its name: the only one that leaves the kernel."""

    @property
    def report(self) -> Report:
        """What it says."""


class HasPhrase(Protocol):
    """A stored phrase."""

    @property
    def id(self) -> int:
        """Its name, which no change of the list shifts."""

    @property
    def phrase(self) -> Phrase:
        """What it looks for, and its label."""


class Repository(Protocol):
    """Where reports and phrases are kept; `ccds_kernel.labeling.repository.LabelingRepository` is one.

    Each method asks anew whether the person may do it, and raises a CcdsError where not, or where the list has changed.
    """

    def reports(self) -> Sequence[HasReport]:
        """Every report, in a fixed order."""

    def phrases(self) -> Sequence[HasPhrase]:
        """The phrase list, the highest priority first."""

    def insert_phrase(self, phrase: Phrase, position: int) -> HasPhrase:
        """Puts `phrase` at `position`."""

    def move_phrase(self, phrase_id: int, position: int) -> None:
        """Gives a phrase another position."""

    def remove_phrase(self, phrase_id: int) -> None:
        """Takes a phrase off the list."""


class _Removed(NamedTuple):
    phrase: Phrase
    position: int


class LabelingModel:
    """One person's labelling of one project.

    Args:
        repository: where everything is kept.
        project: the project's id, to be shown.
        permit: raises a CcdsError where the person may not read reports (any more); asked before each answer.
    """

    def __init__(self, repository: Repository, *, project: str, permit: Callable[[], None]) -> None:
        self._repository = repository
        self._project = project
        self._permit = permit
        self._reports = repository.reports()
        self._index = PhraseIndex([stored.report.texts for stored in self._reports])
        self._ids: list[int] = []
        self._tones: dict[str, int] = {}
        self._removed: list[_Removed] = []
        self._revision = 0
        self._follow()

    def start(self) -> Answer:
        """What the page shows first: the first report that has no label."""
        self._permit()
        self._follow()
        unlabelled = self._unlabelled()
        first = int(unlabelled[0]) if len(unlabelled) else 0
        return {
            "overview": self._overview(),
            "window": self._window(first, self._everything()) if self._reports else None,
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._permit()
        self._follow()
        match request:
            case messages.Window():
                return self._move_window(request)
            case messages.Preview():
                return self._preview(request)
            case messages.Insert():
                return self._insert(request)
            case messages.Remove():
                return self._remove(request)
            case messages.Move():
                return self._move(request)
            case messages.Undo():
                return self._undo(request)

    # --- what the page sees

    def _overview(self) -> Answer:
        counts = self._index.counts
        captured: dict[str, int] = {}
        for phrase, count in zip(self._index.phrases, counts, strict=True):
            captured[phrase.label] = captured.get(phrase.label, 0) + count.captured
        return {
            "project": self._project,
            "revision": self._revision,
            "reports": len(self._reports),
            "labelled": sum(captured.values()),
            "labels": [
                {"name": label, "tone": self._tones[label], "captured": captured[label]}
                for label in sorted(captured, key=self._tones.__getitem__)
            ],
            "phrases": [
                {
                    "id": row,
                    "text": phrase.text,
                    "label": phrase.label,
                    "captured": count.captured,
                    "matched": count.raw,
                }
                for row, phrase, count in zip(self._ids, self._index.phrases, counts, strict=True)
            ],
            "undo": self._removed[-1].phrase.text if self._removed else None,
        }

    def _report(self, number: int) -> Answer:
        stored = self._reports[number]
        spans = self._index.spans(number)
        first = int(self._index.first[number])
        return {
            "number": number,
            "key": stored.study_key,
            "captured_by": self._ids[first] if first >= 0 else None,
            "sections": [
                {
                    "name": section.name,
                    "pieces": [
                        (text, [self._ids[position] for position in positions])
                        for text, positions in cut(section.text, [span for span in spans if span.section == order])
                    ],
                }
                for order, section in enumerate(stored.report.sections)
            ],
        }

    def _window(self, number: int, among: npt.NDArray[np.intp], *, phrase: int | None = None) -> Answer:
        """The reports around `number`, or around the next one after it that is in `among` (ascending)."""
        at = int(np.searchsorted(among, number))
        if at == len(among):
            at = max(0, at - 1)
        begin = max(0, at - SHIPPED_BEFORE)
        numbers = [int(one) for one in among[begin : at + SHIPPED_AFTER + 1]]
        current = int(among[at]) if len(among) else None
        unlabelled = self._unlabelled()
        ahead = np.roll(unlabelled, -int(np.searchsorted(unlabelled, number, side="right")))[:UNLABELLED_AHEAD]
        nearest = sorted(
            {*numbers, *map(int, ahead)}, key=lambda one: abs(one - (number if current is None else current))
        )
        shipped: list[Answer] = []
        characters = 0
        for one in nearest:
            characters += sum(map(len, self._reports[one].report.texts))
            if shipped and characters > MOST_CHARACTERS:
                break
            shipped.append(self._report(one))
        return {
            "revision": self._revision,
            "phrase": phrase,
            "total": len(among),
            "begin": begin,
            "numbers": numbers,
            "current": current,
            "unlabelled": [int(one) for one in ahead],
            "reports": shipped,
        }

    def _everything(self) -> npt.NDArray[np.intp]:
        return np.arange(len(self._reports))

    def _unlabelled(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(self._index.first < 0)

    # --- what the page asks for

    def _move_window(self, request: messages.Window) -> Answer:
        self._check_report(request.report)
        among = self._everything()
        if request.phrase is not None:
            position = self._position(request.phrase)
            among = self._index.reports_of(position, captured_only=not request.matched).astype(np.intp)
        answer: Answer = {"window": self._window(request.report, among, phrase=request.phrase)}
        if request.revision != self._revision:
            answer["overview"] = self._overview()
        return answer

    def _preview(self, request: messages.Preview) -> Answer:
        phrase = self._selected(request, label="?")
        known = next(
            (
                row
                for row, other in zip(self._ids, self._index.phrases, strict=True)
                if other.normalised == phrase.normalised
            ),
            None,
        )
        if known is not None:
            return {"known": known}
        preview = self._index.preview(phrase)
        return {
            "text": phrase.text,
            "matched": preview.raw,
            "captured_if_last": preview.captured_if_last,
            "captured_if_first": preview.captured_if_first,
            "takes_from": [{"phrase": self._ids[at], "reports": n} for at, n in sorted(preview.takes_from.items())],
        }

    def _insert(self, request: messages.Insert) -> Answer:
        phrase = self._selected(request, label=" ".join(request.label.split()))
        stored = self._repository.insert_phrase(phrase, 0 if request.place == "first" else len(self._ids))
        return {"inserted": stored.id, **self._changed(request.report)}

    def _remove(self, request: messages.Remove) -> Answer:
        self._check_report(request.report)
        position = self._position(request.phrase)
        removed = _Removed(self._index.phrases[position], position)
        self._repository.remove_phrase(request.phrase)
        self._removed.append(removed)
        return self._changed(request.report)

    def _move(self, request: messages.Move) -> Answer:
        self._check_report(request.report)
        position = self._position(request.phrase)
        goal = min(max(position + request.by, 0), len(self._ids) - 1)
        if goal != position:
            self._repository.move_phrase(request.phrase, goal)
        return self._changed(request.report)

    def _undo(self, request: messages.Undo) -> Answer:
        self._check_report(request.report)
        if not self._removed:
            raise CcdsError(expected="a removed phrase", found="none since this page was opened", do="go on")
        phrase, position = self._removed[-1]
        stored = self._repository.insert_phrase(phrase, min(position, len(self._ids)))
        self._removed.pop()
        return {"inserted": stored.id, **self._changed(request.report)}

    def _changed(self, number: int) -> Answer:
        self._follow()
        return {"overview": self._overview(), "report": self._report(number)}

    # --- what is checked

    def _selected(self, request: messages.Preview | messages.Insert, *, label: str) -> Phrase:
        """The selected words as a phrase that stands, as whole words, in the section of the report that it was selected in."""
        self._check_report(request.report)
        stored = self._reports[request.report]
        if stored.study_key != request.key or request.section >= len(stored.report.sections):
            raise CcdsError(expected="a selection in this report", found="another report's", do="reload the page")
        phrase = Phrase(" ".join(request.text.split()), label)
        text = normalise(stored.report.sections[request.section].text)
        if next(whole_words(text, phrase.normalised), None) is None:
            raise CcdsError(
                expected="whole words of one section",
                found="a selection that isn't",
                do="select the words again, within one section",
            )
        return phrase

    def _check_report(self, number: int) -> None:
        if number >= len(self._reports):
            raise CcdsError(
                expected=f"a report from 1 to {len(self._reports)}",
                found=str(number + 1),
                do="choose one of those" if self._reports else "load reports first",
            )

    def _position(self, phrase_id: int) -> int:
        if phrase_id not in self._ids:
            raise CcdsError(expected="a phrase of the list", found="one that somebody removed", do="choose another one")
        return self._ids.index(phrase_id)

    # --- following the repository

    def _follow(self) -> None:
        """Brings the index to the repository's list, touching only what differs."""
        listed = [(stored.id, stored.phrase) for stored in self._repository.phrases()]
        if listed == list(zip(self._ids, self._index.phrases, strict=True)):
            return
        wanted = {row: phrase.normalised for row, phrase in listed}
        for row, phrase in list(zip(self._ids, self._index.phrases, strict=True)):
            if wanted.get(row) != phrase.normalised:
                self._index.remove(self._ids.index(row))
                self._ids.remove(row)
        for position, (row, phrase) in enumerate(listed):
            if row in self._ids:
                old = self._ids.index(row)
                self._index.move(old, position)
                self._ids.insert(position, self._ids.pop(old))
                if self._index.phrases[position] != phrase:
                    self._index.replace(position, phrase)
            else:
                self._index.insert(phrase, position)
                self._ids.insert(position, row)
        for _, phrase in sorted(listed):
            self._tones.setdefault(phrase.label, len(self._tones))
        self._revision += 1
