"""What a correction or withdrawal takes back is gone, also where it can't be read itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.incoming.source import ReportSource, format_of
from ccds_kernel.labeling.incoming.survey import standing_versions, survey
from ccds_kernel.labeling.incoming.version import Unreadable
from support.messages import attachment, diagnostic_report, mllp, ndjson, obr, obx, oru

FINAL = oru(obr(), obx("Large pneumothorax."))
OTHER = oru(obr("A2"), obx("Clear."), number=2)


@pytest.fixture
def counting(tmp_path):
    """The texts that count in a file of some bytes, and the reasons why others can't be read."""

    def look(raw: bytes, name: str) -> tuple[list[str], list[str]]:
        path = tmp_path / name
        path.write_bytes(raw)
        entries = list(ReportSource(path, format_of(path)).entries())
        texts = ["".join(one.report.texts) for one in standing_versions(entries, survey(entries))]
        return texts, [entry.reason for entry in entries if isinstance(entry, Unreadable)]

    return look


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (oru(obr(status="C", time="2020"), obx("Clear.")), "names no day"),
        (oru(obr(status="C"), obx("No pneumothorax. | Corrected.", status="C")), "isn't escaped"),
        (oru(obr(), obx("No pneumothorax. | Corrected.", status="C")), "isn't escaped"),
        (oru(obr(), obx("No pneumothorax.", status="C"), obx("| Corrected.")), "isn't escaped"),
        (oru(obr(status="C"), obx("^application^pdf^Base64^SGk=", kind="ED", status="C")), "in an attachment"),
        (oru(obr(status="C"), obx("\\M2442\\")), "switches its character set"),
        (oru(obr(status="C"), obx("Größe"), encoding="latin-1"), "aren't of its character set"),
        (oru(obr(status="C"), obx("x"), charset="UNICODE UTF-16"), "isn't one that is read"),
        (oru(obr(status="C"), obx("x"), "and on the next line"), "no segment"),
        (oru(obx("x"), obr(status="C")), "before the first OBR"),
        (mllp(oru(obr(status="C"), obx("Half a")))[:-9], "cut short"),
        (oru(obr(status="C")), "a correction without text"),
        (oru(obr(status="C"), obx("12.3", kind="NM", status="C")), "a correction without text"),
        (oru(obr(status="C"), obx(" \\.br\\")), "a correction without text"),
    ],
)
def test_a_correction_in_hl7_that_cannot_be_read_leaves_nothing(counting, message, reason):
    """Of its accession number; another one's report counts."""
    texts, reasons = counting(FINAL + OTHER + message, "r.hl7")

    assert texts == ["Clear."]
    assert len(reasons) == 1
    assert reason in reasons[0]


@pytest.mark.parametrize(
    "segments",
    [(obr(status="X", time="2020"),), (obr(status="X"), obx("a | b")), (obr(status="X", time=""), obx("x", kind=""))],
)
def test_a_withdrawal_in_hl7_needs_neither_day_nor_text(counting, segments):
    """It is no message that can't be read."""
    assert counting(FINAL + OTHER + oru(*segments), "r.hl7") == (["Clear."], [])


@pytest.mark.parametrize(
    "message",
    [
        oru(obr("", "C"), obx("x")),
        oru(obr(status="Q"), obx("x")),
        oru(obr(), obx("a | b")),
        oru(obr(status="P"), obx("a | b", status="P")),
        oru(obr(status="C"), obx("x")).replace(b"ORU^R01", b"ORM^O01"),
        oru(obr(status="C"))[:-1],
        b"MSH|\r",
    ],
)
def test_what_is_not_known_to_correct_takes_nothing_back(counting, message):
    """Nobody's, of an unknown status, final or preliminary itself, no report at all, or cut short within its OBR."""
    texts, reasons = counting(FINAL + message, "r.hl7")

    assert texts == ["Large pneumothorax."]
    assert len(reasons) == 1


CORRECTION = oru(obr(status="C"), obx("No pneumothorax."), obx("Corrected by telephone."), number=2)
REQUEST_ENDS = CORRECTION.index(b"\rOBX") + 1
SIGNS = st.sampled_from(
    [b"|", b"^", b"\\", b"\\M2442\\", b"\r", b"\n", b"\x1c", b"\0", b"\xff", b"OBX|", b"NTE|1", b""]
)


def test_whatever_happens_to_a_correction_s_text(counting):
    """The text that it takes back is no report, as long as its OBR is whole."""

    @given(st.integers(REQUEST_ENDS, len(CORRECTION)), st.integers(0, 40), SIGNS)
    def look(begin: int, length: int, sign: bytes) -> None:
        texts, _ = counting(FINAL + CORRECTION[:begin] + sign + CORRECTION[begin + length :], "r.hl7")
        assert "Large pneumothorax." not in texts

    look()


