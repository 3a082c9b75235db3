"""A study's text in pieces, what decides marked."""

from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.matches import Span
from ccds_widgets.labeling.confirm.shown import marked


@given(text=st.text(max_size=12), ends=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=5))
def test_pieces_are_the_text_again_with_every_place_marked(text, ends):
    """Whatever places there are, overlapping ones too; no piece is empty."""
    places = [(start, min(end, len(text))) for start, end in ends if start < min(end, len(text))]

    pieces = marked(text, [Span(0, start, end, 0) for start, end in places])

    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)
    flags = [flag for piece, flag in pieces for _ in piece]
    assert flags == [any(start <= at < end for start, end in places) for at in range(len(text))]
