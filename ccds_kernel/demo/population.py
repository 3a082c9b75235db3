"""The demo hospital's patients: draws the hidden truth of one head CT after the other.

About 15 % of the studies show acute or subacute intracranial hemorrhage. How often depends on why the study was asked
for; some patients come back days later, and what their hemorrhage did in between is drawn too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Literal

from ccds_kernel.demo.case import (
    OLDEST_AGE,
    Bleed,
    Case,
    Change,
    FollowUp,
    Incidental,
    Kind,
    Reading,
    Setting,
    Side,
    Stage,
)
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.scanners import SCANNERS
from ccds_kernel.errors import CcdsError

YEAR = 2024
SIDES: tuple[Side, Side] = ("left", "right")

# Setting → share of the studies, share of them with hemorrhage, youngest and oldest usual age.
SETTINGS: dict[Setting, tuple[float, float, int, int]] = {
    "trauma": (0.27, 0.15, 18, 89),
    "headache": (0.15, 0.11, 18, 75),
    "stroke": (0.15, 0.14, 48, 89),
    "mental_status": (0.13, 0.09, 50, 89),
    "anticoagulated": (0.07, 0.24, 60, 89),
    "seizure": (0.06, 0.09, 18, 80),
    "syncope": (0.06, 0.03, 25, 89),
    "gait": (0.04, 0.05, 62, 89),
    "tumor": (0.05, 0.05, 40, 84),
    "infection": (0.02, 0.02, 18, 80),
}
KINDS: dict[Setting, dict[Kind, float]] = {
    "trauma": {"subdural": 0.48, "subarachnoid": 0.24, "intraparenchymal": 0.18, "epidural": 0.10},
    "anticoagulated": {"subdural": 0.6, "intraparenchymal": 0.3, "subarachnoid": 0.1},
    "headache": {"subarachnoid": 0.55, "intraparenchymal": 0.2, "subdural": 0.2, "intraventricular": 0.05},
    "gait": {"subdural": 0.95, "intraparenchymal": 0.05},
}
USUAL_KINDS: dict[Kind, float] = {
    "intraparenchymal": 0.55, "subdural": 0.25, "subarachnoid": 0.12, "intraventricular": 0.08,
}  # fmt: skip
SITES: dict[Kind, tuple[str, ...]] = {
    "subdural": ("frontoparietal", "frontal", "frontotemporal", "parietal", "temporoparietal"),
    "epidural": ("temporal", "temporoparietal", "frontal", "parietal"),
    "subarachnoid": ("sylvian fissure", "frontal sulci", "parietal sulci", "temporal sulci"),
    "intraparenchymal": (
        "basal ganglia",
        "thalamus",
        "frontal lobe",
        "parietal lobe",
        "temporal lobe",
        "occipital lobe",
    ),
    "intraventricular": ("lateral ventricle",),
}
CONTUSED = ("frontal lobe", "temporal lobe")
SIZES_MM: dict[Kind, tuple[float, float]] = {
    "subdural": (4, 14), "epidural": (6, 20), "subarachnoid": (3, 7), "intraparenchymal": (10, 42),
    "intraventricular": (5, 11),
}  # fmt: skip
SMALLEST_MM: dict[Kind, float] = {
    "subdural": 3, "epidural": 4, "subarachnoid": 2.5, "intraparenchymal": 7.5, "intraventricular": 4,
}  # fmt: skip
"""A scan shows nothing smaller, so none shrinks below it."""
SHRINKING, GROWING = 0.7, 1.35
FAINTEST_HU = 46.0
SCANNER_WEIGHTS = dict(zip(range(len(SCANNERS)), (0.32, 0.24, 0.20, 0.15, 0.09), strict=True))


def cases(seed: int) -> Iterator[Case]:
    """The population of `seed`, without end: the first n are the same whatever n is.

    Raises:
        CcdsError: the seed is negative.
    """
    number, previous = 0, None
    while True:
        previous = _next_case(Draw(seed, number, 0), number, previous)
        yield previous
        number += 1


def first_cases(seed: int, n: int) -> list[Case]:
    """The first `n` studies of `cases(seed)`.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    if n < 0:
        raise CcdsError(expected="zero or more studies", found=f"{n}", do="ask for a number such as 300")
    return list(islice(cases(seed), n))


