"""The rules of the assess screen: what its page may see and do. No SQL, no network, no files, no browser.

What people said is followed before each answer (`Record`); what is worked out from it is kept until somebody says something.
Label snapshots match all phrases on all reports, and are counted row by row: that runs in a thread beside, the page asks again
until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.curating import Newest
from ccds_kernel.labeling.confirmation.snapshots import Taken
from ccds_kernel.labeling.confirmation.source import Source
from ccds_widgets.beside import Beside
from ccds_widgets.labeling.assess import messages
from ccds_widgets.labeling.assess.agreeing import agreement_shown, asked, question_name
from ccds_widgets.labeling.assess.batches import batches_shown
from ccds_widgets.labeling.assess.cases import case_shown, cases_shown, totals
from ccds_widgets.labeling.assess.deciding import Deciding
from ccds_widgets.labeling.assess.labelers import labelers_shown
from ccds_widgets.labeling.assess.labels import Figures, labels_of, labels_shown, snapshots_shown, sources_shown
from ccds_widgets.labeling.assess.ports import Curates, Lists, Snapshots, Tasks
from ccds_widgets.labeling.known import Known, Record

Answer = dict[str, Any]


@dataclass(frozen=True)
class _Looked:
    """What a snapshot would come to, and what was newest before it was worked out."""

    now: Figures
    newest: Newest


@dataclass(frozen=True)
class _Took:
    """A snapshot that was taken, what is in it, and whether it was there before."""

    taken: Taken
    sources: Mapping[Source, int]
    known: bool


class AssessModel:
    """What one fellow sees of one task.

    Args:
        task_id: the task.
        project: the project's id, to be shown.
        tasks, curates, lists, snapshots: where everything is kept.
        permit: raises a CcdsError where the person may not see it (any more); asked before each answer.
    """

    def __init__(
        self,
        task_id: int,
        *,
        project: str,
        tasks: Tasks,
        curates: Curates,
        lists: Lists,
        snapshots: Snapshots,
        permit: Callable[[], None],
    ) -> None:
        self._task_id = task_id
        self._project = project
        self._tasks = tasks
        self._curates = curates
        self._lists = lists
        self._snapshots = snapshots
        self._permit = permit
        self._record = Record(curates)
        self._deciding = Deciding(curates)
        self._work: Beside[_Looked | _Took] = Beside()
        self._looked: _Looked | None = None
        self._took: _Took | None = None
        self._kept: dict[object, Answer] = {}
        self._kept_of: object = None

    def start(self) -> Answer:
        """What the page shows first: how much there is of everything."""
        self._permit()
        return {"overview": self._overview(self._follow())}

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._permit()
        match request:
            case messages.Agreement():
                return self._agreement(request)
            case messages.Labelers():
                return self._labelers()
            case messages.Batches():
                return self._batches()
            case messages.Cases() | messages.Case():
                return self._cases(request)
            case messages.Decide() | messages.Undo() | messages.Redo():
                return self._decide(request)
            case messages.LabelsNow() | messages.Take():
                return self._labels(request)

    def _follow(self) -> Known:
        task = next((stored.task for stored in self._tasks.tasks() if stored.id == self._task_id), None)
        if task is None:
            raise CcdsError(expected="a task of this project", found="one that is gone", do="reload the page")
        known = self._record.follow(task)
        if (known.answered, known.gold) != self._kept_of:
            self._kept.clear()
            self._kept_of = (known.answered, known.gold)
        return known

    def _once(self, key: object, work: Callable[[], Answer]) -> Answer:
        """What `work` gave the first time since a labeler said something, or the gold set changed."""
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]

    # --- what the page sees

    def _overview(self, known: Known) -> Answer:
        return {
            "project": self._project,
            "questions": [question_name(one) for one in asked(known)],
            "labelers": list(known.answered.table.labelers),
            "ratings": len(known.answered.table.ratings),
            "studies": len(known.answered.table.studies),
            "gold": len(known.gold),
            "batches": len(self._curates.batches()),
            "totals": totals(known),
            "undo": self._deciding.undoable,
            "redo": self._deciding.redoable,
        }

    def _agreement(self, request: messages.Agreement) -> Answer:
        known = self._follow()
        questions = asked(known)
        if not questions:  # the task has no labels yet
            return {"overview": self._overview(known), "agreement": {"measures": [], "labelers": [], "basis": ""}}
        if request.question >= len(questions):
            raise CcdsError(
                expected=f"one of {len(questions)} questions",
                found="another one",
                do="reload the page: the task changed",
            )
        question = questions[request.question]
        return {
            "overview": self._overview(known),
            "agreement": self._once(question, lambda: agreement_shown(known, question)),
        }

    def _labelers(self) -> Answer:
        known = self._follow()
        assigned = sorted({name for batch in self._curates.batches() for name in batch.labelers})
        shown = self._once(("labelers", *assigned), lambda: {"labelers": labelers_shown(known, assigned)})
        return {"overview": self._overview(known), **shown}

    def _batches(self) -> Answer:
        known = self._follow()
        shown = batches_shown(self._curates.batches(), self._curates.counts(), known.answered.counting)
        return {"overview": self._overview(known), "batches": shown}

    def _cases(self, request: messages.Cases | messages.Case) -> Answer:
        known = self._follow()
        if isinstance(request, messages.Cases):
            return {"overview": self._overview(known), "cases": cases_shown(known, request.which, request.begin)}
        return {"case": case_shown(known, self._curates.report(request.study), self._lists.phrases())}

    # --- what the page asks for

    def _decide(self, request: messages.Decide | messages.Undo | messages.Redo) -> Answer:
        match request:
            case messages.Decide():
                step = self._deciding.say(
                    request.study,
                    self._follow().final.get(request.study),
                    _said(request.seen),
                    _said(request.labels),
                    request.note,
                )
            case messages.Undo():
                step = self._deciding.undo()
            case messages.Redo():
                step = self._deciding.redo()
        word = None if step.after.labels is None else sorted(step.after.labels)
        return {"overview": self._overview(self._follow()), "study": step.study, "word": word}

    def _labels(self, request: messages.LabelsNow | messages.Take) -> Answer:
        if isinstance(done := self._work.collect(), _Looked):
            self._looked = done
        elif isinstance(done, _Took):
            self._took = done
        if isinstance(request, messages.Take):
            self._work.begin(self._take)
        elif request.anew or self._looked is None:
            self._work.begin(self._look)
        known = self._follow()
        looked, took = self._looked, self._took
        return {
            "overview": self._overview(known),
            "labels": {
                "busy": self._work.busy,
                "now": None if looked is None else labels_shown(looked.now, self._lists.phrases()),
                "stale": looked is not None and looked.newest != self._curates.newest(),
                "took": None if took is None else self._took_shown(took),
                "snapshots": snapshots_shown(self._snapshots.taken(), self._task_id, self._project),
            },
        }

    @staticmethod
    def _took_shown(took: _Took) -> Answer:
        return {
            "id": took.taken.id,
            "known": took.known,
            "studies": labels_of(took.taken.studies, took.sources),
            "sources": sources_shown(took.sources),
        }

    # --- in the thread beside

    def _look(self) -> _Looked:
        newest = self._curates.newest()
        return _Looked(Figures.of(self._snapshots.now(self._task_id)), newest)

    def _take(self) -> _Took:
        before = {one.id for one in self._snapshots.taken()}
        taken, sources = self._snapshots.take(self._task_id)
        return _Took(taken, sources, taken.id in before)


def _said(labels: list[str] | None) -> Said | None:
    return None if labels is None else frozenset(labels)
