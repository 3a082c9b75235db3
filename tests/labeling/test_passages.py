"""A report's text in the pieces that a page draws."""

from hypothesis import given
from hypothesis import strategies as st

from ccds_widgets.labeling.passages import COUNTS, HIT, NEGATED, UNCERTAIN, Mark, cut

TEXT = "No effusion, no edema."
marks = st.builds(
    lambda start, length, phrase, how, rank: Mark(start, min(start + length, len(TEXT)), phrase, how, rank),
    st.integers(0, len(TEXT) - 1),
    st.integers(1, 8),
    st.integers(0, 3),
    st.sampled_from([COUNTS, UNCERTAIN, NEGATED, HIT]),
    st.integers(0, 2),
)


@given(st.lists(marks, max_size=8))
def test_each_piece_has_the_marks_that_cover_it(given_marks):
    """Sign by sign, and no others; joined the pieces are the text, and none is empty."""
    pieces = cut(TEXT, given_marks)

    place = 0
    for text, covering in pieces:
        for sign in range(place, place + len(text)):
            there = {(mark.phrase, mark.how) for mark in given_marks if mark.start <= sign < mark.end}
            assert {*covering} == there
        place += len(text)
    assert "".join(text for text, _ in pieces) == TEXT
    assert all(text for text, _ in pieces)


def test_what_counts_is_drawn_first_then_by_rank():
    """Of several marks the strongest; each phrase once."""
    given_marks = [Mark(0, 2, 7, HIT), Mark(0, 2, 3, NEGATED), Mark(0, 2, 2, COUNTS, 1), Mark(0, 2, 1, COUNTS, 0)]

    ((_, covering),) = cut("No", [*given_marks, given_marks[-1]])

    assert covering == [(1, COUNTS), (2, COUNTS), (3, NEGATED), (7, HIT)]


def test_a_text_without_marks_is_one_piece():
    """Also an empty one is none."""
    assert cut(TEXT, []) == [(TEXT, [])]
    assert cut("", []) == []


class _Counted(Mark):
    """A mark that counts how often it is asked where it ends, which each piece that it may cover does."""

    asked = 0

    @property
    def end(self) -> int:
        """Its end."""
        type(self).asked += 1
        return self[1]


def test_thousands_of_places_are_not_looked_at_for_each_piece():
    """A phrase that stands in a report 2,000 times: each place is looked at near itself only."""
    pieces = cut("no " * 2000, [_Counted(3 * n, 3 * n + 2, 1, COUNTS) for n in range(2000)])

    assert len(pieces) == 4000
    assert _Counted.asked < 20 * 2000
