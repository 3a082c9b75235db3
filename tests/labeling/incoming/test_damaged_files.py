"""Files that something happened to: whatever it was, there are entries, or one error that a person can act on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.source import Format, ReportSource
from ccds_kernel.labeling.incoming.survey import standing_versions, survey
from ccds_kernel.labeling.incoming.version import Unreadable, Version
from support.messages import attachment, diagnostic_report, mllp, ndjson, obr, obx, oru

SECRET = "XYZZY"
HL7 = (
    b"BHS|^~\\&\r"
    + oru(obr(SECRET), obx(f"{SECRET}\\.br\\{SECRET}"))
    + b"BTS|1\r"
    + mllp(oru(obr("A2", "C"), obx(SECRET)))
)
FHIR = ndjson(diagnostic_report(SECRET, presentedForm=[attachment(SECRET)]), diagnostic_report("A2", conclusion=SECRET))
SIGNS = st.sampled_from(
    [
        b"|",
        b"^",
        b"\\",
        b"\r",
        b"\n",
        b"\x0b",
        b"\x1c",
        b"\0",
        b"\xff",
        b"{",
        b"}",
        b"[",
        b'"',
        b",",
        b"",
        b"MSH",
        b"null",
    ]
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` with some pieces cut out, and something else in their place."""
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(whole)))
        end = draw(st.integers(begin, min(len(whole), begin + 40)))
        whole = whole[:begin] + draw(SIGNS) + whole[end:]
    return whole


@pytest.mark.parametrize(("format_", "content"), [(Format.HL7, damaged(HL7)), (Format.FHIR, damaged(FHIR))])
def test_no_file_brings_it_down(tmp_path, format_, content):
    """Nothing but entries and `CcdsError` comes out, and no reason or error has anything of a text in it."""
    path = tmp_path / "r"

    @given(content)
    def look(raw: bytes) -> None:
        path.write_bytes(raw)
        entries: list[Version | Unreadable] = []
        told = ""
        try:
            entries = list(ReportSource(path, format_).entries())
        except CcdsError as error:
            told = str(error)
        reasons = [entry.reason for entry in entries if isinstance(entry, Unreadable)]
        assert entries or told
        assert SECRET not in " ".join([told, *reasons])
        assert len(list(standing_versions(entries, survey(entries)))) <= len(entries) - len(reasons)

    look()
