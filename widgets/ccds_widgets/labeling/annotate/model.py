"""The rules of the annotate screen: what a page may see and do. No SQL, no network, no files, no browser.

The phrase list in the repository is the truth; the index here follows it before each answer, so that two fellows who label
at once see each other's phrases. The page is told a revision with everything that depends on the list and throws away what
has an older one. Nothing that the page sends is believed: each request is parsed, permitted anew, and checked against what
is there now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.text import normalise, whole_words
from ccds_widgets.labeling.annotate import messages
from ccds_widgets.labeling.passages import cut
from ccds_widgets.labeling.phrase_list import PhraseList
from ccds_widgets.labeling.ports import Repository

SHIPPED_BEFORE = 10
SHIPPED_AFTER = 40
UNLABELLED_AHEAD = 8
MOST_CHARACTERS = 1_000_000
"""How much report text goes to the page at once, the report in question not counted."""

Answer = dict[str, Any]


class _Removed(NamedTuple):
    phrase: Phrase
    position: int


class AnnotateModel:
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
        self._list = PhraseList([stored.report.texts for stored in self._reports])
        self._removed: list[_Removed] = []

    def start(self) -> Answer:
        """What the page shows first: the first report that has no label."""
        self._permit()
        self._list.follow(self._repository.phrases())
        first = int(np.argmax(self._list.index.first < 0)) if self._reports else 0
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
        self._list.follow(self._repository.phrases())
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
        undoable = self._last_removed()
        return {
            "project": self._project,
            "reports": len(self._reports),
            "undo": undoable.phrase.text if undoable else None,
            **self._list.shown(),
        }

    def _report(self, number: int, first: int) -> Answer:
        """Report `number`, captured by the phrase at position `first`, or by none if negative."""
        stored = self._reports[number]
        spans = self._list.index.spans(number)
        return {
            "number": number,
            "key": stored.study_key,
            "captured_by": self._list.ids[first] if first >= 0 else None,
            "sections": [
                {
                    "name": section.name,
                    "pieces": [
                        (text, [self._list.ids[position] for position in positions])
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
        first = self._list.index.first
        ahead = self._unlabelled_after(number)
        nearest = sorted(
            {number, *numbers, *ahead}, key=lambda one: abs(one - (number if current is None else current))
        )
        shipped: list[Answer] = []
        characters = 0
        for one in nearest:
            characters += sum(map(len, self._reports[one].report.texts))
            if shipped and characters > MOST_CHARACTERS:
                break
            shipped.append(self._report(one, int(first[one])))
        return {
            "revision": self._list.revision,
            "phrase": phrase,
            "total": len(among),
            "begin": begin,
            "numbers": numbers,
            "current": current,
            "unlabelled": ahead,
            "reports": shipped,
        }

    def _unlabelled_after(self, number: int) -> list[int]:
        """The next reports without a label; after the last report comes the first."""
        unlabelled = np.flatnonzero(self._list.index.first < 0)
        begin = int(np.searchsorted(unlabelled, number, side="right"))
        return [int(one) for one in np.roll(unlabelled, -begin)[:UNLABELLED_AHEAD]]

    def _everything(self) -> npt.NDArray[np.intp]:
        return np.arange(len(self._reports))

    # --- what the page asks for

    def _move_window(self, request: messages.Window) -> Answer:
        self._check_report(request.report)
        among = self._everything()
        if request.phrase is not None:
            position = self._list.position(request.phrase)
            among = self._list.index.reports_of(position, captured_only=not request.matched).astype(np.intp)
        answer: Answer = {"window": self._window(request.report, among, phrase=request.phrase)}
        if request.revision != self._list.revision:
            answer["overview"] = self._overview()
        return answer

    def _preview(self, request: messages.Preview) -> Answer:
        phrase = self._selected(request, label="?")
        known = self._list.alike(phrase.normalised)
        if known is not None:
            return {"known": known}
        preview = self._list.index.preview(phrase)
        return {
            "text": phrase.text,
            "matched": preview.raw,
            "captured_if_last": preview.captured_if_last,
            "captured_if_first": preview.captured_if_first,
            "takes_from": [
                {"phrase": self._list.ids[at], "reports": n} for at, n in sorted(preview.takes_from.items())
            ],
        }

    def _insert(self, request: messages.Insert) -> Answer:
        phrase = self._selected(request, label=self._list.label(request.label))
        stored = self._repository.insert_phrase(phrase, 0 if request.place == "first" else len(self._list.ids))
        return {"inserted": stored.id, **self._changed(request.report)}

    def _remove(self, request: messages.Remove) -> Answer:
        self._check_report(request.report)
        position = self._list.position(request.phrase)
        removed = _Removed(self._list.index.phrases[position], position)
        self._repository.remove_phrase(request.phrase)
        self._removed.append(removed)
        return self._changed(request.report)

    def _move(self, request: messages.Move) -> Answer:
        self._check_report(request.report)
        position = self._list.position(request.phrase)
        goal = min(max(position + request.by, 0), len(self._list.ids) - 1)
        if goal != position:
            self._repository.move_phrase(request.phrase, goal)
        return self._changed(request.report)

    def _undo(self, request: messages.Undo) -> Answer:
        self._check_report(request.report)
        undoable = self._last_removed()
        if undoable is None:
            raise CcdsError(expected="a removed phrase", found="none since this page was opened", do="go on")
        stored = self._repository.insert_phrase(undoable.phrase, min(undoable.position, len(self._list.ids)))
        self._removed.pop()
        return {"inserted": stored.id, **self._changed(request.report)}

    def _last_removed(self) -> _Removed | None:
        """The phrase that was removed last and isn't there again."""
        while self._removed and self._list.alike(self._removed[-1].phrase.normalised) is not None:
            self._removed.pop()
        return self._removed[-1] if self._removed else None

    def _changed(self, number: int) -> Answer:
        self._list.follow(self._repository.phrases())
        first = self._list.index.first
        ahead = self._unlabelled_after(number)
        return {
            "overview": self._overview(),
            "unlabelled": ahead,
            "reports": [self._report(one, int(first[one])) for one in (number, *ahead[:1])],
        }

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
