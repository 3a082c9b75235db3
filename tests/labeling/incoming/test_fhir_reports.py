"""Reports in FHIR DiagnosticReport resources (R4 and R5)."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.fhir_reports import FhirReading, read_fhir
from ccds_kernel.labeling.incoming.version import Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report, Section
from support.messages import attachment, diagnostic_report, ndjson

TEXT = "FINDINGS: Heart & lungs are clear.\nIMPRESSION: Normal."
ACCESSION = {"type": {"coding": [{"code": "ACSN"}]}, "value": " A7 "}


@pytest.fixture
def read(tmp_path):
    """What a file with some bytes, or with resources one per line, holds."""

    def read_it(*content: object, largest: int = 10_000_000, **reading: str) -> list[Version | Unreadable]:
        raw = content[0] if isinstance(content[0], bytes) else ndjson(*content)
        (tmp_path / "r.json").write_bytes(raw)
        return list(read_fhir(tmp_path / "r.json", FhirReading(**reading), largest=largest))

    return read_it


def texts(entry: Version | Unreadable) -> dict[str, str]:
    """The sections of a version."""
    assert isinstance(entry, Version), entry
    return {section.name: section.text for section in entry.report.sections}


def observation(
    id_: str, text: str | None, code: dict[str, object] | None = None, **elements: object
) -> dict[str, object]:
    """An Observation in words."""
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": code or {"text": "Chest"},
        "valueString": text,
        **elements,
    }


def bundle(*resources: dict[str, object]) -> dict[str, object]:
    """Resources together, each with an address of its own."""
    entries = [{"fullUrl": f"urn:uuid:{place}", "resource": one} for place, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_a_resource_makes_a_report(read):
    """Accession number, exam code, day, and the text as issued, cut at its headings; a conclusion that repeats it isn't added."""
    (version,) = read(diagnostic_report("ACC-1", presentedForm=[attachment(TEXT)], conclusion="Normal."))

    assert version == Version(
        1,
        Standing.FINAL,
        Report(
            "ACC-1",
            (
                Section("findings", "FINDINGS: Heart & lungs are clear.\n"),
                Section("impression", "IMPRESSION: Normal."),
            ),
            "CXR1",
            date(2020, 5, 1),
        ),
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_may_be_a_resource_or_a_bundle(read, indent):
    """One resource over several lines, or on one; of a Bundle every report, whatever else is in it."""
    one, two = (diagnostic_report(accession, presentedForm=[attachment("x")]) for accession in ("A1", "A2"))

    alone = read(json.dumps(one, indent=indent).encode())
    together = read(b"\xef\xbb\xbf" + json.dumps(bundle({"resourceType": "Patient"}, one, two), indent=indent).encode())

    assert [entry.report.accession for entry in alone] == ["A1"]
    assert [entry.report.accession for entry in together] == ["A1", "A2"]


def test_lines_are_numbered_as_they_stand(read):
    """Blank ones count, so that an editor shows the same number; a line may be a Bundle."""
    one, two, three = (diagnostic_report(accession, conclusion="x") for accession in ("A1", "A2", "A3"))

    entries = read(b"\n" + ndjson(one) + b"\r\n" + ndjson(bundle(two, three)))

    assert [(entry.number, entry.report.accession) for entry in entries] == [(2, "A1"), (4, "A2"), (4, "A3")]


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("final", Standing.FINAL),
        ("amended", Standing.CORRECTED),
        ("corrected", Standing.CORRECTED),
        ("appended", Standing.CORRECTED),
        ("registered", Standing.PRELIMINARY),
        ("partial", Standing.PRELIMINARY),
        ("preliminary", Standing.PRELIMINARY),
        ("modified", Standing.PRELIMINARY),
        ("cancelled", Standing.WITHDRAWN),
        ("entered-in-error", Standing.WITHDRAWN),
    ],
)
def test_the_status_says_how_far_it_counts(read, status, standing):
    """FHIR's diagnostic-report-status; what doesn't count needs no text."""
    (version,) = read(
        diagnostic_report(status=status, result=[{"reference": "Observation/1"}], presentedForm=[attachment("x")])
    )

    assert version.standing is standing


