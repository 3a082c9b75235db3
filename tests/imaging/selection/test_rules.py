"""Which series of a study a rule chooses, and what it says of the others: no files."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.correction import Correction
from ccds_kernel.imaging.selection.facts import SeriesFacts
from ccds_kernel.imaging.selection.rules import Prefer, Range, SelectionRule, choose, overruled
from ccds_kernel.imaging.selection.rules_file import WrongRules, parse_rules
from ccds_kernel.imaging.verdict import Reason

RULES = """
rules:
  - exam_codes: [CTHEAD, CTHEADC]
    modality: [CT]
    orientation: [axial]
    thickness_mm: [0.5, 5]
    kernel: [H3, J30]
    contrast: false
    images: [20, 800]
    prefer: thinnest
  - exam_codes: [MRHEAD]
    modality: [MR]
correct: [gantry-tilt]
"""


def series(name: str, **changed) -> SeriesFacts:
    """A series that fits the rule of head CTs, but for what is named."""
    fits = {
        "number": 3, "modality": "CT", "orientation": "axial", "thickness_mm": 1.0, "kernel": "H31s", "contrast": False,
        "images": 160, "scanner": "Maker Model",
    }  # fmt: skip
    return SeriesFacts(name, **(fits | changed))


def why_not(*found: SeriesFacts, exam_code: str | None = "CTHEAD") -> dict[str, tuple[str, ...]]:
    """Series → why it wasn't chosen."""
    choice = choose(found, parse_rules(RULES).rule_for(exam_code))
    assert [one.series.name for one in choice.series if not one.why_not] == ([choice.chosen] if choice.chosen else [])
    return {one.series.name: one.why_not for one in choice.series}


MISSES = {
    "modality": ({"modality": "MR"}, "modality MR is not CT"),
    "orientation": ({"orientation": "coronal"}, "orientation coronal is not axial"),
    "no orientation": ({"orientation": ""}, "orientation unknown is not axial"),
    "too thick": ({"thickness_mm": 6.0}, "slice thickness 6 is above 5 mm"),
    "too thin": ({"thickness_mm": 0.4}, "slice thickness 0.4 is below 0.5 mm"),
    "no thickness": ({"thickness_mm": None}, "slice thickness isn't said"),
    "kernel": ({"kernel": "B70"}, "kernel B70 is not H3 or J30"),
    "contrast": ({"contrast": True}, "a contrast agent is named"),
    "too few": ({"images": 19}, "number of slices 19 is below 20"),
    "excluded": ({"excluded": Reason("localizer", "localizer")}, "localizer"),
}


@pytest.mark.parametrize("name", MISSES)
def test_each_condition_says_why_a_series_does_not_fit(name) -> None:
    """With what was found and what was asked for."""
    changed, line = MISSES[name]

    assert why_not(series("good"), series("other", **changed)) == {"good": (), "other": (line,)}


def test_all_reasons_are_told() -> None:
    """Not only the first."""
    found = why_not(series("other", modality="MR", images=1, orientation="oblique"))

    assert len(found["other"]) == 3


def test_of_several_that_fit_the_preferred_one_is_chosen() -> None:
    """Equals are told apart by the number of slices, then by the series number: never by chance."""
    thin, thick, same = (
        series("b", thickness_mm=0.6),
        series("c", thickness_mm=3, number=1),
        series("a", thickness_mm=0.6, number=2),
    )

    assert why_not(thin, thick, same) == {
        "a": (),
        "b": ("series 2 is preferred (thinnest)",),
        "c": ("series 2 is preferred (thinnest)",),
    }


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ([series("a", number=3), series("b", contrast=True)], "1 of 2 series fits, series 3"),
        ([series("a", number=3), series("b", number=4)], "2 of 2 series fit, series 3 is preferred (thinnest)"),
        ([series("series-a", number=None), series("b", contrast=True)], "1 of 2 series fits, series-a"),
        ([series("b", contrast=True)], "none of 1 series fits the rule"),
    ],
)
def test_the_line_says_which_series_the_rules_choose(found, line) -> None:
    """Also where a person overruled them: it stands beside their word."""
    assert choose(found, parse_rules(RULES).rule_for("CTHEAD")).line == line


