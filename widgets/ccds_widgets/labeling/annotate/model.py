"""The rules of the annotate screen: what a page may see and do. No SQL, no network, no files, no browser.

Nothing that the page sends is believed: each request is parsed, permitted anew, and checked against what is there now (`Desk`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.task_index import ONLY
from ccds_kernel.labeling.tasks.meanwhile import ChangedMeanwhileError
from ccds_kernel.labeling.tasks.task import TaskKind
from ccds_kernel.labeling.text import normalise, whole_words
from ccds_widgets.base import sentence
from ccds_widgets.labeling.among import Among
from ccds_widgets.labeling.annotate import messages
from ccds_widgets.labeling.annotate.suggesting import Suggester
from ccds_widgets.labeling.asked import MatchesEverythingError, NewLabelError
from ccds_widgets.labeling.desk import Desk
from ccds_widgets.labeling.readings import Reader

SHIPPED_BEFORE = 10
SHIPPED_AFTER = 40
UNLABELLED_AHEAD = 8
MOST_CHARACTERS = 1_000_000
"""How much report text goes to the page at once, the report in question not counted."""

Answer = dict[str, Any]


class AnnotateModel:
    """One person's annotating of one task.

    Args:
        desk: the task's reports and phrases.
        suggester: suggests phrases of that desk.
    """

    def __init__(self, desk: Desk, suggester: Suggester) -> None:
        self._desk = desk
        self._suggester = suggester

    def start(self) -> Answer:
        """What the page shows first: the first report that has no label."""
        self._desk.follow()
        first = int(np.argmax(self._desk.phrases.unsettled())) if self._desk.reports else 0
        return {
            "overview": self._desk.overview(),
            "window": self._window(first, None) if self._desk.reports else None,
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._desk.follow()
        if isinstance(request, messages.Looking):
            return self._looked(request)
        self._desk.check_report(request.report)
        try:
            done = self._added(request) if isinstance(request, messages.Adding) else self._changed(request)
        except MatchesEverythingError as asked:
            return {"asks": sentence(asked), "about": "sure"}
        except NewLabelError as asked:
            return {"asks": asked.question, "about": "new_labels"}
        except ChangedMeanwhileError as refused:
            self._desk.follow()
            return {"refused": sentence(refused), **self._as_it_is_now(request.report)}
        return {**done, **self._as_it_is_now(request.report)}

    def _looked(self, request: messages.Looking) -> Answer:
        match request:
            case messages.Window():
                return self._move_window(request)
            case messages.Preview():
                return self._preview(request)
            case messages.Suggest():
                return self._suggester.suggest(request.label, request.instead)
            case messages.Weigh():
                return self._suggester.weigh(request.text, request.label, request.position)
            case messages.WeighListed():
                return self._suggester.weigh_listed(request.phrase)

    def _added(self, request: messages.Adding) -> Answer:
        phrase, known = self._desk.phrase(request, request.text)
        if isinstance(request, messages.Accept):
            return {"inserted": self._desk.insert(phrase, request.position, known=known, sure=request.sure)}
        position = 0 if request.place == "first" else None
        self._check_selected(request, phrase)
        meant = {phrase.label}  # a key's, or typed where new ones are; where it is uncertain any label is typed
        inserted = self._desk.insert(
            phrase, position, known=known, sure=request.sure, new_labels=request.new_labels, meant=meant
        )
        return {"inserted": inserted}

    def _changed(
        self, request: messages.ChangeHere | messages.RemoveHere | messages.Move | messages.Undo | messages.Redo
    ) -> Answer:
        match request:
            case messages.ChangeHere():
                phrase, known = self._desk.phrase(request, request.text)
                seen = request.seen.phrase()
                self._desk.replace(
                    request.phrase, phrase, seen=seen, known=known, sure=request.sure, new_labels=request.new_labels
                )
            case messages.RemoveHere():
                self._desk.remove(request.phrase, seen=request.seen.phrase())
            case messages.Move():
                position = request.order.index(request.phrase) + request.by
                self._desk.move(request.phrase, position, seen=request.seen.phrase(), order=request.order)
            case messages.Undo():
                return {"step": self._desk.undo()}
            case messages.Redo():
                return {"step": self._desk.redo()}
        return {}

    # --- what the page sees

    def _window(self, number: int, wanted: Among | None) -> Answer:
        """The reports around `number`, or around the next one after it that is among those wanted."""
        among = self._desk.among(wanted)
        at = int(np.searchsorted(among, number))
        if at == len(among):
            at = max(0, at - 1)
        begin = max(0, at - SHIPPED_BEFORE)
        numbers = [int(one) for one in among[begin : at + SHIPPED_AFTER + 1]]
        current = int(among[at]) if len(among) else None
        ahead = self._unlabelled_after(number)
        nearest = sorted(
            {number, *numbers, *ahead}, key=lambda one: abs(one - (number if current is None else current))
        )
        reader = self._desk.reader(wanted)
        shipped: list[Answer] = []
        characters = 0
        for one in nearest:
            characters += sum(map(len, self._desk.reports[one].report.texts))
            if shipped and characters > MOST_CHARACTERS:
                break
            shipped.append(self._report(reader, one))
        return {
            "revision": self._desk.phrases.revision,
            "total": len(among),
            "begin": begin,
            "numbers": numbers,
            "current": current,
            "unlabelled": ahead,
            "reports": shipped,
        }

    def _report(self, reader: Reader, number: int) -> Answer:
        return reader.shown(number, self._desk.reports[number])

    def _unlabelled_after(self, number: int) -> list[int]:
        """The next reports without a label; after the last report comes the first."""
        unlabelled = np.flatnonzero(self._desk.phrases.unsettled())
        begin = int(np.searchsorted(unlabelled, number, side="right"))
        return [int(one) for one in np.roll(unlabelled, -begin)[:UNLABELLED_AHEAD]]

    def _move_window(self, request: messages.Window) -> Answer:
        self._desk.check_report(request.report)
        answer: Answer = {"window": self._window(request.report, request.among)}
        if request.revision != self._desk.phrases.revision:
            answer["overview"] = self._desk.overview()
        return answer

    def _as_it_is_now(self, number: int) -> Answer:
        ahead = self._unlabelled_after(number)
        reader = self._desk.reader()
        return {
            "overview": self._desk.overview(),
            "unlabelled": ahead,
            "reports": [self._report(reader, one) for one in (number, *ahead[:1])],
        }

    # --- selected words

    def _preview(self, request: messages.Preview) -> Answer:
        """What the words would do in each list: in a task of kind `several` that is each label's."""
        self._desk.check_report(request.report)
        phrases = self._desk.phrases
        several = phrases.task.kind is TaskKind.SEVERAL
        words = phrases.task.words if several else (ONLY,)
        lists: dict[str, Answer] = {}
        shown: Answer = {}
        for name in words or ("?",):
            phrase = Phrase(
                " ".join(request.text.split()),
                name or "?",
                negatable=request.negatable,
                uncertain_label=request.uncertain_label,
                excludes=request.excludes,
            )
            self._check_selected(request, phrase)
            known = phrases.alike(phrase)
            if known is not None:
                lists[name] = {"known": known}
                continue
            preview = phrases.index.preview(phrase)
            ids = phrases.ids.get(name, [])
            lists[name] = {
                "captured_if_last": preview.captured_if_last,
                "captured_if_first": preview.captured_if_first,
                "takes_from": [{"phrase": ids[at], "reports": n} for at, n in sorted(preview.takes_from.items())],
            }
            shown = {
                "matched": preview.raw,
                "negated": preview.negated,
                "uncertain": preview.uncertain,
                "everywhere": preview.raw == len(self._desk.reports) > 1,
            }
        return {"lists": lists, **shown}

    def _check_selected(self, request: messages.Preview | messages.Insert, phrase: Phrase) -> None:
        """Looks whether `phrase` stands, as whole words, in the section of the report that it was selected in.

        Raises:
            CcdsError: it doesn't, or the report is another one by now.
        """
        stored = self._desk.reports[request.report]
        if stored.study_key != request.key or request.section >= len(stored.report.sections):
            raise CcdsError(expected="a selection in this report", found="another report's", do="reload the page")
        section = stored.report.sections[request.section]
        if normalise(section.name) in {normalise(name) for name in self._desk.phrases.task.left_out}:
            raise CcdsError(
                expected="words of a section in which phrases are looked for",
                found="some of one that this task leaves out",
                do="select words of another section",
            )
        if next(whole_words(normalise(section.text), phrase.normalised), None) is None:
            raise CcdsError(
                expected="whole words of one section",
                found="a selection that isn't",
                do="select the words again, within one section",
            )
