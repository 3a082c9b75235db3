"""Reports in HL7 v2 ORU messages (HL7 v2.5.1, chapter 7)."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.hl7_reports import Hl7Reading, read_hl7
from ccds_kernel.labeling.incoming.version import Sent, Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report, Section
from support.messages import obr, obx, oru


@pytest.fixture
def read(tmp_path):
    """What a file of some messages holds."""

    def read_it(*messages: bytes, **reading: str) -> list[Version | Unreadable]:
        (tmp_path / "r.hl7").write_bytes(b"".join(messages))
        return list(read_hl7(tmp_path / "r.hl7", Hl7Reading(**reading)))

    return read_it


def texts(entry: Version | Unreadable) -> dict[str, str]:
    """The sections of a version."""
    assert isinstance(entry, Version)
    return {section.name: section.text for section in entry.report.sections}


def test_a_message_makes_a_report(read):
    """Accession number, exam code, day, and the lines of its OBX, escape sequences carried out, cut at the headings."""
    lines = ["EXAM: CHEST", "", "FINDINGS: Heart \\T\\ lungs", "are clear.\\.br\\No effusion.", "IMPRESSION: Normal."]

    (version,) = read(oru(obr("ACC-1"), *map(obx, lines)))

    assert version == Version(
        1,
        Standing.FINAL,
        Report(
            "ACC-1",
            (
                Section("exam", "EXAM: CHEST\n\n"),
                Section("findings", "FINDINGS: Heart & lungs\nare clear.\nNo effusion.\n"),
                Section("impression", "IMPRESSION: Normal."),
            ),
            "CXR1",
            date(2020, 5, 1),
        ),
        Sent("MSH-7", datetime.fromisoformat("2020-05-01T10:15")),
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("71020&IMP^CHEST^L", "impression"),
        ("71020&REC", "recommendation"),
        ("71020&ADT^ADDENDUM", "addendum"),
        ("19005-8^Radiology Imaging study [Impression]^LN", "impression"),
        ("R^FINDINGS:^L", "findings"),
        ("CLINICAL HISTORY", "history"),
        ("R^x^L^S^Impression^99", "impression"),
        ("71020&GDT^CHEST^L", "text"),
    ],
)
def test_a_section_is_named_by_what_the_obx_is(read, code, name):
    """By suffix, LOINC code or the words of a heading; else it has no name."""
    (version,) = read(oru(obr(), obx("one", code), obx("two", code)))

    assert texts(version) == {name: "one\ntwo"}


def test_repetitions_are_lines(read):
    """OBX-5 repeated, one OBX after the other, and an empty one between: lines of one text."""
    (version,) = read(oru(obr(), obx("one~two"), obx(""), obx('""'), obx("three", kind="FT"), obx("four", kind="ST")))

    assert texts(version) == {"text": "one\ntwo\n\n\nthree\nfour"}


def test_what_is_no_text_is_not_read(read):
    """Numbers, coded values; a dictated impression sent as a code's words is text; what was deleted is not."""
    (version,) = read(
        oru(
            obr(),
            obx("12.3", kind="NM"),
            obx("R91.1^Nodule^I10", kind="CE"),
            obx("^congestive heart failure", "71020&IMP", kind="CE"),
            obx("wrong", status="W"),
            obx("deleted", status="D"),
            obx("clear"),
        )
    )

    assert texts(version) == {"impression": "congestive heart failure", "text": "clear"}


@pytest.mark.parametrize(
    ("requested", "results", "standing"),
    [
        ("F", "FF", Standing.FINAL),
        ("C", "FC", Standing.CORRECTED),
        ("F", "FC", Standing.CORRECTED),
        ("P", "PP", Standing.PRELIMINARY),
        ("R", "RR", Standing.PRELIMINARY),
        ("X", "X", Standing.WITHDRAWN),
        ("", "FF", Standing.FINAL),
        ("", "FC", Standing.CORRECTED),
        ("", "FP", Standing.PRELIMINARY),
        ("", "UU", Standing.FINAL),
        ("F", "UF", Standing.FINAL),
    ],
)
def test_the_status_says_how_far_it_counts(read, requested, results, standing):
    """OBR-25 (table 0123), or OBX-11 (table 0085) where there is none; a corrected OBX corrects."""
    (version,) = read(oru(obr(status=requested), *(obx("x", status=status) for status in results)))

    assert version.standing is standing