def fhir(*resources: object) -> bytes:
    """Two final reports, and some resources behind them."""
    return ndjson(
        diagnostic_report(presentedForm=[attachment("Large pneumothorax.")]),
        diagnostic_report("A2", conclusion="Clear."),
        *resources,
    )


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (diagnostic_report(status="corrected", effectiveDateTime="2020", conclusion="x"), "names no day"),
        (diagnostic_report(status="amended", conclusion=["x"]), "element conclusion"),
        (diagnostic_report(status="appended", presentedForm=[attachment("x", "application/pdf")]), "attachment"),
        (diagnostic_report(status="corrected"), "a correction without text"),
        (diagnostic_report(status="corrected", conclusion=" "), "a correction without text"),
    ],
)
def test_a_correction_in_fhir_that_cannot_be_read_leaves_nothing(counting, report, reason):
    """Of its accession number; another one's report counts."""
    texts, reasons = counting(fhir(report), "r.ndjson")

    assert texts == ["Clear."]
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_its_order_may_be_within_the_correction(counting):
    """Whose the correction is, is found out as where it can be read."""
    order = {"resourceType": "ServiceRequest", "id": "o", "identifier": diagnostic_report()["identifier"]}
    report = diagnostic_report(None, "corrected", basedOn=[{"reference": "#o"}], contained=[order], conclusion=7)

    assert counting(fhir(report), "r.ndjson") == (["Clear."], ["its element conclusion isn't what FHIR has there"])


@pytest.mark.parametrize(
    "elements", [{"effectiveDateTime": "2020"}, {"presentedForm": [attachment("x", "application/pdf")]}]
)
def test_a_withdrawal_in_fhir_needs_neither_day_nor_text(counting, elements):
    """It is no resource that can't be read."""
    assert counting(fhir(diagnostic_report(status="entered-in-error", **elements)), "r.ndjson") == (["Clear."], [])


@pytest.mark.parametrize(
    "report",
    [
        diagnostic_report(None, "corrected", conclusion="x"),
        diagnostic_report(status="unknown", conclusion="x"),
        diagnostic_report(conclusion=["x"]),
        diagnostic_report(status="corrected", identifier="A1", conclusion="x"),
    ],
)
def test_what_is_not_known_to_correct_takes_nothing_back_in_fhir(counting, report):
    """Nobody's, of an unknown status, or final itself."""
    texts, reasons = counting(fhir(report), "r.ndjson")

    assert texts == ["Large pneumothorax.", "Clear."]
    assert len(reasons) == 1


NEWER, OLDER = "20200502093000", "20200501101112"


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"changed": NEWER}, {"changed": OLDER}),
        ({"changed": "202005020930"}, {"changed": OLDER}),
        ({"changed": "20200501050000-0600"}, {"changed": "20200501110000+0200"}),
        ({"changed": "20200502", "time": NEWER}, {"changed": "20200503", "time": OLDER}),
        ({"changed": "20200231101112", "time": NEWER}, {"time": OLDER}),
        ({"time": NEWER}, {"time": OLDER}),
    ],
)
def test_the_newest_correction_in_hl7_counts(counting, newer, older):
    """By OBR-22 to the minute, else by the message's time, wherever it stands in the file."""
    messages = [
        oru(
            obr(status="C", changed=times.get("changed", "")),
            obx(text),
            time=times.get("time", "20200504000000"),
        )
        for text, times in (("newer", newer), ("older", older))
    ]

    found = [counting(b"".join(order), "r.hl7") for order in (messages, messages[::-1])]

    assert found == [(["newer"], []), (["newer"], [])]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"changed": NEWER}, {"changed": ""}),
        ({"changed": NEWER}, {"changed": f"{OLDER}+0200"}),
        ({"changed": OLDER}, {"changed": OLDER}),
    ],
)
def test_by_different_clocks_or_at_one_time_the_last_in_the_file_counts(counting, first, second):
    """One with a time and one without, with a time zone and without: nobody knows which was first."""
    messages = [oru(obr(status="C", **times), obx(text), time="") for text, times in (("one", first), ("two", second))]

    assert counting(b"".join(messages), "r.hl7") == (["two"], [])
    assert counting(b"".join(messages[::-1]), "r.hl7") == (["one"], [])


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"issued": "2020-05-02T09:30:00Z"}, {"issued": "2020-05-02T11:29:00.123456789+02:00"}),
        ({"meta": {"lastUpdated": "2020-05-02T09:30:00Z"}}, {"meta": {"lastUpdated": "2020-05-01T09:30:00Z"}}),
        (
            {"issued": "2020-05-02", "meta": {"lastUpdated": "2020-05-02T09:30:00Z"}},
            {"issued": "2020-02-31T09:30:00Z", "meta": {"lastUpdated": "2020-05-01T09:30:00Z"}},
        ),
    ],
)
def test_the_newest_correction_in_fhir_counts(counting, newer, older):
    """By `issued`, else by when the resource was updated, wherever it stands in the file."""
    reports = [
        diagnostic_report(status="corrected", conclusion=text, **times)
        for text, times in (("newer", newer), ("older", older))
    ]

    found = [counting(ndjson(*order), "r.ndjson") for order in (reports, reports[::-1])]

    assert found == [(["newer"], []), (["newer"], [])]
