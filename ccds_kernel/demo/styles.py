"""The demo's radiologists: not people, but ways of writing a head CT report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Topic = Literal["blood", "parenchyma", "ventricles", "vessels", "bones", "sinuses", "orbits", "soft_tissues"]


@dataclass(frozen=True, slots=True)
class Style:
    """One way of writing.

    Args:
        name: for people who read the code.
        weight: share of the reports.
        british: whether spelling is British.
        abbreviates: share of long terms that become letters (SDH).
        headings: whether each topic has its heading.
        numbered: whether an impression of several points is numbered.
        slips: chance of a slip per longer word.
        thorough: chance that a normal structure is mentioned.
        technique: chance that the technique is stated.
        order: in which order the topics come.
    """

    name: str
    weight: float
    british: bool
    abbreviates: float
    headings: bool
    numbered: bool
    slips: float
    thorough: float
    technique: float
    order: tuple[Topic, ...]


STYLES = (
    Style("terse", 0.20, False, 0.35, False, False, 0.003, 0.35, 0.0,
          ("blood", "parenchyma", "ventricles", "vessels", "bones", "soft_tissues", "sinuses", "orbits")),
    Style("template", 0.24, False, 0.05, True, True, 0.001, 0.95, 0.8,
          ("parenchyma", "ventricles", "blood", "vessels", "orbits", "sinuses", "bones", "soft_tissues")),
    Style("prose", 0.20, False, 0.10, False, False, 0.002, 0.75, 0.3,
          ("ventricles", "parenchyma", "blood", "vessels", "sinuses", "orbits", "bones", "soft_tissues")),
    Style("british", 0.14, True, 0.10, False, False, 0.002, 0.6, 0.1,
          ("blood", "parenchyma", "ventricles", "bones", "soft_tissues", "sinuses", "orbits", "vessels")),
    Style("dictated", 0.14, False, 0.15, False, True, 0.014, 0.7, 0.2,
          ("blood", "ventricles", "parenchyma", "vessels", "soft_tissues", "bones", "sinuses", "orbits")),
    Style("emergency", 0.08, False, 0.6, False, True, 0.006, 0.3, 0.0,
          ("blood", "ventricles", "bones", "soft_tissues", "parenchyma", "sinuses", "vessels", "orbits")),
)  # fmt: skip

HEADINGS: dict[Topic, str] = {
    "blood": "[HEMORRHAGE|INTRACRANIAL HEMORRHAGE]: ",
    "parenchyma": "BRAIN: ",
    "ventricles": "VENTRICLES: ",
    "vessels": "VESSELS: ",
    "bones": "[CALVARIUM|BONES]: ",
    "sinuses": "SINUSES AND MASTOIDS: ",
    "orbits": "ORBITS: ",
    "soft_tissues": "SOFT TISSUES: ",
}
