"""The rules of the series screen: what a page may see and do. No SQL, no network, no files, no browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ccds_kernel.imaging.selection.rules import Judged
from ccds_kernel.imaging.selection.rules_file import WrongRules
from ccds_kernel.imaging.studies.overview import Outline
from ccds_kernel.imaging.studies.repository import NO_RULES
from ccds_kernel.imaging.studies.rows import Judgement, KeptRules
from ccds_widgets.base import sentence
from ccds_widgets.imaging.asked import Picture, picture_shown
from ccds_widgets.imaging.selection import messages
from ccds_widgets.imaging.selection.ports import Choosing, Errands, Studies
from ccds_widgets.imaging.told import told_beside

Answer = dict[str, Any]

PAGE = 25
"""Studies of a page."""

_RULE = "rule"


class SelectionModel:
    """One person's look at which series of a project's studies are chosen.

    Args:
        studies: the project's.
        choosing: where what they say is kept.
        may_write: whether they may say something, for what the page offers; whoever keeps it asks anew.
        errands: where studies are read beside the page.
    """

    def __init__(
        self, studies: Studies, choosing: Choosing, *, may_write: Callable[[], bool], errands: Errands
    ) -> None:
        self._studies = studies
        self._choosing = choosing
        self._may_write = may_write
        self._errands = errands
        self._read_before: frozenset[str] = frozenset()

    def start(self) -> Answer:
        """What the page shows first: the first page of all studies, and the rules."""
        self._errands.begin(self._studies.read_all)
        return {"may_write": self._may_write()} | self._list(messages.List(kind="studies")) | self._rules()

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        match request:
            case messages.List():
                return self._list(request)
            case messages.Show():
                return {"shown": self._detail(self._studies.study(request.study))}
            case Picture():
                return picture_shown(request, self._studies.thumbnail)
            case messages.Overrule():
                self._choosing.overrule(request.study, request.series, request.note)
                return {"shown": self._detail(self._studies.study(request.study))}
            case messages.TryRules():
                return self._tried(request.text)
            case messages.KeepRules():
                self._choosing.keep_rules(request.text, seen=request.seen or NO_RULES)
            case messages.Rules():
                pass
        return self._rules()

    def _list(self, request: messages.List) -> Answer:
        reading = self._errands.busy  # asked first: what was read until now is among the outlines
        outlines = self._studies.outlines()
        unread = frozenset(one.study_key for one in outlines if one.choice is None)
        if not unread <= self._read_before and self._errands.begin(self._studies.read_all):
            self._read_before = unread
        codes = Counter(code for one in outlines for code in one.exam_codes)
        wanted = [
            one
            for one in outlines
            if (request.code is None or request.code in one.exam_codes) and one.study_key.startswith(request.key)
        ]
        counts = {which: sum(_is(one, which) for one in wanted) for which in ("all", "none", "overruled", "unread")}
        found = [one for one in wanted if _is(one, request.which)]
        begin = request.begin if request.begin < len(found) else 0
        return {
            "studies": [_row(one) for one in found[begin : begin + PAGE]],
            "begin": begin,
            "page": PAGE,
            "total": len(found),
            "counts": counts,
            "codes": [{"code": code, "studies": count} for code, count in sorted(codes.items())],
            "reading": reading or self._errands.busy,
        }

    def _detail(self, outline: Outline) -> Answer:
        choice = outline.choice
        files = {one.facts.name: one.files for one in outline.read}
        volumes = self._studies.volumes(outline.study_key)
        numbers = {one.facts.name: one.facts.number for one in outline.read}
        return _row(outline) | {
            "line": "" if choice is None else choice.line,
            "all_series": []
            if choice is None
            else [
                _series(one, files, choice.chosen) | {"volume": _volume(volumes.get(one.series.name))}
                for one in choice.series
            ],
            "said": [
                {
                    "series": said.series,
                    "number": numbers.get(said.series or ""),
                    "note": said.note,
                    "person": said.person,
                    "at": said.at.isoformat(),
                }
                for said in self._studies.said(outline.study_key)
            ],
        }

    def _rules(self) -> Answer:
        kept = self._studies.kept_rules()
        return {
            "rules": None if not kept else _kept(kept[0]) | {"text": kept[0].text},
            "versions": [_kept(one) for one in kept],
        }

    def _tried(self, text: str) -> Answer:
        try:
            changes = self._studies.would_change(text)
        except WrongRules as error:
            return {"wrong": {"line": error.line, "text": sentence(error)}}
        return {
            "changes": {
                "read": changes.read,
                "unread": changes.unread,
                "other": changes.other,
                "first": changes.first,
                "none": changes.none,
                "examples": list(changes.examples),
            }
        }


def _is(outline: Outline, which: str) -> bool:
    if which == "unread":
        return outline.choice is None
    if which == "none":
        return outline.choice is not None and outline.choice.chosen is None
    if which == "overruled":
        return outline.choice is not None and outline.choice.by != _RULE
    return True


def _row(outline: Outline) -> Answer:
    choice = outline.choice
    chosen = next((one.facts for one in outline.read if choice and one.facts.name == choice.chosen), None)
    return {
        "key": outline.study_key,
        "codes": list(outline.exam_codes),
        "read": choice is not None,
        "series": len(outline.read),
        "chosen": None
        if chosen is None
        else {
            "name": chosen.name,
            "number": chosen.number,
            "modality": chosen.modality,
            "plane": chosen.orientation,
            "images": chosen.images,
        },
        "overruled_by": None if choice is None or choice.by == _RULE else choice.by,
    }


def _series(judged: Judged, files: dict[str, int], chosen: str | None) -> Answer:
    facts = judged.series
    return {
        "name": facts.name,
        "number": facts.number,
        "modality": facts.modality,
        "plane": facts.orientation,
        "thickness_mm": facts.thickness_mm,
        "kernel": facts.kernel,
        "contrast": facts.contrast,
        "images": facts.images,
        "files": files.get(facts.name, 0),
        "scanner": facts.scanner,
        "chosen": facts.name == chosen,
        "why_not": list(judged.why_not),
        "excluded": facts.excluded is not None,
    }


def _volume(judged: Judgement | None) -> Answer | None:
    if judged is None:
        return None
    line = "" if judged.reason is None else judged.reason.line
    return {"status": judged.status.value, "line": line} | told_beside(judged)


def _kept(rules: KeptRules) -> Answer:
    return {"digest": rules.digest, "person": rules.person, "at": rules.at.isoformat()}
