"""A multipart answer as it comes: whole parts, however it is cut; one that breaks off is told from one that ended."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.archive.multipart import BrokenMessage, parts

TYPE = 'multipart/related; type="application/dicom"; boundary="a-boundary"'
BODIES = st.lists(st.binary(max_size=40).filter(lambda body: b"\r\n--a-boundary" not in b"\r\n" + body), max_size=4)


def message(bodies: list[bytes], *, preamble: bytes = b"", end: bytes = b"--\r\n") -> bytes:
    """The bodies as one message."""
    each = [b"\r\n--a-boundary\r\nContent-Type: application/dicom\r\n\r\n" + body for body in bodies]
    return preamble + b"".join(each) + b"\r\n--a-boundary" + end


def cut(whole: bytes, size: int) -> list[bytes]:
    """In chunks of that size."""
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@given(BODIES, st.integers(1, 60), st.sampled_from([b"", b"to whom it may concern\r\n"]))
def test_whatever_it_is_cut_into_its_parts_are_the_same(bodies, size, preamble):
    """A delimiter, or the head of a part, may lie across chunks."""
    assert list(parts(cut(message(bodies, preamble=preamble), size), TYPE)) == bodies


@given(BODIES.filter(bool), st.integers(1, 60), st.data())
def test_a_message_that_breaks_off_gives_whole_parts_only(bodies, size, data):
    """And is told at its end, wherever that is: before the two hyphens of the closing delimiter."""
    whole = message(bodies, end=b"--")
    length = data.draw(st.integers(0, len(whole) - 1))
    coming = parts(cut(whole[:length], size), TYPE)

    got = list(before_it_breaks(coming))

    assert got == bodies[: len(got)]


def before_it_breaks(coming: Iterator[bytearray]) -> Iterator[bytearray]:
    """The parts of a message that breaks off, which is seen to be told at the end."""
    with pytest.raises(BrokenMessage):
        yield from coming


def test_a_first_delimiter_at_the_very_beginning():
    """Without the line break that stands before the others."""
    assert list(parts([message([b"one"])[2:]], TYPE)) == [b"one"]


def test_what_follows_the_end_is_none_of_it():
    """An epilogue, though it looks like a part."""
    assert list(parts([message([b"one"]) + message([b"two"])], TYPE)) == [b"one"]


@pytest.mark.parametrize("content_type", ["", "text/html", "multipart/related", "application/dicom; boundary=a"])
def test_an_answer_of_another_kind(content_type):
    """A page of a proxy, say."""
    with pytest.raises(BrokenMessage):
        list(parts([message([b"one"])], content_type))
