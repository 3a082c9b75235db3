"""Words that a document's reader gets to see, and its text doesn't show."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.finding import Finding, refusals
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.notebook import scan_notebook, stripped
from ccds_kernel.airlock.scan.picture import scan_svg
from ccds_kernel.airlock.scan.scan import scan_file
from ccds_kernel.airlock.scan.words import json_words, yaml_words
from ccds_kernel.airlock.submission import Kind, SealedFile, Submission
from support.airlock import REASON, REPORTS, SECRET, SVG

KNOWN = KnownTexts(REPORTS.values(), REPORTS)
REPORT = "8 or more words of a report"
HALF, REST = SECRET[:50], SECRET[50:]


@pytest.fixture
def refused(tmp_path):
    """What may not leave in a text that is submitted under a name."""

    def scan_it(text: str, name: str) -> list[str]:
        (tmp_path / name).write_text(text)
        submission = Submission(
            "0" * 12, "CHEST-1", "sam", Kind.TABLE, REASON, (SealedFile(name, 1, "a" * 64),), datetime.now(UTC)
        )
        return [finding.what for finding in refusals(scan_file(tmp_path / name, name, submission, KNOWN))]

    return scan_it


def unicode(text: str) -> str:
    """`text` with each letter as JSON may write it."""
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f'{{"note": "{unicode(SECRET)}"}}', "a.json"), (f'{{"{unicode(SECRET)}": 1}}', "a.json"),
        (json.dumps({"note": SECRET.replace(" ", "\n")}), "a.json"), (json.dumps({"a": HALF, "b": REST}), "a.json"),
        (f'note: "{HALF}\\\n  {REST}"', "a.yaml"), (f"note: '{HALF}\n  {REST}'", "a.yml"), (f"{SECRET}: 1", "a.yaml"),
        (f'note: "{unicode(SECRET)}"', "a.yaml"),
        (f"a: &a {HALF}\nb: *a\nc: {HALF}{REST}\n", "a.yaml"),
    ],
)  # fmt: skip
def test_a_report_in_a_document_is_found_as_its_reader_sees_it(refused, text, name):
    """Names and values, escaped, cut into lines, told in two values."""
    assert refused("{}\n", name) == []

    assert refused(text, name) == [REPORT]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a": 1, "a": 2}', "a.json"), ('[{"a": {"b": 1, "b": 1}}]', "a.json"), ("[" * 100_000, "a.json"), ("{", "a.json"),
        ("a: [", "a.yaml"), ("[" * 100_000, "a.yaml"), ("- " * 60 + "x", "a.yml"), ("a: *b\n\t- c", "a.yaml"),
    ],
)  # fmt: skip
def test_a_document_that_hides_something_or_never_ends_is_refused(refused, text, name):
    """A name that stands twice, of which a reader sees the second; more lists in lists than anybody reads."""
    assert refused(text, name) == [f"{name[2:].upper()} that isn't well-formed"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.booleans())
def test_every_word_of_a_document_is_told(value, ascii_only):
    """However it is nested and written."""
    words, pending = [], [value]
    while pending:
        one = pending.pop()
        words += [one] if isinstance(one, str) else list(one) if isinstance(one, dict) else []
        pending += list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []

    assert sorted(json_words(json.dumps(value, ensure_ascii=ascii_only))) == sorted(words)


@given(st.text())
def test_any_text_is_yaml_or_none(text):
    """No surprise."""
    try:
        yaml_words(text)
    except ValueError:
        return


def in_svg(inside: str) -> list[str]:
    """What may not leave in a chart with that in it."""
    return [
        finding.what for finding in refusals(scan_svg(SVG.replace("<rect", f"{inside}<rect", 1).encode(), "a", KNOWN))
    ]


ENTITIES = "".join(f"&#{ord(sign)};" for sign in SECRET)
ONE_BY_ONE = "".join(f"<tspan>{sign}</tspan>" for sign in SECRET)
DATA = "".join(f"{sign}{n}" for n, sign in enumerate("aQzLmRxKpWvTnB" * 20))


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        (f'<g id="{ENTITIES}"/>', REPORT), (f"<text>{ENTITIES}</text>", REPORT), (f"<text>{ONE_BY_ONE}</text>", REPORT),
        (f'<g id="{HALF}"/><g id="{REST}"/>', REPORT), ('<path d="M 0 0 L DICM"/>', "a drawing with more than lines and numbers"),
        (f'<path d="{DATA}"/>', "a drawing with more than lines and numbers"),
        ('<polygon points="0,0 secret"/>', "a drawing with more than lines and numbers"),
        (f'<g id="{DATA[:200]} {DATA[200:400]}"/><g id="{DATA[400:]}"/>', "data that nobody can read, such as a file in base64"),
        (r"<style>.a:after { content: '\70 at'}</style>", "an SVG with escapes in its style"),
        (r'<g style="font: \70"/>', "an SVG with escapes in its style"),
    ],
)  # fmt: skip
def test_an_svg_s_attributes_are_read_as_well(inside, what):
    """As letters, whatever stands for them; placed one by one; and where numbers should be."""
    plain = '<path d="M 12.5 307.2&#10;L 414.7,-3e-2 z"/><polyline points="1,2 3,4"/><style>.a {fill: none}</style>'
    assert in_svg(plain) == []

    assert what in in_svg(inside)


def test_a_warning_in_a_cell_hides_nothing_between_the_cells():
    """A notebook is looked through as a whole, whatever was found in its source."""
    notebook = {
        "cells": [{"cell_type": "code", "source": "# 2024-03-17"}],
        "metadata": {"kernelspec": {"name": SECRET}},
        "nbformat": 4,
    }

    found: list[Finding] = scan_notebook(stripped(json.dumps(notebook).encode(), "a.ipynb"), "a.ipynb", KNOWN)

    assert [(finding.severity, finding.place) for finding in found] == [
        ("warn", "cell 1, line 1"),
        ("refuse", "its words"),
    ]
