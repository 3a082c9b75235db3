"""Rules by exam code, and what each makes of the series of a study: which is chosen, and why the others are not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ccds_kernel.imaging.correction import Correction
from ccds_kernel.imaging.selection.facts import SeriesFacts

ORIENTATIONS = ("axial", "coronal", "sagittal", "oblique")


class Prefer(StrEnum):
    """Which one, of several series that fit."""

    THINNEST = "thinnest"
    THICKEST = "thickest"
    MOST_IMAGES = "most-images"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError(f"expected two numbers, the lower one first; found {self.low:g} and {self.high:g}")

    def miss(self, what: str, value: float | None) -> str | None:
        """Why `value` isn't within it; None if it is."""
        if value is None:
            return f"{what} isn't said"
        if value < self.low:
            return f"{what} {value:g} is below {self.low:g}"
        return f"{what} {value:g} is above {self.high:g}" if value > self.high else None


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """What the series of some exam codes must be like; what is empty or None asks nothing.

    Args:
        exam_codes: the exam codes that it is for.
        modalities: DICOM's codes.
        orientations: of `ORIENTATIONS`.
        thickness_mm: slice thickness.
        kernels: beginnings of ConvolutionKernel, whatever their case.
        contrast: whether a contrast agent must, or must not, be named.
        images: how many slices.
        prefer: which one, of several that fit.

    Raises:
        ValueError: no exam code, or an orientation that there isn't.
    """

    exam_codes: frozenset[str]
    modalities: frozenset[str] = frozenset()
    orientations: frozenset[str] = frozenset()
    thickness_mm: Range | None = None
    kernels: frozenset[str] = frozenset()
    contrast: bool | None = None
    images: Range | None = None
    prefer: Prefer = Prefer.MOST_IMAGES

    def __post_init__(self) -> None:
        if not self.exam_codes:
            raise ValueError("expected a rule to name exam codes; found none")
        if unknown := self.orientations - set(ORIENTATIONS):
            raise ValueError(f"expected orientations of {', '.join(ORIENTATIONS)}; found {min(unknown)!r}")

    def misses(self, series: SeriesFacts) -> tuple[str, ...]:
        """Why `series` doesn't fit, a phrase for each condition; none if it fits."""
        if series.excluded is not None:
            return (series.excluded.line,)
        found = []
        if self.modalities and series.modality not in self.modalities:
            found.append(f"modality {series.modality or 'unknown'} is not {_one_of(self.modalities)}")
        if self.orientations and series.orientation not in self.orientations:
            found.append(f"orientation {series.orientation or 'unknown'} is not {_one_of(self.orientations)}")
        if self.thickness_mm is not None and (miss := self.thickness_mm.miss("slice thickness", series.thickness_mm)):
            found.append(f"{miss} mm" if series.thickness_mm is not None else miss)
        if self.kernels and not any(series.kernel.lower().startswith(kernel.lower()) for kernel in self.kernels):
            found.append(f"kernel {series.kernel or 'unknown'} is not {_one_of(self.kernels)}")
        if self.contrast is not None and series.contrast is not self.contrast:
            found.append("a contrast agent is named" if series.contrast else "no contrast agent is named")
        if self.images is not None and (miss := self.images.miss("number of slices", series.images)):
            found.append(miss)
        return tuple(found)

    def rank(self, series: SeriesFacts) -> tuple[float, ...]:
        """Lower is better, among series that fit; equals are told apart by number of slices, then by series number."""
        number = float("inf") if series.number is None else float(series.number)
        thickness = float("inf") if series.thickness_mm is None else series.thickness_mm
        first = {
            Prefer.THINNEST: thickness,
            Prefer.THICKEST: -thickness if series.thickness_mm is not None else float("inf"),
            Prefer.MOST_IMAGES: -float(series.images),
            Prefer.FIRST: number,
            Prefer.LAST: -number if series.number is not None else float("inf"),
        }[self.prefer]
        return first, -float(series.images), number


def _one_of(values: frozenset[str]) -> str:
    return " or ".join(sorted(values))


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """A project's rules, and what it opted in to have corrected.

    Raises:
        ValueError: two rules are for one exam code.
    """

    rules: tuple[SelectionRule, ...]
    correct: frozenset[Correction] = frozenset()

    def __post_init__(self) -> None:
        codes = [code for rule in self.rules for code in rule.exam_codes]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"expected one rule for an exam code; found several for {twice[0]}")

    def rule_for(self, exam_code: str | None) -> SelectionRule | None:
        """The rule for an exam code; None where there is none."""
        return next((rule for rule in self.rules if exam_code in rule.exam_codes), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """A series, and why it wasn't chosen; nothing where it was."""

    series: SeriesFacts
    why_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is made of a study.

    Args:
        chosen: the name of the series; None where none is.
        series: every series of the study, in the order of their numbers.
        by: `rule`, or the person who overruled it.
        line: why, for a person.
    """

    chosen: str | None
    series: tuple[Judged, ...]
    by: str
    line: str


def choose(series: Sequence[SeriesFacts], rule: SelectionRule | None) -> Choice:
    """What `rule` makes of the series of a study."""
    ordered = sorted(series, key=lambda one: (one.number is None, one.number or 0, one.name))
    if rule is None:
        return Choice(
            None,
            tuple(Judged(one, ("no rule for the exam code",)) for one in ordered),
            "rule",
            "no rule for the exam code",
        )
    misses = {one.name: rule.misses(one) for one in ordered}
    fitting = sorted((one for one in ordered if not misses[one.name]), key=lambda one: (*rule.rank(one), one.name))
    if not fitting:
        judged = tuple(Judged(one, misses[one.name]) for one in ordered)
        return Choice(None, judged, "rule", f"none of {len(ordered)} series fits the rule")
    best = fitting[0]
    called = best.name if best.number is None else f"series {best.number}"
    beaten = f"{called} is preferred ({rule.prefer})"
    why = (
        f"1 of {len(ordered)} series fits, {called}"
        if len(fitting) == 1
        else f"{len(fitting)} of {len(ordered)} series fit, {beaten}"
    )
    judged = tuple(Judged(one, () if one is best else misses[one.name] or (beaten,)) for one in ordered)
    return Choice(best.name, judged, "rule", why)


def overruled(choice: Choice, name: str | None, person: str) -> Choice:
    """`choice` with a person's word above it: the series called `name`, or none of them.

    Raises:
        ValueError: the study has no such series, or it is none of slices.
    """
    by_name = {one.series.name: one.series for one in choice.series}
    if name is not None and (name not in by_name or by_name[name].excluded is not None):
        raise ValueError("expected a series of slices of the study; found none of that name")
    judged = tuple(
        Judged(one.series, () if one.series.name == name else one.why_not or (f"overruled by {person}",))
        for one in choice.series
    )
    return Choice(name, judged, person, f"{person} chose {'it' if name else 'none of them'}; {choice.line}")
