"""What a report concludes about hemorrhage, and what it adds later."""

from __future__ import annotations

from ccds_kernel.demo import blood_words as words
from ccds_kernel.demo import conclusion_words as end
from ccds_kernel.demo.anatomy_words import ALWAYS_CONCLUDED
from ccds_kernel.demo.blood import DIFFUSE, bleed_fields, lookalikes
from ccds_kernel.demo.case import Bleed, Case, Change
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.grammar import expand


def blood_impression(case: Case, draw: Draw) -> list[str]:
    """The points about hemorrhage, the first of the impression."""
    follow = case.follow_up
    if follow and follow.before:
        now = case.bleeds or follow.before
        points = [_followed(follow.change, bleed, draw) for bleed in now]
        return [*points, *([] if draw.chance(0.5) else [expand("No new [intracranial |]hemorrhage.", draw)])]
    if case.bleeds and case.reading == "plain":
        return _acute(case, draw)
    if case.bleeds and case.reading == "hedged":
        return [expand(draw.one(end.HEDGED), draw, bleed_fields(case.bleeds[0]))]
    absent = expand(_absent(case, draw), draw)
    doubts = lookalikes(case, draw) if case.reading != "plain" and not case.bleeds else []
    if case.reading == "addendum" and doubts:
        return [*doubts, "Follow-up recommended."]
    return [absent, *doubts] if draw.chance(0.7) else [*doubts, absent]


def addendum(case: Case, draw: Draw) -> str:
    """What was added after signing; mostly nothing."""
    fields = {"time": _time(draw)}
    if case.reading == "addendum":
        if case.bleeds:
            return expand(draw.one(end.REVEALED), draw, fields | bleed_fields(case.bleeds[0]))
        return expand(draw.one(end.SETTLED), draw, fields)
    return expand(draw.one(end.BYSTANDER), draw) if draw.chance(0.025) else ""


def told(case: Case, draw: Draw) -> str:
    """That a critical result was passed on; no names, only services."""
    if not case.bleeds or case.reading == "addendum" or case.follow_up or not draw.chance(0.45):
        return ""
    return expand(draw.one(end.TOLD), draw, {"time": _time(draw)})


def _acute(case: Case, draw: Draw) -> list[str]:
    points = []
    for bleed in case.bleeds:
        diffuse, trauma = bleed.kind in DIFFUSE, case.setting == "trauma"
        fields = bleed_fields(bleed) | {
            "short": "" if diffuse else end.SHORT,
            "push": end.PUSH if bleed.shift_mm else end.NO_PUSH,
        }
        fields["next"] = end.NEXT.get(bleed.site, end.NEXT.get(bleed.kind, "")) if not trauma else ""
        contusion = bleed.kind == "intraparenchymal" and trauma
        points.append(expand(draw.one(end.CONTUSION if contusion else end.ACUTE[bleed.kind]), draw, fields))
    return points


def _followed(change: Change, bleed: Bleed, draw: Draw) -> str:
    diffuse = bleed.kind in DIFFUSE and change in words.DIFFUSE_FOLLOWED
    return expand(draw.one((words.DIFFUSE_FOLLOWED if diffuse else end.FOLLOWED)[change]), draw, bleed_fields(bleed))


def _absent(case: Case, draw: Draw) -> str:
    if {kind for kind, _ in case.incidentals} & ALWAYS_CONCLUDED:
        return draw.one(words.ABSENT_BESIDES)
    if case.contrast:
        return draw.one(
            ("No acute intracranial abnormality.", "No acute hemorrhage.", "No acute intracranial process.")
        )
    while True:
        choice = draw.integer(0, len(end.ABSENT) - 1)
        if choice == end.TRAUMA_ONLY and case.setting != "trauma":
            continue
        if choice == end.NORMAL_ONLY and case.incidentals:
            continue
        return end.ABSENT[choice]


def _time(draw: Draw) -> str:
    return f"{draw.integer(0, 23):02d}:{draw.integer(0, 59):02d}"
