"""A report's text cut into named sections."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.incoming.headings import UNNAMED, name_of, name_of_loinc, sections, split
from ccds_kernel.labeling.report import Section


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("FINDINGS: clear\nIMPRESSION: none", [("findings", "FINDINGS: clear\n"), ("impression", "IMPRESSION: none")]),
        (
            "findings: clear\r\nImpression:none",
            [("findings", "findings: clear\r\n"), ("impression", "Impression:none")],
        ),
        ("Fall.\n\n  FINDINGS :\nclear", [(None, "Fall.\n\n"), ("findings", "  FINDINGS :\nclear")]),
        (
            "Findings\nclear\n\nImpression\nnone",
            [("findings", "Findings\nclear\n\n"), ("impression", "Impression\nnone")],
        ),
        ("\n \nFINDINGS: clear", [("findings", "\n \nFINDINGS: clear")]),
        ("HISTORY: COUGH FINDINGS: CLEAR", [("history", "HISTORY: COUGH "), ("findings", "FINDINGS: CLEAR")]),
        (
            "Indication: cough. Findings: clear; Impression: none",
            [
                ("indication", "Indication: cough. "),
                ("findings", "Findings: clear; "),
                ("impression", "Impression: none"),
            ],
        ),
        ("**Findings:** clear", [("findings", "**Findings:** clear")]),
        ("IMPRESSION - none", [("impression", "IMPRESSION - none")]),
        ("FINDINGS AND IMPRESSION: clear", [("findings", "FINDINGS AND IMPRESSION: clear")]),
        ("FINDINGS/IMPRESSION: clear", [("findings", "FINDINGS/IMPRESSION: clear")]),
        ("FINDINGS (CT HEAD): clear", [("findings", "FINDINGS (CT HEAD): clear")]),
        ("x\nADDENDUM #2 (05/01/2020 10:12): y", [(None, "x\n"), ("addendum", "ADDENDUM #2 (05/01/2020 10:12): y")]),
        ("CLINICAL\u00a0INDICATION\uff1acough", [("indication", "CLINICAL\u00a0INDICATION\uff1acough")]),
        (
            "REASON FOR EXAM: x\u2028FINDINGS: y",
            [("indication", "REASON FOR EXAM: x\u2028"), ("findings", "FINDINGS: y")],
        ),
        ("FINDINGS: a\nFINDINGS: b", [("findings", "FINDINGS: a\nFINDINGS: b")]),
        ("IMPRESSION", [("impression", "IMPRESSION")]),
        ("", []),
    ],
)
def test_a_text_is_cut_at_its_headings(text, parts):
    """At the begin of a line, alone on one, and within one where capitals or a sentence's end say so."""
    assert split(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "The findings: clear.",
        "No acute findings.\nComparison is limited.",
        "compare the\nfindings\nabove",
        "Impression - that of a mass",
        "LUNGS: clear\nHEART: normal",
        "REFINDINGS: x",
        "FINDINGS_OLD: x",
        "see FINDINGS below",
    ],
)
def test_what_is_no_heading_cuts_nothing(text):
    """A known word in a sentence, and an unknown one before a colon."""
    assert split(text) == [(None, text)]


pieces = st.sampled_from(
    [
        "FINDINGS",
        "Findings:",
        "impression",
        "HISTORY: ",
        ":",
        " ",
        "\n",
        "\r\n",
        "\u2028",
        "no ",
        "İ",
        "ß",
        "*",
        "#1",
        "(a)",
        ". ",
        "- ",
    ]
)


@given(st.lists(pieces | st.text(max_size=3), max_size=25).map("".join))
def test_the_parts_are_the_text(text):
    """Nothing is added, taken away or put elsewhere, and no two parts that follow each other have one name."""
    parts = split(text)

    names = [name for name, _ in parts]
    assert "".join(piece for _, piece in parts) == text
    assert all(piece for _, piece in parts)
    assert all(one != next_ for one, next_ in pairwise(names))


def test_sections_have_each_name_once():
    """What comes again under a name goes to its first place, as lines of their own; an unnamed text is split."""
    made = sections([(None, "Fall.\nFINDINGS: a"), ("impression", "b"), (None, "FINDINGS: c"), ("impression", "d\n")])

    assert made == (
        Section(UNNAMED, "Fall.\n"),
        Section("findings", "FINDINGS: a\nFINDINGS: c"),
        Section("impression", "b\nd\n"),
    )


def test_a_named_text_is_not_split():
    """What the source calls the impression is it, whatever it quotes."""
    assert sections([("impression", "x\nFINDINGS: y")]) == (Section("impression", "x\nFINDINGS: y"),)


def test_there_is_always_a_section():
    """An empty report is one: it is counted as such."""
    assert sections([]) == (Section(UNNAMED, ""),)


def test_names_of_codes():
    """Words and LOINC codes of sections; others have none."""
    assert [name_of("  Clinical   INDICATION: "), name_of("CHEST"), name_of("")] == ["indication", None, None]
    assert [name_of_loinc("19005-8"), name_of_loinc("24627-2")] == ["impression", None]
