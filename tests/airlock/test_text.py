"""Reports' words, accession numbers and patients' traces in texts."""

import base64
import binascii
import random
import string
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.finding import Severity
from ccds_kernel.airlock.scan.escapes import unescaped
from ccds_kernel.airlock.scan.known_texts import RUN, KnownTexts
from ccds_kernel.airlock.scan.text import UNREADABLE, decoded, scan_text
from support.airlock import REPORTS, SECRET

KNOWN = KnownTexts(REPORTS.values(), [*REPORTS, "abcdefghijklmnop", "A1"])
NOTHING = KnownTexts([], [])
WORDS = SECRET.split()
FULL_WIDTH = "".join(chr(ord(sign) + 0xFEE0) if sign.isalpha() else sign for sign in SECRET)
PROSE = ["The model was trained on eighty thousand studies, and scored on nine thousand others.", ""] * 20
WORD = st.text(string.ascii_letters, min_size=1, max_size=8)


def found(text: str, known: KnownTexts = KNOWN) -> dict[str, str]:
    """What → where, of the findings."""
    return {finding.what: finding.place for finding in scan_text(text, "a.md", known)}


@pytest.mark.parametrize(
    "text",
    [
        SECRET, SECRET.upper(), SECRET.replace(" ", "\n"), SECRET.replace(" ", "\t |  "), SECRET.replace(" ", "\u00a0"),
        SECRET.replace("e", "e\u200b"), SECRET.replace("convexity", "con\u00advexity"), f'"{SECRET}"', f"# {SECRET}",
        " ".join(WORDS[2 : 2 + RUN]), FULL_WIDTH,
    ],
)  # fmt: skip
def test_a_report_s_words_are_found_however_they_are_written(text):
    """Another case, other white space, signs that nobody sees, full-width letters: eight words in their order are a report's."""
    assert "8 or more words of a report" in found(f"Some text.\n{text}\nMore of it.")


ESCAPES = {
    "json": lambda sign: f"\\u{ord(sign):04x}", "yaml": lambda sign: f"\\x{ord(sign):02x}",
    "js": lambda sign: f"\\u{{{ord(sign):x}}}",
    "long": lambda sign: f"\\U{ord(sign):08x}", "octal": lambda sign: f"\\{ord(sign):03o}", "svg": lambda sign: f"&#{ord(sign)};",
    "html": lambda sign: f"&#x{ord(sign):x};", "url": lambda sign: f"%{ord(sign):02x}", "slash": lambda sign: f"\\{sign}",
}  # fmt: skip


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
@given(st.integers(0, len(SECRET) - 1))
def test_letters_that_are_written_as_something_else_hide_nothing(escape, at):
    """One letter or all of them, in whichever format's way: reports, numbers and a patient's traces."""
    letters = {sign: escape(sign) for sign in set(SECRET) if sign not in "abefnrtvux0123"}
    place = next((one for one in range(at, len(SECRET)) if SECRET[one] in letters), 0)
    one = SECRET[:place] + letters.get(SECRET[place], SECRET[place]) + SECRET[place + 1 :]
    every = "".join(letters.get(sign, sign) for sign in SECRET)

    for text in (one, every, every.replace("\\", "\\\\"), every.replace("&", "&amp;").replace("%", "%25")):
        assert found(f"x\n{text}")["8 or more words of a report"] == "line 2"


@pytest.mark.parametrize("between", ["\\n", "\\t", "\\r", "\\u2028", "&nbsp;", "&#10;", "%20", "\\x20"])
def test_white_space_that_is_written_as_letters_separates_words(between):
    r"""`\n` between two words is no letter of the second."""
    assert "8 or more words of a report" in found(between.join(WORDS))
    assert "an accession number or study key" in found(f"a{between}ACC0012345{between}b")


@given(st.text())
def test_any_text_is_unescaped_and_none_gets_another_line(text):
    """Half an escape, a letter that isn't there, half a letter: no surprise."""
    for one in (text, f"\\U{text}", f"\\ud800{text}", f"&#{text};", f"%ff{text}", "\\Uffffffff"):
        assert len(unescaped(" ".join(one.splitlines())).splitlines()) <= 1


