"""The rules of the prioritise screen: what a page may see and do. No SQL, no network, no files, no browser.

What a change would do is counted before it is made (`ccds_kernel.labeling.trial`): the page shows it while a row is dragged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.tasks.history import Change, Form
from ccds_kernel.labeling.tasks.meanwhile import ChangedMeanwhileError
from ccds_kernel.labeling.tasks.task_history import TaskChange
from ccds_kernel.labeling.trial import moved, replaced
from ccds_widgets.base import sentence
from ccds_widgets.labeling.asked import MatchesEverythingError, NewLabelError
from ccds_widgets.labeling.desk import Desk
from ccds_widgets.labeling.prioritise import messages
from ccds_widgets.labeling.told_steps import told_parts

PAGE = 10
HISTORY_PAGE = 50
MOST_CONFLICTS = 200

Answer = dict[str, Any]


class PrioritiseModel:
    """One person's ordering of one task's phrases.

    Args:
        desk: the task's reports and phrases.
        phrases_of: the phrases of another task of the project; raises a CcdsError where the person may not see them.
    """

    def __init__(self, desk: Desk, phrases_of: Callable[[int], Sequence[Phrase]]) -> None:
        self._desk = desk
        self._phrases_of = phrases_of

    def start(self) -> Answer:
        """What the page shows first: the phrases in their order."""
        self._desk.follow()
        return {
            "overview": self._desk.overview(),
            "sources": [{"id": stored.id, "name": stored.task.name} for stored in self._desk.other_tasks()],
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
        try:
            done = self._edited(request) if isinstance(request, messages.Editing) else self._changed(request)
        except MatchesEverythingError as asked:
            return {"asks": sentence(asked), "about": "sure"}
        except NewLabelError as asked:
            return {"asks": asked.question, "about": "new_labels"}
        except ChangedMeanwhileError as refused:
            self._desk.follow()
            return {"refused": sentence(refused), "overview": self._desk.overview()}
        return {**done, "overview": self._desk.overview()}

    def _looked(self, request: messages.Looking) -> Answer:
        match request:
            case messages.Try():
                return self._try(request)
            case messages.TryChange():
                return self._try_change(request)
            case messages.Reports():
                return self._page(request)
            case messages.Conflicts():
                return self._conflicts()
            case messages.History():
                return self._history(request.begin)

    def _edited(self, request: messages.Editing) -> Answer:
        match request:
            case messages.Move():
                self._desk.move(request.phrase, request.position, seen=request.seen.phrase(), order=request.order)
            case messages.Add():
                phrase, known = self._desk.phrase(request, request.text)
                return {
                    "touched": self._desk.insert(
                        phrase, None, known=known, sure=request.sure, new_labels=request.new_labels
                    )
                }
            case messages.Edit():
                phrase, known = self._desk.phrase(request, request.text)
                seen = request.seen.phrase()
                self._desk.replace(
                    request.phrase, phrase, seen=seen, known=known, sure=request.sure, new_labels=request.new_labels
                )
            case messages.Remove():
                self._desk.remove(request.phrase, seen=request.seen.phrase())
                return {}
        return {"touched": request.phrase}

    def _changed(self, request: messages.Undo | messages.Redo | messages.Copy | messages.Labels) -> Answer:
        match request:
            case messages.Undo():
                return {"step": self._desk.undo()}
            case messages.Redo():
                return {"step": self._desk.redo()}
            case messages.Copy():
                copied = self._desk.append(self._phrases_of(request.source), sure=request.sure)
                counts = {name: getattr(copied, name) for name in ("added", "known", "conflicting", "differing")}
                return {"copied": counts}
            case messages.Labels():
                self._desk.set_labels(request.names, seen=request.seen)
                return {}

    def _try(self, request: messages.Try) -> Answer:
        phrases = self._desk.phrases
        name, old = phrases.place(request.phrase)
        index, ids = phrases.index_of(name), phrases.ids[name]
        new = min(request.position, len(ids) - 1)
        order = [row for row in ids if row != request.phrase]
        order.insert(new, request.phrase)
        with moved(index, old, new):
            counts = index.counts
        return {
            "revision": phrases.revision,
            "counts": [
                {"id": row, "captured": one.captured, "shadowed": one.shadowed}
                for row, one in zip(order, counts, strict=True)
            ],
        }

    def _try_change(self, request: messages.TryChange) -> Answer:
        phrases = self._desk.phrases
        place = phrases.place(request.phrase)
        phrase = request.as_phrase(request.text, phrases.label(request.label))
        if phrases.index.list_of(phrase) != place.name:  # it would go to the end of another label's list
            preview = phrases.index.preview(phrase)
            captured, raw, negated, uncertain = (
                preview.captured_if_last,
                preview.raw,
                preview.negated,
                preview.uncertain,
            )
        else:
            index = phrases.index_of(place.name)
            with replaced(index, place.position, phrase):
                captured, raw, _, uncertain, negated = index.counts[place.position]
        return {"matched": raw, "captured": captured, "negated": negated, "uncertain": uncertain}

    def _page(self, request: messages.Reports) -> Answer:
        among = self._desk.among(request.among)
        begin = min(request.begin, max(0, len(among) - 1) // PAGE * PAGE)
        reader = self._desk.reader(request.among)
        return {
            "revision": self._desk.phrases.revision,
            "begin": begin,
            "total": len(among),
            "reports": [
                reader.shown(int(number), self._desk.reports[number]) for number in among[begin : begin + PAGE]
            ],
        }

    def _conflicts(self) -> Answer:
        """Pairs of phrases, those with most reports first."""
        phrases = self._desk.phrases
        found = [
            (phrases.ids[name][one.captured_by], phrases.ids[name][one.hidden], one.reports)
            for name, those in phrases.index.conflicts().items()
            for one in those
        ]
        found.sort(key=lambda one: -one[2])
        return {
            "revision": phrases.revision,
            "pairs": len(found),
            "conflicts": [
                {"captured_by": by, "hidden": hidden, "reports": reports}
                for by, hidden, reports in found[:MOST_CONFLICTS]
            ],
        }

    def _history(self, begin: int) -> Answer:
        changes = self._desk.changes()
        newest_first = islice(reversed(changes), begin, begin + HISTORY_PAGE)
        return {"begin": begin, "total": len(changes), "changes": [_told(one) for one in newest_first]}


def _told(change: Change | TaskChange) -> Answer:
    if isinstance(change, TaskChange):
        labels = [list(task.words) for task in (change.before, change.after)]
        return {
            "step": change.step,
            "person": change.person,
            "at": change.at.isoformat(),
            "what": "task",
            "kind": change.kind.value,
            "parts": told_parts(change),
            "labels": labels if labels[0] != labels[1] else None,
        }
    return {
        "step": change.step,
        "person": change.person,
        "at": change.at.isoformat(),
        "what": change.what,
        "kind": change.kind.value,
        "before": _form(change.before),
        "after": _form(change.after),
    }


def _form(form: Form | None) -> Answer | None:
    if form is None:
        return None
    phrase = form.phrase
    return {
        "text": phrase.text,
        "label": phrase.label,
        "negatable": phrase.negatable,
        "uncertain_label": phrase.uncertain_label,
        "excludes": phrase.excludes,
        "position": form.position,
    }