def _next_case(draw: Draw, number: int, previous: Case | None) -> Case:
    if previous is not None and draw.chance(0.35 if previous.positive else 0.04):
        days = draw.weighted({1: 0.4, 2: 0.2, 3: 0.1, 7: 0.1, 14: 0.1, 28: 0.1})
        if (previous.study_date + timedelta(days)).year == YEAR:
            return _follow_up(draw, number, previous, days)
    return _first_visit(draw, number)


def _first_visit(draw: Draw, number: int) -> Case:
    setting = draw.weighted({name: row[0] for name, row in SETTINGS.items()})
    _, risk, youngest, oldest = SETTINGS[setting]
    age = draw.integer(youngest, oldest)
    if setting == "trauma" and draw.chance(0.5):
        age = draw.integer(66, OLDEST_AGE)
    sex: Literal["F", "M"] = draw.one(("F", "M"))
    bleeds = _bleeds(draw, setting, age) if draw.chance(risk) else ()
    incidentals = _incidentals(draw, setting, age, bleeds)
    return Case(
        number=number,
        accession=f"DEMO-{number + 1:06d}",
        patient=f"DEMO-P{number + 1:05d}",
        age=age,
        sex=sex,
        exam_code="CTHEADC" if setting in ("tumor", "infection") else "CTHEAD",
        study_date=date(YEAR, 1, 1) + timedelta(draw.integer(0, 365)),
        setting=setting,
        scanner=draw.weighted(SCANNER_WEIGHTS),
        bleeds=bleeds,
        reading=_reading(draw, bleeds, incidentals),
        incidentals=incidentals,
        follow_up=None,
    )


def _follow_up(draw: Draw, number: int, previous: Case, days: int) -> Case:
    change: Change = "none"
    if previous.positive:
        late: dict[Change, float] = {"smaller": 0.55, "stable": 0.2, "resolved": 0.25}
        soon: dict[Change, float] = {"stable": 0.6, "smaller": 0.22, "larger": 0.14, "resolved": 0.04}
        change = draw.weighted(soon if days < 7 else late)  # noqa: PLR2004 - a week
        if change == "smaller" and any(
            bleed.size_mm * SHRINKING < SMALLEST_MM[bleed.kind] for bleed in previous.bleeds
        ):
            change = "stable"
    gone: tuple[Incidental, ...] = ("scalp_hematoma", "artifact", "motion")
    return replace(
        previous,
        number=number,
        accession=f"DEMO-{number + 1:06d}",
        study_date=previous.study_date + timedelta(days),
        exam_code="CTHEAD",
        scanner=draw.weighted(SCANNER_WEIGHTS),
        bleeds=tuple(_aged(bleed, days, change) for bleed in previous.bleeds) if change != "resolved" else (),
        reading="plain",
        incidentals=tuple((kind, side) for kind, side in previous.incidentals if kind not in gone),
        follow_up=FollowUp(days, change, previous.bleeds),
    )


def _aged(bleed: Bleed, days: int, change: Change) -> Bleed:
    factor = {"smaller": SHRINKING, "larger": GROWING}.get(change, 1.0)
    stage: Stage = "subacute" if days >= 7 and bleed.stage == "acute" else bleed.stage  # noqa: PLR2004 - a week
    return replace(
        bleed,
        size_mm=min(60.0, round(bleed.size_mm * factor, 1)),
        stage=stage,
        density_hu=max(FAINTEST_HU, bleed.density_hu - 0.9 * days),
    )


