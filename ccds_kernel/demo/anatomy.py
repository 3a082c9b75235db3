"""What a report says about everything but hemorrhage."""

from __future__ import annotations

from ccds_kernel.demo import anatomy_words as words
from ccds_kernel.demo.case import Case
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.grammar import expand
from ccds_kernel.demo.scanners import SCANNERS
from ccds_kernel.demo.styles import Topic

# An incidental finding that makes a sentence of NORMAL untrue silences the topic's normal statement, except here.
_STILL_NORMAL = {"lacune", "white_matter", "cavum", "low_tonsils", "empty_sella", "arachnoid_cyst"}
# So does a hemorrhage for these topics.
_DISTURBED: frozenset[Topic] = frozenset({"parenchyma", "ventricles"})


def describe(topic: Topic, case: Case, thorough: float, draw: Draw) -> str:
    """The sentences on one topic: what is there, or, as often as the radiologist is `thorough`, that it's normal."""
    said, normal = [], True
    for kind, templates in words.SEEN.get(topic, {}).items():
        side = case.side_of(kind)
        if side is None:
            continue
        normal = normal and kind in _STILL_NORMAL
        millimetres = draw.integer(6, 14)
        fields = {"side": side, "mm": str(millimetres), "cm": f"{millimetres / 10 + 0.5:.1f}"}
        said.append(expand(draw.one(templates), draw, fields))
    if topic == "parenchyma" and case.contrast and case.side_of("metastasis") is None:
        said.append(expand(draw.one(words.ENHANCEMENT), draw))
    if normal and not (said and draw.chance(0.6)) and draw.chance(thorough):
        said.extend(_normal(topic, case, draw, beside=bool(said)))
    return " ".join(said)


def technique(case: Case, draw: Draw) -> str:
    """How the study was made, and whether motion disturbed it."""
    templates = words.TECHNIQUE_CONTRAST if case.contrast else words.TECHNIQUE
    return expand(draw.one(templates), draw, {"thick": f"{SCANNERS[case.scanner].slice_mm:g}"})


def comparison(case: Case, draw: Draw) -> str:
    """What the study was compared with; often nothing is said."""
    said = []
    if case.follow_up:
        days = case.follow_up.days
        ago = "[1 day|24 hours]" if days == 1 else f"{days} days" if days < 14 else f"{days // 7} weeks"  # noqa: PLR2004 - two weeks
        said.append(expand(draw.one(words.COMPARISON_DAYS), draw, {"ago": ago}))
    elif draw.chance(0.35):
        said.append(expand(draw.one(words.COMPARISON_NONE), draw))
    elif draw.chance(0.1 + case.age / 250):
        ago = draw.one(("3 months", "6 months", "8 months", "1 year", "2 years", "3 years", "5 years"))
        said.append(expand(draw.one(words.COMPARISON_OLD), draw, {"ago": ago}))
    if case.side_of("motion") and draw.chance(0.8):
        said.append(expand(draw.one(words.MOTION), draw))
    return " ".join(said)


def concluded(case: Case, draw: Draw) -> list[str]:
    """The impression's further points: what matters always, of the rest at most two, now and then."""
    points: list[str] = []
    minor = 0
    for kind, templates in words.CONCLUDED.items():
        side = case.side_of(kind)
        if side is None:
            continue
        if kind not in words.ALWAYS_CONCLUDED:
            if minor == 2 or not draw.chance(0.35):  # noqa: PLR2004 - an impression is short
                continue
            minor += 1
        points.append(expand(draw.one(templates), draw, {"side": side}))
    if case.follow_up and not case.follow_up.before and draw.chance(0.5):
        points.append(expand(draw.one(words.UNCHANGED), draw))
    return [point for point in points if point]


def _normal(topic: Topic, case: Case, draw: Draw, *, beside: bool) -> list[str]:
    if case.bleeds and case.reading != "addendum" and topic in _DISTURBED:
        if topic == "ventricles":
            return [] if any(bleed.shift_mm for bleed in case.bleeds) else ["No hydrocephalus."]
        return [expand("No [acute |]territorial infarct[ is identified|].", draw)]
    if topic == "parenchyma" and beside:
        return [expand(draw.one(words.BESIDES), draw)]
    if topic == "vessels" and case.contrast:
        return []
    return [expand(draw.one(words.NORMAL[topic]), draw)]