@pytest.mark.parametrize(
    "text",
    [
        " ".join(WORDS[: RUN - 1]),
        " ".join(reversed(WORDS)),
        " ".join(f"{word} x" for word in WORDS),
        "",
        "No acute finding.",
    ],
)
def test_less_than_eight_words_in_their_order_are_not(text):
    """Words that every report has may leave."""
    assert found(text) == {}


@given(st.lists(WORD, min_size=RUN, max_size=40), st.data())
def test_any_eight_words_of_any_report_are_found(words, data):
    """Wherever in the report they stand, and on the line on which they begin."""
    begin = data.draw(st.integers(0, len(words) - RUN))
    before = data.draw(st.integers(0, 3))
    known = KnownTexts([" ".join(words)], [])

    lines = known.lines_with_words(["§"] * before + [" ".join(words[begin : begin + RUN])])

    assert lines == [before]


def test_words_of_two_reports_are_no_words_of_one():
    """The end of a report and the begin of the next don't join."""
    known = KnownTexts(["one two three four", "five six seven eight"], [])

    assert known.lines_with_words(["one two three four five six seven eight"]) == []


@pytest.mark.parametrize(
    "text",
    ["ACC0012345", "acc0012345", "x,ACC0012345,1", "images/ACC0012345.nii.gz", "(ACC0012345)", "id:ACC0012345;",
     "abcdefghijklmnop", "ACC0012345_2"],
)  # fmt: skip
def test_an_accession_number_or_study_key_is_found(text):
    """In any case, in cells, paths and brackets."""
    assert found(f"first\n{text}")["an accession number or study key"] == "line 2"


@pytest.mark.parametrize("text", ["XACC0012345", "ACC00123456", "A1", "the studies A1 to A9"])
def test_another_number_is_not_one(text):
    """Nor are ids so short that every table has them."""
    assert "an accession number or study key" not in found(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("on 2024-03-17", "a day"), ("17.03.2024", "a day"), ("3/17/24", "a day"), ("20240317", "a day"),
        ("12345678", "a long number"), ("MRN 5", "words that go with a patient"), ("PatientName", "words that go"),
        ("DOE^JANE", "a name"), ("seen by Dr. Miller", "a name"), ("Mrs Smith", "a name"), ("jane@hospital.org", "an e-mail"),
        ("617-555-1234", "an e-mail address or a telephone number"),
    ],
)  # fmt: skip
def test_a_patient_s_traces_are_pointed_out(text, what):
    """As a warning, with the line, and nothing of what stands there."""
    findings = scan_text(f"\n\n{text}\n", "a.md", NOTHING)

    assert [(finding.severity, finding.place) for finding in findings if finding.what.startswith(what)] == [
        (Severity.WARN, "line 3")
    ]
    assert not any(part in str(finding) for finding in findings for part in (text, "Miller", "jane@"))


@pytest.mark.parametrize(
    "text", ["0.9134", "sensitivity 0.912345678", "2024-03", "version 1.2.0", "auc=0.87 (0.81-0.93)", "1e-10"]
)
def test_numbers_of_a_result_are_no_traces(text):
    """Rates, months and versions."""
    assert scan_text(text, "a.md", NOTHING) == []


@pytest.mark.parametrize(
    "text", ["A" * 300, "data:image/png;base64,AAAA", "1.2.840.113619.2.55.3.604688.119", "0aF9" * 80]
)
def test_what_nobody_can_read_does_not_leave(text):
    """Files written as letters; identifiers of DICOM objects."""
    assert [finding.severity for finding in scan_text(text, "a.md", NOTHING)][:1] == [Severity.REFUSE]


