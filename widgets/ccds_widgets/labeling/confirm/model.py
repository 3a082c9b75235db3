"""The rules of the confirming screen: what a page may see and do. No SQL, no network, no files, no browser.

Studies are shipped ahead, so that the next one shows without waiting, and keys come when they come: a request brings those that
the page has no acknowledgement of, and its answer says what became of each and which studies the person holds now. A request
that comes twice does nothing twice. Nothing that goes to a page tells a planted study from another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.answer import Answer as Said
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.assigned import Outline
from ccds_kernel.labeling.confirmation.confirming import Acknowledged, LeasedStudy
from ccds_widgets.base import sentence
from ccds_widgets.labeling.confirm import messages
from ccds_widgets.labeling.confirm.batches import BatchMaking
from ccds_widgets.labeling.confirm.ports import Curation, Desk, Images, Work
from ccds_widgets.labeling.confirm.shown import shown_feedback, shown_studies, words
from ccds_widgets.labeling.confirm.slices import Slices

AHEAD = 20
SHIPPED_BACK = 200
"""How many of their own answers a page that is loaded anew can undo, the newest first."""

Answer = dict[str, Any]


class ConfirmModel:
    """One person's confirming in one task.

    Args:
        desk: the batches that they are assigned to.
        curation: what they may do beside confirming; None for a labeler.
        images: the project's images; None where the person sees none.
    """

    def __init__(self, desk: Desk, *, curation: Curation | None = None, images: Images | None = None) -> None:
        self._desk = desk
        self._making = None if curation is None else BatchMaking(curation)
        self._slices = None if images is None else Slices(images)
        self._open: dict[int, tuple[Work, Outline]] = {}

    def start(self) -> Answer:
        """What the page shows first: which batches there are for this person."""
        return {
            "person": self._desk.person,
            "curates": self._making is not None,
            "sees_images": self._slices is not None,
            **self._batches(),
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then, but that keys of a `Sync` may be kept already.
        """
        request = messages.parse(content)
        if isinstance(request, messages.Confirm):
            return self._confirm(request)
        if isinstance(request, messages.Look):
            return self._look(request)
        return self._curate(request)

    # --- confirming

    def _confirm(self, request: messages.Confirm) -> Answer:
        match request:
            case messages.Open():
                return self._open_batch(request.batch)
            case messages.Sync():
                return self._sync(request)
            case messages.GiveBack():
                self._at_work(request.batch)[0].give_back(request.leases)
                return {}
            case messages.Feedback():
                work, outline = self._at_work(request.batch)
                return {"gold": shown_feedback(outline, work.feedback()), **self._batches()}

    def _batches(self) -> Answer:
        return {
            "batches": [
                {"id": batch.id, "name": batch.name, "studies": batch.studies, "open": batch.open}
                for batch in self._desk.batches()
            ]
        }

    def _open_batch(self, batch: int) -> Answer:
        self._open.pop(batch, None)  # the task may have changed since
        work, outline = self._at_work(batch)
        held = work.take(AHEAD)
        own = work.own_work()
        return {
            "name": outline.name,
            "size": sum(outline.sizes.values()),
            "open": own.open,
            "done": own.progress.answered,
            "today": own.today,
            "history": [_shown_answer(outline, one) for one in own.answers[-SHIPPED_BACK:]],
            **self._held(work, outline, held, have=()),
        }

    def _sync(self, request: messages.Sync) -> Answer:
        acknowledged = self._keep(request.keys)
        if request.batch is None:
            return {"acknowledged": acknowledged}
        try:
            work, outline = self._at_work(request.batch)
            held = work.take(AHEAD)  # before `open`: what is held is open, whoever else wants it
            labels = self._desk.labels()  # the page's may be older, and its numbers others
        except CcdsError as error:  # the keys are kept all the same
            return {"acknowledged": acknowledged, "refused": sentence(error)}
        shown = self._held(work, outline, held, have=request.have)
        return {"acknowledged": acknowledged, "labels": list(labels), "open": work.open(), **shown}

    def _held(self, work: Work, outline: Outline, held: Sequence[LeasedStudy], *, have: Sequence[int]) -> Answer:
        new = [study for study in held if study.lease not in have]
        tags = work.tags([study.report.study_key for study in new]) if new else {}
        shown = shown_studies(outline, new, tags)
        if self._slices is not None:
            shown = [{**study, "images": self._slices.has(study["key"])} for study in shown]
        return {"held": [study.lease for study in held], "studies": shown}

    def _keep(self, keys: Sequence[messages.Sent]) -> list[Answer]:
        told: dict[int, list[Said]] = defaultdict(list)
        became: list[Acknowledged] = []
        for sent in keys:
            try:
                key = messages.parse_key(sent)
                if isinstance(key, messages.Told):
                    said = _answer_of(key)
                    told[key.batch].append(said)
                    continue
            except CcdsError as refusal:
                became.append(Acknowledged(sent.id, counts=False, refusal=refusal, kept=False))
                continue
            refused = self._work(key.batch).tag(key.lease, key.study, key.tags)
            became.append(Acknowledged(key.id, counts=refused is None, refusal=refused, kept=refused is None))
        for batch, answers in told.items():
            became += self._work(batch).answer(answers)
        return [_shown_acknowledgement(one) for one in became]

    def _work(self, batch: int) -> Work:
        """Keys come of batches, too, that were left, or withdrawn meanwhile: these have no outline for the person."""
        return self._open[batch][0] if batch in self._open else self._desk.at_work(batch)

    def _at_work(self, batch: int) -> tuple[Work, Outline]:
        if batch not in self._open:
            work = self._desk.at_work(batch)
            self._open[batch] = work, work.outline()
        return self._open[batch]

    # --- what not everybody may

    def _look(self, request: messages.Look) -> Answer:
        if self._slices is None:
            raise CcdsError(expected="a role that sees images", found="another one", do="read the report")
        return (
            self._slices.series(request.study) if isinstance(request, messages.Series) else self._slices.slice(request)
        )

    def _curate(self, request: messages.Curate) -> Answer:
        if self._making is None:
            raise CcdsError(expected="a fellow", found="a labeler", do="ask the fellow who made the batch")
        made: Answer = {}
        match request:
            case messages.Gold():
                return self._making.set_gold(request)
            case messages.Make():
                made["made"] = self._making.make(request)
            case messages.Assign():
                self._making.assign(request)
            case messages.Remove():
                self._making.remove(request)
            case messages.Batches():
                pass
        return {**made, **self._making.overview(), **self._batches()}


def _answer_of(key: messages.Told) -> Said:
    return Said(
        key.id,
        key.lease,
        key.study,
        AnswerKind(key.kind),
        key.seconds,
        labels=None if key.labels is None else frozenset(key.labels),
        note=key.note,
        undoes=key.undoes,
    )


def _shown_acknowledgement(one: Acknowledged) -> Answer:
    refusal = None if one.refusal is None else sentence(one.refusal)
    return {"id": one.id, "counts": one.counts, "kept": one.kept, "refusal": refusal}


def _shown_answer(outline: Outline, said: Said) -> Answer:
    """One's own answer, with what an undo of it, and saying the same again, need."""
    return {
        "id": said.id,
        "lease": said.lease,
        "study": said.study_key,
        "kind": said.kind.value,
        "seconds": said.seconds,
        "labels": None if said.labels is None else words(outline.task, said.labels),
        "note": said.note,
    }
