"""What a report says about hemorrhage, in its findings, its impression and its addendum."""

from __future__ import annotations

from ccds_kernel.demo import blood_words as words
from ccds_kernel.demo.anatomy_words import ALWAYS_CONCLUDED
from ccds_kernel.demo.case import Bleed, Case, Incidental
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.grammar import expand

NAMES = {
    "subdural": "[<site>|convexity|] subdural [hematoma|hemorrhage|hematoma]",
    "epidural": "<site> epidural hematoma",
    "subarachnoid": "subarachnoid hemorrhage",
    "intraparenchymal": "<where> [hemorrhage|intraparenchymal hemorrhage|hematoma]",
    "intraventricular": "intraventricular hemorrhage",
}
DIFFUSE = ("subarachnoid", "intraventricular")
_LOOKALIKES: tuple[Incidental, ...] = ("ganglia_calcification", "artifact", "motion", "falx_calcification")


def bleed_fields(bleed: Bleed, before: Bleed | None = None) -> dict[str, str]:
    """The template fields of one hemorrhage; `before` is how it was on the study before."""
    big = {"subdural": (4, 8, 13), "epidural": (5, 9, 15), "intraparenchymal": (8, 20, 40)}.get(bleed.kind, (3, 5, 7))
    small, long = 0.7 * bleed.size_mm, bleed.size_mm
    centimetre = 10
    size = (
        f"{long:.0f} mm"
        if long < centimetre
        else f"[{long / 10:.1f} x {small / 10:.1f} cm|{long / 10:.1f} cm|{long:.0f} mm]"
    )
    where = bleed.site.removesuffix(" lobe")
    return {
        "side": bleed.side,
        "toward": "rightward" if bleed.side == "left" else "leftward",
        "site": bleed.site,
        "where": {"basal ganglia": "[basal ganglia|basal ganglionic]", "thalamus": "thalamic"}.get(
            where, where.replace("occipital", "[occipital|occipital lobe]")
        ),
        "mm": f"{bleed.size_mm:.0f}",
        "was": f"{before.size_mm:.0f}" if before else "",
        "size": size,
        "extent": (words.VOLUME if bleed.kind in DIFFUSE else words.EXTENT)[
            sum(bleed.size_mm >= limit for limit in big)
        ],
        "density": words.DENSITY[bleed.stage],
        "shift": str(bleed.shift_mm),
        "name": NAMES[bleed.kind],
    }


def blood_findings(case: Case, draw: Draw) -> str:
    """The sentences about hemorrhage in the findings; empty where this report passes over it."""
    follow = case.follow_up
    if follow and follow.before:
        return _followed(case, draw)
    if not case.bleeds or case.reading == "addendum":
        return " ".join((*lookalikes(case, draw), expand(draw.one(_absent(case)), draw)))
    if case.reading == "hedged":
        bleed = case.bleeds[0]
        return expand(draw.one(words.HEDGED[bleed.kind]), draw, bleed_fields(bleed))
    parts = [_plain(case, bleed, draw) for bleed in case.bleeds]
    return " ".join((*parts, _push(case, draw), _no_other(case, draw)))


def lookalikes(case: Case, draw: Draw) -> list[str]:
    """What could be taken for blood and isn't."""
    said = []
    for kind in _LOOKALIKES:
        side = case.side_of(kind)
        if side is None or (kind == "falx_calcification" and case.reading == "plain" and not draw.chance(0.4)):
            continue
        same = Draw(case.number, _LOOKALIKES.index(kind))  # findings and impression name one thing alike
        fields = {"side": side, "small": str(same.integer(2, 5))}
        fields |= {
            name: expand(text, same, fields) for name, text in zip(("seen", "is"), words.DOUBTFUL[kind], strict=True)
        }
        templates = {"plain": words.DOUBT_DISMISSED, "hedged": words.DOUBT_LEFT, "addendum": words.DOUBT_OPEN}
        said.append(expand(draw.one(templates["plain" if case.bleeds else case.reading]), draw, fields))
    return said


def _plain(case: Case, bleed: Bleed, draw: Draw) -> str:
    contusion = bleed.kind == "intraparenchymal" and case.setting == "trauma"
    templates = words.CONTUSION if contusion else words.PLAIN[bleed.kind]
    return expand(draw.one(templates), draw, bleed_fields(bleed))


def _push(case: Case, draw: Draw) -> str:
    worst = max(case.bleeds, key=lambda bleed: bleed.shift_mm)
    templates: tuple[str, ...] = words.SHIFTED if worst.shift_mm else words.UNSHIFTED
    if not any(bleed.kind not in DIFFUSE for bleed in case.bleeds):
        templates = words.UNSHIFTED_DIFFUSE
    return expand(draw.one(templates), draw, bleed_fields(worst))


def _followed(case: Case, draw: Draw) -> str:
    follow = case.follow_up
    if follow is None:
        return ""
    now = case.bleeds or follow.before
    pairs = zip(now, follow.before, strict=True)
    said = []
    for bleed, before in pairs:
        diffuse = bleed.kind in DIFFUSE and follow.change in words.DIFFUSE_FOLLOWED
        templates = (words.DIFFUSE_FOLLOWED if diffuse else words.FOLLOWED)[follow.change]
        said.append(expand(draw.one(templates), draw, bleed_fields(bleed, before)))
    if case.bleeds:
        said.append(_push(case, draw))
    return " ".join((*said, expand(draw.one(words.STILL_NONE), draw)))


def _absent(case: Case) -> tuple[str, ...]:
    """The templates that contradict nothing else in the head."""
    if {kind for kind, _ in case.incidentals} & ALWAYS_CONCLUDED:
        return words.ABSENT_BESIDES
    looks_alike = any(case.side_of(kind) for kind in _LOOKALIKES)
    return tuple(text for text in words.ABSENT if not (looks_alike and "hyperdense" in text))


def _no_other(case: Case, draw: Draw) -> str:
    there = {bleed.kind for bleed in case.bleeds}
    missing = [text for kind, text in words.NOT_THERE.items() if kind not in there]
    return expand(draw.one((*words.NO_OTHER, draw.one(missing))), draw)
