"""Messages in a file of HL7 v2: bare, in batches (v2.5.1, 2.10.3), and as over the wire (MLLP)."""

from dataclasses import replace

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming import hl7_framing
from ccds_kernel.labeling.incoming.hl7_framing import RawMessage, read_messages
from ccds_kernel.labeling.incoming.version import Unreadable
from support.messages import mllp, obr, obx, oru

ONE, TWO = (oru(obr(f"A{number}"), obx("x"), number=number) for number in (1, 2))


@pytest.fixture
def read(tmp_path):
    """The messages of a file with some bytes."""

    def read_it(content: bytes, **limits: int) -> list[RawMessage | Unreadable]:
        (tmp_path / "r.hl7").write_bytes(content)
        return list(read_messages(tmp_path / "r.hl7", **limits))

    return read_it


BOTH = [RawMessage(number, raw.rstrip(b"\r").split(b"\r")) for number, raw in enumerate((ONE, TWO), 1)]


@pytest.mark.parametrize(
    "content",
    [
        ONE + TWO,
        ONE.replace(b"\r", b"\n") + TWO.replace(b"\r", b"\r\n"),
        b"\xef\xbb\xbf" + ONE + b"\r\n\r\n" + TWO,
        mllp(ONE) + mllp(TWO),
        mllp(ONE[:-1]) + mllp(TWO),
        b"FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r" + ONE + TWO + b"BTS|2\rFTS|1\r",
        b"BHS|^~\\&\r" + ONE + TWO + b"BTS\r",
        b"BHS|^~\\&\r" + ONE + b"BTS|1\rBHS|^~\\&\r" + TWO + b"BTS|1\r",
        mllp(b"BHS|^~\\&\r" + ONE + TWO + b"BTS|2\r"),
    ],
)
def test_every_message_is_found(read, content):
    """Whatever carries them and ends their segments."""
    assert read(content) == BOTH


def test_a_message_may_span_what_is_read_at_once(read):
    """Nothing depends on where a piece of the file ends."""
    assert read(mllp(ONE) + mllp(TWO), at_once=7) == BOTH


@pytest.mark.parametrize(
    "content",
    [ONE + TWO[:-8], ONE + TWO[:-1], mllp(ONE) + mllp(TWO)[:-2], mllp(ONE) + b"\x0b" + TWO, ONE + b"\x0b" + TWO[:60]],
)
def test_half_a_message_is_told(read, content):
    """A last segment without an end, or a frame without one: the rest may say the opposite. What there is of it is handed on."""
    whole, half = read(content)

    assert whole == BOTH[0]
    assert (half.number, half.fault) == (2, "it is cut short")
    assert b"\r".join(half.segments) == TWO[: len(b"\r".join(half.segments))]


def test_a_frame_that_another_one_breaks_is_cut_short(read):
    """The connection was lost and began again."""
    assert read(b"\x0b" + ONE + mllp(TWO)) == [replace(BOTH[0], fault="it is cut short"), BOTH[1]]


def test_a_batch_that_is_not_whole_is_told(read):
    """What came is read; that something is missing is a finding of its own."""
    begin = b"BHS|^~\\&\r" + ONE + TWO

    assert read(begin) == [*BOTH, Unreadable(2, hl7_framing.NO_TRAILER)]
    assert read(begin + b"BTS|3\r") == [*BOTH, Unreadable(2, hl7_framing.OTHER_COUNT)]


def test_segments_without_a_header_are_one_finding(read):
    """However many there are; the next message is read."""
    found = read(b"BHS|^~\\&\rOBX|1\rOBX|2\r" + ONE + b"BTS|1\r")

    assert found[0] == Unreadable(1, hl7_framing.NO_SEGMENT)
    assert found[1] == RawMessage(2, BOTH[0].segments)


def test_of_a_message_that_is_too_long_the_begin_is_kept(read):
    """Memory stays bounded, and the next one is read."""
    found = read(oru(obr("A1"), obx("x"), obx("x" * 20)) + TWO, largest=len(ONE) + 10)

    assert found == [replace(BOTH[0], fault=hl7_framing.TOO_LONG), BOTH[1]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\r\n \r\n", "an empty file"),
        (b"BHS|^~\\&\rBTS|0\r", "none"),
        (b"accession,text\nA1,x\n", "something else"),
        (ONE.decode().encode("utf-16"), "something else"),
        (b"%PDF-1.7\n\xff\xfe", "something else"),
    ],
)
def test_a_file_that_is_no_hl7_is_one_error(read, content, found):
    """Not a million malformed messages."""
    with pytest.raises(CcdsError) as refused:
        read(content)

    assert refused.value.found == found


def test_a_segment_without_end_is_one_error(read):
    """Bytes that go on and on are no HL7."""
    with pytest.raises(CcdsError, match="a segment of more than"):
        read(b"MSH|^~\\&" + b"x" * 2000, largest=1000, at_once=100)


@pytest.mark.parametrize("name", ["none.hl7", "."])
def test_a_file_that_is_not_there_is_one_error(tmp_path, name):
    """Nor is a folder one."""
    with pytest.raises(CcdsError, match="the HL7 v2 file"):
        list(read_messages(tmp_path / name))