def _bleeds(draw: Draw, setting: Setting, age: int) -> tuple[Bleed, ...]:
    kind = draw.weighted(KINDS.get(setting, USUAL_KINDS))
    if kind == "epidural" and age > 60:  # noqa: PLR2004 - the dura sticks to the skull in old age
        kind = "subdural"
    first = _bleed(draw, kind, draw.one(SIDES), setting)
    if kind == "intraparenchymal" and setting != "trauma" and first.size_mm > 25 and draw.chance(0.45):  # noqa: PLR2004 - a large one, in mm
        return (first, replace(_bleed(draw, "intraventricular", first.side, setting), density_hu=first.density_hu))
    if setting == "trauma" and draw.chance(0.3):
        other: Kind = "subarachnoid" if kind != "subarachnoid" else "subdural"
        return (first, _bleed(draw, other, draw.one(SIDES), setting))
    return (first,)


def _bleed(draw: Draw, kind: Kind, side: Side, setting: Setting) -> Bleed:
    low, high = SIZES_MM[kind]
    if kind == "intraparenchymal" and setting == "trauma":
        high = 24
    size = low + (high - low) * draw.uniform(0, 1) ** 2  # small ones are the common ones
    stage: Stage = "acute"
    if kind == "subdural":
        stage = draw.weighted({"acute": 0.7, "mixed": 0.2, "subacute": 0.1})
    hu = draw.uniform(50, 66) if stage == "acute" else draw.uniform(46, 56)
    sites = CONTUSED if kind == "intraparenchymal" and setting == "trauma" else SITES[kind]
    return Bleed(kind, side, draw.one(sites), round(size, 1), stage, round(hu, 1))


def _reading(draw: Draw, bleeds: tuple[Bleed, ...], incidentals: tuple[tuple[Incidental, Side], ...]) -> Reading:
    doubtful = {"ganglia_calcification", "artifact", "motion", "falx_calcification"} & {kind for kind, _ in incidentals}
    if bleeds:
        small = len(bleeds) == 1 and bleeds[0].size_mm < (14 if bleeds[0].kind == "intraparenchymal" else 9)
        return draw.weighted({"plain": 0.55, "hedged": 0.33, "addendum": 0.12}) if small else "plain"
    if doubtful:
        return draw.weighted({"plain": 0.5, "hedged": 0.42, "addendum": 0.08})
    return "plain"


def _incidentals(
    draw: Draw, setting: Setting, age: int, bleeds: tuple[Bleed, ...]
) -> tuple[tuple[Incidental, Side], ...]:
    """What else is there; likelier with age where it is in people."""
    old = max(0.0, (age - 50) / 40)
    trauma, stroke = setting == "trauma", setting == "stroke"
    odds: dict[Incidental, float] = {
        "atrophy": 0.95 * old,
        "white_matter": 0.9 * old,
        "lacune": 0.3 * old,
        "old_infarct": 0.12 * old,
        "old_hemorrhage": 0.05 * old,
        "acute_infarct": 0.3 if stroke and not bleeds else 0.0,
        "chronic_collection": 0.1 * old if not bleeds else 0.0,
        "metastasis": 0.3 if setting == "tumor" and not bleeds else 0.0,
        "falx_calcification": 0.08 + 0.1 * old,
        "choroid_calcification": 0.25 + 0.3 * old,
        "ganglia_calcification": 0.03 + 0.08 * old,
        "artifact": 0.05,
        "motion": 0.16 if setting in ("mental_status", "seizure") else 0.04,
        "sinus_thickening": 0.28,
        "sinus_fluid": 0.06,
        "mastoid_fluid": 0.06,
        "atherosclerosis": 0.8 * old,
        "scalp_hematoma": 0.4 if trauma else 0.0,
        "fracture": (0.3 if bleeds else 0.04) if trauma else 0.0,
        "lens_replacement": 0.5 * old,
        "arachnoid_cyst": 0.02,
        "empty_sella": 0.03,
        "hyperostosis": 0.04 * old,
        "cavum": 0.03,
        "old_nasal_fracture": 0.03,
        "low_tonsils": 0.01,
        "craniotomy": 0.02 + 0.02 * old,
    }
    if any(bleed.kind == "epidural" for bleed in bleeds):
        odds["fracture"] = 0.8
    return tuple((kind, draw.one(SIDES)) for kind, chance in odds.items() if draw.chance(chance))