def test_without_a_text_as_issued_results_and_conclusion_are_the_report(read):
    """Contained ones, in the order in which the report names them; what is void, or no text, isn't read."""
    report = diagnostic_report(
        contained=[
            observation("i", "none", {"coding": [{"system": "http://loinc.org", "code": "19005-8"}]}),
            observation("f", "clear", {"text": "Findings"}),
            observation("x", "wrong", status="entered-in-error"),
            observation("n", None, valueQuantity={"value": 3}),
            observation("d", "fall", {"coding": [{"display": "Clinical history"}]}),
        ],
        result=[{"reference": f"#{one}"} for one in "dfxni"],
        presentedForm=[attachment("<p>x</p>", "text/html"), {"contentType": "text/plain", "url": "Binary/1"}],
        conclusion="normal",
    )

    (version,) = read(report)

    assert texts(version) == {"history": "fall", "findings": "clear", "impression": "none\nnormal"}


def test_results_may_be_elsewhere_in_the_bundle(read):
    """By the address of their entry, by type and id, and by a version of it."""
    report = diagnostic_report(
        result=[{"reference": "urn:uuid:1"}, {"reference": "Observation/b"}, {"reference": "Observation/c/_history/2"}]
    )

    (version,) = read(bundle(report, *(observation(one, one) for one in "abc")))

    assert texts(version) == {"text": "a\nb\nc"}


def test_a_bundle_s_entry_may_have_no_address_and_no_resource(read):
    """As in the answer to a search, or to a transaction."""
    report = diagnostic_report(result=[{"reference": "Observation/a"}])

    (version,) = read(
        {"resourceType": "Bundle", "entry": [{}, {"resource": report}, {"resource": observation("a", "x")}]}
    )

    assert texts(version) == {"text": "x"}


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("text/plain", "utf-8"), ("TEXT/PLAIN; charset=ISO-8859-1", "latin-1"), ('text/plain;charset="utf-8"', "utf-8")],
)
def test_a_text_is_of_its_character_set(read, kind, encoding):
    """UTF-8 where it names none; all texts of a report are read."""
    (version,) = read(
        diagnostic_report(presentedForm=[attachment("Größe\n", kind, encoding), attachment("IMPRESSION: x")])
    )

    assert texts(version) == {"text": "Größe\n", "impression": "IMPRESSION: x"}


def test_the_accession_number_may_be_that_of_order_or_study(read):
    """The report's own first; then what it is based on, by number or by resource; then the imaging study."""
    order = {"resourceType": "ServiceRequest", "id": "o", "identifier": [{"value": "P1"}, ACCESSION]}
    study = {"resourceType": "ImagingStudy", "id": "s", "identifier": [ACCESSION]}
    by_number = [{"identifier": ACCESSION}]

    entries = read(
        diagnostic_report("A1", basedOn=by_number, conclusion="x"),
        diagnostic_report(None, basedOn=by_number, conclusion="x"),
        diagnostic_report(None, basedOn=[{"reference": "#o"}], contained=[order], conclusion="x"),
        bundle(diagnostic_report(None, imagingStudy=[{"reference": "ImagingStudy/s"}], conclusion="x"), study),
        bundle(diagnostic_report(None, study=[{"reference": "urn:uuid:1"}], conclusion="x"), study),
    )

    assert [entry.report.accession for entry in entries] == ["A1", "A7", "A7", "A7", "A7"]


def test_a_replaced_number_is_none(read):
    """Of two accession numbers, the one that is still in use."""
    (version,) = read(
        diagnostic_report(identifier=[{**ACCESSION, "value": "A8", "use": "old"}, ACCESSION], conclusion="x")
    )

    assert version.report.accession == "A7"