def test_a_message_may_hold_several_reports(read):
    """Each OBR begins one; what is odd in one leaves the others."""
    entries = read(
        oru(obr("A1"), obx("one"), obr(""), obx("two"), obr("A3"), obx("three")), oru(obr("A4"), obx("four"), number=2)
    )

    assert [(entry.number, type(entry)) for entry in entries] == [
        (1, Version),
        (1, Unreadable),
        (1, Version),
        (2, Version),
    ]
    assert [entry.report.accession for entry in entries if isinstance(entry, Version)] == ["A1", "A3", "A4"]


def test_a_report_without_text_is_a_report(read):
    """It is counted as empty when it is loaded."""
    (version,) = read(oru(obr()))

    assert version.report.is_empty


@pytest.mark.parametrize("fields", ["< 3|mm|0-10||||F", "< 3|mm^millimeter^UCUM|||||F", "< 3||||||F", "< 3"])
def test_a_measurement_in_words_has_units(read, fields):
    """Those of an OBX of type ST are a code; what has neither units nor status is a text that ends there."""
    (version,) = read(oru(obr(), f"OBX|1|ST|71020||{fields}"))

    assert texts(version) == {"text": "< 3"}


def test_comments_are_told(read):
    """Behind an OBR or an OBX; those on the patient, before it, and empty ones are none of the report's."""
    entries = read(
        oru("NTE|1||x", obr("A1"), obx("one"), "NTE|1||", obr("A2"), "NTE|1||x", obx("two")),
        oru(obr("A3"), obx("three"), "NTE|1||x", number=2),
    )

    assert [(entry.report.accession, entry.commented) for entry in entries] == [
        ("A1", False),
        ("A2", True),
        ("A3", True),
    ]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"), ("GB 18030-2000", "gb18030"), ("", "cp1252")],
)
def test_the_character_set_is_the_message_s(read, charset, encoding):
    """Each message's own; where it names none, the site's."""
    (first, second) = read(
        oru(obr(), obx("Größe ½"), charset=charset, encoding=encoding),
        oru(obr("A2"), obx("Größe"), charset="UNICODE UTF-8", number=2),
        charset="cp1252",
    )

    assert [texts(first), texts(second)] == [{"text": "Größe ½"}, {"text": "Größe"}]


def test_the_accession_number_s_field_is_the_site_s(read):
    """OBR-3 instead of OBR-18, a component of it; nothing is taken from another field."""
    message = oru(obr("A1").replace("|F1|", "|9^RIS|"), obx("x"))

    found = [read(message, accession_field=field)[0] for field in ("OBR-18", "OBR-3", "OBR-3.2", "OBR-20")]

    assert [one.report.accession for one in found[:3]] == ["A1", "9", "RIS"]
    assert found[3] == Unreadable(1, "there is no accession number in OBR-20")


@pytest.mark.parametrize(
    ("time", "day"),
    [("", None), ('""', None), ("20200229", date(2020, 2, 29)), ("20200501235959.123-0500", date(2020, 5, 1))],
)
def test_the_study_date_is_the_day_of_the_exam(read, time, day):
    """As it was where the exam was made: no time zone is reckoned with."""
    (version,) = read(oru(obr(time=time), obx("x")))

    assert version.report.study_date == day


