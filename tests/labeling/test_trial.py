"""What a list would say after a change that isn't made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.trial import Difference, difference, inserted, moved, replaced

TEXTS = [("effusion left",), ("no effusion",), ("left",), ("possible effusion, heart",), ("heart",), ("clear",)]
WORDS = ("effusion", "left", "heart", "no effusion")


def index_of(*words: str) -> PhraseIndex:
    """A list of these words, each with a label of its own."""
    index = PhraseIndex(TEXTS)
    for position, text in enumerate(words):
        index.insert(Phrase(text, text), position)
    return index


def state_of(index: PhraseIndex) -> tuple:
    """All that the index says."""
    return index.phrases, index.counts, index.soft_labels().to_list()


@given(st.permutations(WORDS), st.integers(0, 3), st.integers(0, 3))
def test_a_trial_says_what_the_change_would_and_leaves_nothing_behind(words, old, new):
    """Within the block everything is as if it had been done; after it as if it hadn't, whatever happens in it."""
    tried, done = index_of(*words), index_of(*words)
    before = state_of(tried)
    done.move(old, new)

    with moved(tried, old, new):
        within = state_of(tried)

    assert within == state_of(done)
    assert state_of(tried) == before


def test_other_words_and_new_phrases_are_tried_likewise():
    """A phrase that is edited or added counts as it would be."""
    index = index_of("effusion", "left")
    before = state_of(index)

    with replaced(index, 0, Phrase("effusion", "effusion", negatable=True)):
        edited = index.counts[0]
    with inserted(index, Phrase("heart", "heart"), 0):
        added = index.counts[0]

    assert (edited.raw, edited.negated) == (2, 1)
    assert (added.captured, added.raw) == (2, 2)
    assert state_of(index) == before


def test_an_error_within_a_trial_takes_it_back():
    """What is asked meanwhile may be refused."""
    index = index_of("effusion", "left")
    before = state_of(index)

    with pytest.raises(CcdsError), moved(index, 0, 1):
        index.reports_of(7)

    assert state_of(index) == before


def test_the_difference_counts_what_gets_better_and_worse():
    """Against what people decided, whatever numbers the two lists give their labels."""
    index = index_of("effusion")
    before = index.soft_labels()
    with replaced(index, 0, Phrase("effusion", "effusion", negatable=True)):
        found = difference(before, index.soft_labels(), {0: "effusion", 1: "normal", 4: "normal"})
    with inserted(index, Phrase("effusion left", "normal"), 0):
        other = difference(before, index.soft_labels(), {0: "effusion", 2: "normal"})

    assert found == Difference(changes=1, mended=1, spoiled=0)  # a wrong label goes
    assert other == Difference(changes=1, mended=0, spoiled=1)  # a right one becomes wrong
    assert difference(before, before, {0: "effusion"}) == Difference(0, 0, 0)


@pytest.mark.parametrize(
    ("found", "better"),
    [
        (Difference(5, 2, 1), True),
        (Difference(5, 1, 1), False),
        (Difference(5, 0, 1), False),
        (Difference(5, 0, 0), True),
        (Difference(0, 0, 0), False),
    ],
)
def test_a_change_is_better_by_what_people_decided(found, better):
    """Where nobody decided anything, any change counts as one."""
    assert found.is_better is better