def test_a_site_may_name_its_systems(read):
    """Of the identifiers and the codings, those of that system."""
    report = diagnostic_report("A1", conclusion="x")
    report["identifier"].append({"system": "urn:ris", "value": "R1"})
    report["code"]["coding"].append({"system": "http://loinc.org", "code": "36643-5"})

    (version,) = read(report, accession_system="urn:ris", exam_code_system="http://loinc.org")

    assert (version.report.accession, version.report.exam_code) == ("R1", "36643-5")


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"effectiveDateTime": None}, None),
        ({"effectiveDateTime": "2020-02-29"}, date(2020, 2, 29)),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2020-05-01T23:59:59Z"}}, date(2020, 5, 1)),
    ],
)
def test_the_study_date_is_the_day_of_the_exam(read, elements, day):
    """As it is written: no time zone is reckoned with."""
    (version,) = read(diagnostic_report(conclusion="x", **elements))

    assert version.report.study_date == day


def test_a_report_without_text_is_a_report(read):
    """It is counted as empty when it is loaded."""
    blank, none = read(diagnostic_report(presentedForm=[attachment(" \n")]), diagnostic_report())

    assert blank.report.is_empty
    assert none.report.is_empty


GOOD = diagnostic_report("A9", conclusion="x")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (diagnostic_report(None, conclusion="x"), "no identifier of type ACSN"),
        (diagnostic_report(identifier=[ACCESSION, {**ACCESSION, "value": "A8"}]), "more than one identifier"),
        (diagnostic_report("A" * 65, conclusion="x"), "an accession number of 1 to 64 characters"),
        (diagnostic_report(status="unknown", conclusion="x"), "status"),
        (diagnostic_report(status=None, conclusion="x"), "element status"),
        (diagnostic_report(effectiveDateTime="2020-05", conclusion="x"), "names no day"),
        (diagnostic_report(effectiveDateTime="2020-02-31", conclusion="x"), "names no day"),
        (diagnostic_report(presentedForm=[attachment("x", "application/pdf")]), "isn't text/plain"),
        (diagnostic_report(presentedForm=[{"contentType": "text/plain", "data": "DOE"}]), "isn't base64"),
        (diagnostic_report(presentedForm=[attachment("Größe", encoding="latin-1")]), "not of its charset"),
        (diagnostic_report(presentedForm=[attachment("x", "text/plain;charset=klingon")]), "not of its charset"),
        (diagnostic_report(presentedForm=[attachment("a\0b")]), "a zero byte"),
        (diagnostic_report(conclusion="\ud800"), "half a character"),
        (diagnostic_report(conclusion=["DOE"]), "element conclusion"),
        (diagnostic_report(identifier="DOE"), "element identifier"),
        (diagnostic_report(result=[{"reference": "Observation/1"}]), "aren't with it"),
        (diagnostic_report(result=[{"reference": "Observation/1"}], conclusion="x"), "aren't with it"),
        (diagnostic_report(result=[{"display": "CT"}], conclusion="x"), "aren't with it"),
        (
            diagnostic_report(
                contained=[observation("a", "x"), {"resourceType": "Binary", "id": "b"}],
                result=[{"reference": "#a"}, {"reference": "#b"}],
            ),
            "aren't with it",
        ),
        (
            diagnostic_report(
                contained=[observation("a", None, hasMember=[{"reference": "Observation/1"}])],
                result=[{"reference": "#a"}],
                conclusion="x",
            ),
            "in groups",
        ),
        (
            diagnostic_report(presentedForm=[attachment("x", "application/pdf")], conclusion="See findings."),
            "isn't text/plain",
        ),
        (
            diagnostic_report(
                presentedForm=[attachment(" "), {"contentType": "text/plain", "url": "Binary/1"}],
                contained=[observation("n", None, valueQuantity={"value": 3})],
                result=[{"reference": "#n"}],
                conclusion="See findings.",
            ),
            "isn't text/plain, or elsewhere",
        ),
        ({"resourceType": "Patient", "name": [{"family": "DOE"}]}, "no DiagnosticReport"),
        (bundle({"resourceType": "Patient"}), "without a DiagnosticReport"),
        ({"resourceType": "Bundle", "entry": "DOE"}, "element entry"),
        (["DOE"], "no resource"),
        ("DOE", "no resource"),
    ],
)
def test_what_makes_no_report_is_told_without_its_text(read, line, reason):
    """The line's number and why; the next line is read."""
    good, odd, after = read(GOOD, line, GOOD)

    assert isinstance(odd, Unreadable)
    assert odd.number == 2
    assert reason in odd.reason
    assert "DOE" not in odd.reason
    assert texts(good) == texts(after) == {"impression": "x"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (ndjson(GOOD)[:-30] + b"\n", "malformed or cut short"),
        (b"\n", None),
        (b"[" * 100_000 + b"\n", "malformed or cut short"),
        (b'{"resourceType": "\xff"}\n', "aren't UTF-8"),
    ],
)
def test_a_line_that_is_no_json_is_told(read, line, reason):
    """Half a resource, nesting without end, other bytes; the next line is read."""
    entries = read(ndjson(GOOD) + line + ndjson(GOOD))

    odd = [entry for entry in entries if isinstance(entry, Unreadable)]
    assert [(one.number, reason in one.reason) for one in odd] == ([(2, True)] if reason else [])
    assert len(entries) - len(odd) == 2