GOOD = oru(obr("A9"), obx("x"), number=2)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (oru(obr(""), obx("x")), "no accession number in OBR-18"),
        (oru(obr("A" * 65), obx("x")), "an accession number of 1 to 64 characters"),
        (oru(obr(time="202005"), obx("x")), "names no day"),
        (oru(obr(time="20200231"), obx("x")), "names no day"),
        (oru(obr(status=""), obx("x", status="")), "no status"),
        (oru(obr(status="Q"), obx("x")), "none that HL7 has"),
        (oru(obr(), obx("one | two")), "isn't escaped"),
        (oru(obr(), obx("one |")), "isn't escaped"),
        (oru(obr(), obx("one ||||||two")), "isn't escaped"),
        (oru(obr(), obx("one || two")), "isn't escaped"),
        (oru(obr(), "OBX|1|TX|71020||one ||| two"), "isn't escaped"),
        (oru(obr(), obx("No mass | or effusion", kind="ST")), "isn't escaped"),
        (oru(obr(), "OBX|1|ST|71020||No mass | or effusion"), "isn't escaped"),
        (oru(obr(), "OBX|1|ST|71020||No mass |effusion"), "isn't escaped"),
        (oru(obr(), "OBX|1|ST|71020||No mass | or effusion|||||F"), "isn't escaped"),
        (oru(obr(), obx("", status="U")), "doesn't send again"),
        (oru(obr(status=""), obx("one"), obx("", kind="", status="U")), "doesn't send again"),
        (oru(obr(), "NTE|1||DOE"), "in comments (NTE)"),
        (oru(obr(), obx("12.3", kind="NM"), "NTE|1||DOE", obx(" ")), "in comments (NTE)"),
        (oru(obr(), obx("x", kind="")), "no type"),
        (oru(obr(), obx("^application^pdf^Base64^SGk=", kind="ED")), "in an attachment"),
        (oru(obr(), obx("\\X00\\")), "a zero byte"),
        (oru(obr(), obx("\\M2442\\")), "switches its character set"),
        (oru(obr(), obx("Größe"), encoding="latin-1"), "aren't of its character set"),
        (oru(obr(), obx("x"), charset="UNICODE UTF-16"), "isn't one that is read"),
        (oru(obx("x")), "before the first OBR"),
        (oru(), "no OBR"),
        (oru(obr(), obx("x"), "and on the next line"), "no segment"),
        (oru(obr(), obx("x")).replace(b"ORU^R01", b"ADT^A08"), "no ORU message"),
        (b"MSH|\r", "cut short"),
        (b"MSH|^~\\|RIS\r", "delimiters"),
    ],
)
def test_what_makes_no_report_is_told_without_its_text(read, message, reason):
    """The message's number and why; the next message is read."""
    odd, good = read(message, GOOD)

    assert isinstance(odd, Unreadable)
    assert odd.number == 1
    assert reason in odd.reason
    assert not {"DOE", "Größe", "A1"} & set(odd.reason.replace(",", " ").split())
    assert texts(good) == {"text": "x"}


@pytest.mark.parametrize(
    "reading",
    [
        {"accession_field": "PID-3"},
        {"accession_field": "OBR-0"},
        {"charset": "klingon"},
        {"charset": "utf-16"},
        {"charset": "a\0"},
    ],
)
def test_a_reading_that_cannot_be_is_refused(reading):
    """A field that isn't one of OBR, an encoding that isn't one of ASCII's kin."""
    with pytest.raises(CcdsError):
        Hl7Reading(**reading)


ESCAPED = str.maketrans(
    {
        "|": "\\F\\",
        "^": "\\S\\",
        "&": "\\T\\",
        "~": "\\R\\",
        "\\": "\\E\\",
        **{sign: f"\\X{ord(sign):02X}\\" for sign in "\r\x0b\x1c"},
    }
)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_a_text_goes_out_and_comes_back(tmp_path_factory, text):
    """Whatever it is, one OBX for each of its lines, word for word; two quotation marks alone say that there is no value."""
    path = tmp_path_factory.mktemp("hl7") / "r.hl7"
    lines = text.split("\n")
    path.write_bytes(oru(obr(), *(obx(line.translate(ESCAPED), "19005-8") for line in lines)))

    (version,) = read_hl7(path, Hl7Reading())

    assert texts(version) == {"impression": "\n".join("" if line == '""' else line for line in lines)}