@pytest.mark.parametrize(
    ("prefer", "chosen"), [("thinnest", "a"), ("thickest", "b"), ("most-images", "b"), ("first", "c"), ("last", "a")]
)
def test_every_preference(prefer, chosen) -> None:
    """What isn't said comes last."""
    found = [
        series("a", number=9, thickness_mm=1), series("b", number=5, thickness_mm=4, images=500),
        series("c", number=2, thickness_mm=2), series("d", number=None, thickness_mm=None, images=1),
    ]  # fmt: skip

    assert choose(found, SelectionRule(frozenset({"X"}), prefer=Prefer(prefer))).chosen == chosen


@pytest.mark.parametrize("code", ["CXR", None])
def test_an_exam_code_without_a_rule_gets_no_series(code) -> None:
    """Nothing is guessed."""
    assert why_not(series("a"), exam_code=code) == {"a": ("no rule for the exam code",)}


def test_a_person_s_word_is_above_the_rule() -> None:
    """It says who, and the rule's own reasons stay."""
    choice = choose([series("a"), series("b", contrast=True)], parse_rules(RULES).rule_for("CTHEAD"))

    other, none = overruled(choice, "b", "fay"), overruled(choice, None, "fay")

    assert (other.chosen, other.by) == ("b", "fay")
    assert {one.series.name: one.why_not for one in other.series} == {"a": ("overruled by fay",), "b": ()}
    assert none.chosen is None
    assert {one.series.name: one.why_not for one in none.series} == {
        "a": ("overruled by fay",),
        "b": ("a contrast agent is named",),
    }


def test_a_person_can_t_choose_what_is_no_stack() -> None:
    """Nor a series of another study."""
    choice = choose([series("a", excluded=Reason("localizer", "localizer"))], None)

    for name in ("a", "z"):
        with pytest.raises(ValueError, match="found none of that name"):
            overruled(choice, name, "fay")


def test_the_file_is_read() -> None:
    """Ranges include both ends; what is to be corrected stands beside the rules."""
    rules = parse_rules(RULES)

    assert rules.correct == {Correction.GANTRY_TILT}
    assert rules.rule_for("CTHEADC").thickness_mm == Range(0.5, 5)
    assert rules.rule_for("MRHEAD") == SelectionRule(frozenset({"MRHEAD"}), modalities=frozenset({"MR"}))


WRONG = {
    "no YAML": "rules: [",
    "nothing": "",
    "a list": "- a",
    "unknown key": "rules: [{exam_codes: [A], modalities: [CT]}]",
    "no code": "rules: [{exam_codes: []}]",
    "one code twice": "rules: [{exam_codes: [A]}, {exam_codes: [A]}]",
    "orientation": "rules: [{exam_codes: [A], orientation: [diagonal]}]",
    "a range turned over": "rules: [{exam_codes: [A], images: [9, 2]}]",
    "a range of one": "rules: [{exam_codes: [A], images: [9]}]",
    "correction": "rules: [{exam_codes: [A]}]\ncorrect: [everything]",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_clear_line(name) -> None:
    """It names what is wrong."""
    with pytest.raises(CcdsError, match="expected selection rules") as caught:
        parse_rules(WRONG[name])

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rules:\n  - exam_codes: [A]\n    prefer: best\n", 3),
        ("rules:\n  - exam_codes: [A]\n    thicknes: [1, 2]\n", 3),
        ("rules:\n  - modality: [CT]\n", 2),
        ("rules:\n  - exam_codes: [A]\n\n  - exam_codes: [B, A]\n", 4),
        ("rules:\n  - exam_codes: [A]\n  - exam_codes: [B]\n    images: [9, 2]\n", 3),
        ("rules:\n  - exam_codes: [A]\n    modality: [CT\n", 4),
        ("rules: []\ncorrect:\n  - gantry-tilt\n  - everything\n", 4),
        ("", None),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line) -> None:
    """Counted from 1; that of the rule where a rule is wrong as a whole."""
    with pytest.raises(WrongRules) as caught:
        parse_rules(text)

    assert caught.value.line == line
    assert (f"in line {line}:" in str(caught.value)) == (line is not None)