@pytest.mark.parametrize("first", [ndjson(GOOD)[:-30], b"\xef\xbb\xbf" + ndjson(GOOD)[:40], b"DOE"])
@pytest.mark.parametrize("between", [b"\n", b"\r\n\n"])
def test_the_first_line_may_be_the_broken_one(read, first, between):
    """The line after it tells that resources stand one per line."""
    odd, good, after = read(first + between + ndjson(GOOD, GOOD))

    assert odd == Unreadable(1, "the JSON is malformed or cut short")
    assert texts(good) == texts(after) == {"impression": "x"}


def test_files_may_have_been_put_together(read):
    """Each with a byte order mark of its own."""
    good, after = read((b"\xef\xbb\xbf" + ndjson(GOOD)) * 2)

    assert texts(good) == texts(after) == {"impression": "x"}


def test_a_first_line_that_is_too_long_is_left_out(read):
    """As any other is."""
    odd, good = read(diagnostic_report("A8", conclusion="x" * 2000), GOOD, largest=len(ndjson(GOOD)))

    assert odd == Unreadable(1, "it is longer than a line may be")
    assert texts(good) == {"impression": "x"}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\n \n", "an empty file"),
        (b"accession,text\nA1,x\n", "malformed or cut short"),
        (b"\xff\xfe{\x00", "aren't UTF-8"),
        (json.dumps(GOOD, indent=1).encode()[:-9], "malformed or cut short"),
        (b'[{"resourceType": "DiagnosticReport"}]', "no resource"),
        (b'[\n{"resourceType": "DiagnosticReport"},\n{"resourceType": "DiagnosticReport"}\n]', "no resource"),
    ],
)
def test_a_document_that_is_no_json_is_one_error(read, content, found):
    """There is nothing to go on with."""
    with pytest.raises(CcdsError) as refused:
        read(content)

    assert found in refused.value.found


def test_a_line_that_is_too_long_is_left_out(read):
    """Memory stays bounded, and the next one is read."""
    long = diagnostic_report("A8", conclusion="x" * 2000)

    good, odd, after = read(GOOD, long, GOOD, largest=len(ndjson(GOOD)))

    assert odd == Unreadable(2, "it is longer than a line may be")
    assert (good.number, after.number) == (1, 3)


def test_a_document_that_is_too_long_is_one_error(read):
    """It would have to be in memory as a whole."""
    with pytest.raises(CcdsError, match="as NDJSON"):
        read(json.dumps(GOOD, indent=1).encode(), largest=100)


@pytest.mark.parametrize("name", ["none.json", "."])
def test_a_file_that_is_not_there_is_one_error(tmp_path, name):
    """Nor is a folder one."""
    with pytest.raises(CcdsError, match="the FHIR file"):
        list(read_fhir(tmp_path / name, FhirReading()))


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    as_issued=st.booleans(),
)
def test_a_text_goes_out_and_comes_back(tmp_path_factory, text, as_issued):
    """Word for word, as the text as issued or as the conclusion."""
    path = tmp_path_factory.mktemp("fhir") / "r.ndjson"
    elements = {"presentedForm": [attachment(text)]} if as_issued else {"conclusion": text}
    path.write_bytes(ndjson(diagnostic_report(**elements)))

    (version,) = read_fhir(path, FhirReading())

    assert "".join(texts(version).values()) == (text if text.strip() or not as_issued else "")
