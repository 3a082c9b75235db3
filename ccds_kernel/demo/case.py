"""The hidden truth of one synthetic study: who was scanned, why, and what is there.

The report and the pixels are two views of a `Case`; neither holds it. The finding of the demo's project is *acute or
subacute intracranial hemorrhage*: an old hemorrhage, a resolved one, a chronic collection without fresh blood and a scalp
hematoma are not it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from ccds_kernel.errors import CcdsError

Kind = Literal["subdural", "epidural", "subarachnoid", "intraparenchymal", "intraventricular"]
Side = Literal["left", "right"]
Stage = Literal["acute", "subacute", "mixed"]
Reading = Literal["plain", "hedged", "addendum"]
Change = Literal["stable", "larger", "smaller", "resolved", "none"]
Setting = Literal[
    "trauma",
    "headache",
    "stroke",
    "mental_status",
    "anticoagulated",
    "seizure",
    "syncope",
    "gait",
    "tumor",
    "infection",
]
Incidental = Literal[
    "atrophy", "white_matter", "lacune", "old_infarct", "old_hemorrhage", "acute_infarct", "chronic_collection",
    "metastasis", "falx_calcification", "choroid_calcification", "ganglia_calcification", "artifact", "motion",
    "sinus_thickening", "sinus_fluid", "mastoid_fluid", "atherosclerosis", "scalp_hematoma", "fracture", "lens_replacement",
    "arachnoid_cyst", "empty_sella", "hyperostosis", "cavum", "old_nasal_fracture", "low_tonsils", "craniotomy",
]  # fmt: skip

OLDEST_AGE = 89
"""Older ages identify people where records are de-identified; the demo follows that custom."""


@dataclass(frozen=True, slots=True)
class Bleed:
    """One hemorrhage.

    Args:
        kind: where in the layers of the head it lies.
        side: the patient's side.
        site: the place, as a report would name it ("frontal lobe", "frontoparietal").
        size_mm: greatest thickness of a collection or clot, 1 to 80.
        stage: how old the blood is.
        density_hu: its attenuation in Hounsfield units, 30 to 90.
    """

    kind: Kind
    side: Side
    site: str
    size_mm: float
    stage: Stage
    density_hu: float

    def __post_init__(self) -> None:
        _within("a hemorrhage's size in mm", self.size_mm, 1, 80)
        _within("a hemorrhage's density in HU", self.density_hu, 30, 90)

    @property
    def shift_mm(self) -> int:
        """Midline shift that it causes, away from its side; 0 where there is none worth a word."""
        push = {"subdural": 0.75 * (self.size_mm - 5), "epidural": 0.6 * (self.size_mm - 6)}
        shift = push.get(self.kind, 0.25 * (self.size_mm - 26) if self.kind == "intraparenchymal" else 0.0)
        return max(0, round(shift)) if shift >= 1.5 else 0  # noqa: PLR2004 - less is not measured on such scans


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a study is compared with: the patient's study before, and how that study's hemorrhages did since."""

    days: int
    change: Change
    before: tuple[Bleed, ...]

    def __post_init__(self) -> None:
        _within("days since the study before", self.days, 1, 60)


@dataclass(frozen=True, slots=True)
class Case:
    """One study of one synthetic patient.

    Args:
        number: position in the population, from 0.
        accession: obviously synthetic, `DEMO-000001`.
        patient: likewise, `DEMO-P00001`; several studies may share it.
        age: in years, 18 to 89.
        sex: as in DICOM.
        exam_code: `CTHEAD` (without contrast) or `CTHEADC` (with).
        study_date: within the demo's year.
        setting: why the study was asked for.
        scanner: index into `scanners.SCANNERS`.
        bleeds: acute or subacute hemorrhages; empty where there is none.
        reading: whether the report states its finding plainly, hedges, or corrects itself in an addendum.
        incidentals: what else there is, with the side.
        follow_up: the comparison, where this is a follow-up.
    """

    number: int
    accession: str
    patient: str
    age: int
    sex: Literal["F", "M"]
    exam_code: Literal["CTHEAD", "CTHEADC"]
    study_date: date
    setting: Setting
    scanner: int
    bleeds: tuple[Bleed, ...]
    reading: Reading
    incidentals: tuple[tuple[Incidental, Side], ...]
    follow_up: FollowUp | None

    def __post_init__(self) -> None:
        _within("a synthetic patient's age", self.age, 18, OLDEST_AGE)
        if not (self.accession.startswith("DEMO-") and self.patient.startswith("DEMO-")):
            raise CcdsError(
                expected="identifiers that start with DEMO-", found="others", do="make cases by population.cases()"
            )

    @property
    def study_time(self) -> time:
        """When on that day the scan was made; the demo's hospital keeps UTC."""
        return time(7 + self.number % 13, self.number * 7 % 60)

    @property
    def patient_number(self) -> int:
        """Number of the patient's first study."""
        return int(self.patient.removeprefix("DEMO-P")) - 1

    @property
    def positive(self) -> bool:
        """Whether there is acute or subacute intracranial hemorrhage: the label that labelers try to find."""
        return bool(self.bleeds)

    @property
    def contrast(self) -> bool:
        """Whether contrast medium was given."""
        return self.exam_code == "CTHEADC"

    def side_of(self, kind: Incidental) -> Side | None:
        """The side of an incidental finding; None where the patient doesn't have it."""
        return dict(self.incidentals).get(kind)


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise CcdsError(expected=f"{what} from {low} to {high}", found=f"{value}", do="correct the synthetic case")