RANDOM = random.Random(4).randbytes(6000)  # noqa: S311 - the same bytes in every run
FORMS = {
    "base64": base64.b64encode, "base32": base64.b32encode, "hex": lambda data: data.hex().encode(), "base85": base64.b85encode,
    "ascii85": base64.a85encode,
    "uu": lambda data: b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("width", [1, 4, 13, 76, 255, 10**6])
@pytest.mark.parametrize("between", ["\n", " ", '"\n    "', "\n\n> "])
def test_data_written_as_letters_is_found_however_it_is_cut(form, width, between):
    """Into lines, words, or strings of a program, in whichever alphabet; the line on which it begins is told."""
    letters = form(RANDOM).decode()
    text = "\n".join([*PROSE, between.join(textwrap.wrap(letters, width)), *PROSE])

    findings = scan_text(text, "a.md", NOTHING)

    assert [finding.severity for finding in findings if finding.what == UNREADABLE] == [Severity.REFUSE]


@pytest.mark.parametrize(("form", "width"), [("base64", 60), ("hex", 32), ("base64", 76)])
def test_few_lines_of_it_are_enough(form, width):
    """Less than what the eye takes for a picture: 256 letters on lines of one word each."""
    lines = textwrap.wrap(FORMS[form](RANDOM[:240]).decode(), width)

    assert found("\n".join(["words", *lines, "words"]))[UNREADABLE] == "line 2"


def test_words_code_and_numbers_can_be_read():
    """Everything that this repository says of itself, identifiers one a line, and numbers of seventeen digits."""
    root = Path(__file__).parents[2]
    texts = [path.read_text() for path in (*root.glob("docs/*.md"), *root.glob("ccds_kernel/airlock/**/*.py"))]
    texts.append("\n".join(f"layer{n}.relative_position_bias_table_{n}" for n in range(300)))
    texts.append("\n".join(f"{n / 7},{n / 11:.3f},{n / 13:.8e}" for n in range(500)))

    assert len(texts) > 30
    assert [
        text[:40] for text in texts if any(one.what == UNREADABLE for one in scan_text(text, "a.md", NOTHING))
    ] == []


def test_a_page_of_numbers_is_data():
    """Also in decimal digits, which look like any table's; a table has bounds of its own."""
    text = "\n".join(", ".join(str(byte) for byte in RANDOM[at : at + 20]) for at in range(0, 6000, 20))

    assert "more than 20,000 numbers, which is data" not in found(text)
    assert "more than 20,000 numbers, which is data" in found(f"{text}\n" * 4)
    assert scan_text(f"{text}\n" * 4, "a.csv", NOTHING, quiet=True) == []


@pytest.mark.parametrize("text", ["p", "\\u0070", "A'", "-", "\\", "&", "%41", "+1 1", "1 ", "1.", "a@", '"'])
def test_a_megabyte_of_the_same_is_looked_through(text):
    """Patterns that begin anew at each letter would take hours, and the test's time with them."""
    assert all(finding.severity in Severity for finding in scan_text(text * (2**20 // len(text)), "a.md", NOTHING))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00a", b"a\0b", b"\x1b[31m", b"caf\xe9"])
def test_what_is_no_text_is_refused(content):
    """Other encodings, zero bytes, signs that a terminal obeys."""
    assert decoded(content, "a.md").severity is Severity.REFUSE


def test_many_places_are_told_by_the_first_few():
    """A reviewer who sees five of them knows where to look."""
    (finding,) = scan_text("2024-03-17\n" * 12, "a.md", NOTHING)

    assert finding.place == "line 1, line 2, line 3, line 4, line 5 and 7 more"


ALL_AT_ONCE = f"{SECRET}\nACC0012345\n2024-03-17\n12345678\nDr. Reed\na@b.org\nmrn\n{'A' * 300}\n1.2.3.4.5.6.7.8.9"
OWN_WORDS = {finding.what for finding in scan_text(ALL_AT_ONCE, "a.md", KNOWN)}


@given(st.text())
def test_no_finding_quotes(text):
    """Whatever is scanned, what is told of it are our own words."""
    assert len(OWN_WORDS) == 9
    assert {finding.what for finding in scan_text(text, "a.md", KNOWN)} <= OWN_WORDS
