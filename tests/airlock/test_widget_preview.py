"""How the airlock's page shows a file before it leaves: all of it, page by page, in whatever form it has."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.scan.notebook import stripped
from ccds_kernel.errors import CcdsError
from ccds_widgets.airlock.preview import GOES_ON, MOST_LINES, preview
from support.airlock import SVG, TABLE, png


def every_page(name: str, content: bytes) -> list[dict]:
    """All pages of a file, one after the other."""
    first = preview(name, content)
    return [first, *(preview(name, content, page) for page in range(1, first["pages"]))]


def test_a_table_is_shown_page_by_page():
    """Every row and column, with its line in the file, and which part it is."""
    columns = [f"c{n}" for n in range(60)]
    rows = [[f"{n}.{m}" for m in range(60)] for n in range(450)]
    text = "\n".join(",".join(row) for row in [columns, *rows])

    pages = every_page("a.csv", text.encode())

    assert [row for page in pages for row in page["rows"]] == rows
    assert [(page["first"], page["note"], page["page"], page["pages"]) for page in pages] == [
        (2, "rows 1 to 200 of 450", 0, 3),
        (202, "rows 201 to 400 of 450", 1, 3),
        (402, "rows 401 to 450 of 450", 2, 3),
    ]
    assert {tuple(page["header"]) for page in pages} == {tuple(columns)}
    assert preview("b.tsv", b"a\tb\n1\t2\n")["rows"] == [["1", "2"]]
    assert preview("a.csv", TABLE.encode())["note"] == ""


@pytest.mark.parametrize(
    "text", ["a,b\n1," + "x" * 501, ",".join("a" * 101), 'a,b\n"1,2\n', ""], ids=["long", "wide", "broken", "empty"]
)
def test_a_table_that_fits_no_screen_is_shown_as_text(text):
    """Nothing of it is cut."""
    (page,) = every_page("a.csv", text.encode())

    assert (page["as"], page["text"].replace(f"\n{GOES_ON}", "")) == ("text", text.rstrip("\n"))


def test_a_long_line_goes_on_below_and_a_long_text_on_the_next_page():
    """Every letter is shown, on lines that a person reads."""
    text = "".join(f"{n} {chr(97 + n % 26) * (n * 7 % 3000)}\n" for n in range(700))

    pages = every_page("a.md", text.encode())

    shown = "\n".join(page["text"] for page in pages)
    assert shown.replace(f"\n{GOES_ON}", "") == text.rstrip("\n")
    assert max(map(len, shown.splitlines())) == 500
    assert {len(page["text"].splitlines()) for page in pages[:-1]} == {MOST_LINES}
    assert pages[0]["note"].startswith("lines 1 to 400 of ")


def test_json_on_one_line_is_laid_out():
    """Each value on its line, words decoded, numbers to the last digit, a name that stands twice both times."""
    text = '{"a": [1.00000000000000000007, {"note": "\\u0074wo"}], "a": null}'

    (page,) = every_page("a.json", text.encode())

    assert page["text"].split() == [
        '{', '"a":', '[', '1.00000000000000000007,', '{', '"note":', '"two"', '}', '],', '"a":', 'null', '}',
    ]  # fmt: skip
    assert len(page["text"].splitlines()) == 9


@pytest.mark.parametrize("text", ["{", '{"a": ', "[1] [2]", '"' + '\\"' * 9])
def test_what_is_no_json_is_shown_as_it_is(text):
    """Letter by letter."""
    assert preview("a.json", text.encode())["text"] == text


def test_json_of_megabytes_is_shown_to_its_end():
    """Page by page."""
    pages = every_page("a.json", json.dumps({"values": list(range(1000)), "last": "here"}).encode())

    assert len(pages) == 3
    assert [line.strip(" ,") for page in pages for line in page["text"].splitlines()][2:1002] == [
        str(n) for n in range(1000)
    ]
    assert '"last": "here"' in pages[-1]["text"]


def test_a_long_cell_goes_on_on_the_next_page():
    """With the number that it has."""
    cells = [
        {"cell_type": "code", "source": "\n".join(f"x = {n}" for n in range(900))},
        {"cell_type": "raw", "source": ""},
    ]
    pages = every_page("a.ipynb", stripped(json.dumps({"cells": cells, "nbformat": 4}).encode(), "a.ipynb"))

    shown = [[(cell["number"], len(cell["source"].splitlines())) for cell in page["cells"]] for page in pages]

    assert shown == [[(1, 400)], [(1, 400)], [(1, 100), (2, 0)]]


@pytest.mark.parametrize(
    ("name", "content", "type_"),
    [("a.png", png(), "image/png"), ("a.jpg", b"\xff\xd8", "image/jpeg"), ("a.svg", b"<svg/>", "image/svg+xml")],
)
def test_a_picture_goes_beside_the_answer(name, content, type_):
    """As bytes of a fixed type, that the page gives to an image element."""
    assert preview(name, content) == {
        "as": "picture", "type": type_, "buffers": [content], "note": "", "page": 0, "pages": 1,
    }  # fmt: skip


def test_an_svg_s_words_follow_it():
    """Those that nobody draws as well."""
    picture, words = every_page("a.svg", SVG.replace("<text>", "<desc>hidden &amp; told</desc><text>").encode())

    assert (picture["as"], words["text"]) == ("picture", "hidden & told\nROC")


@given(
    st.sampled_from(["a.csv", "a.tsv", "a.md", "a.json", "a.ipynb", "a.svg"]), st.binary() | st.text().map(str.encode)
)
def test_any_content_has_a_preview(name, content):
    """Short enough for a page, and JSON where it is no picture."""
    for shown in every_page(name, content):
        assert shown.pop("buffers", [content]) == [content]
        assert len(json.dumps(shown)) < 10**7
        assert len(shown.get("text", "").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", [-1, 1])
def test_a_page_that_is_not_there_is_refused(page):
    """In one line."""
    with pytest.raises(CcdsError, match=f"expected a page from 1 to 1; found {page + 1}"):
        preview("a.md", b"x", page)
