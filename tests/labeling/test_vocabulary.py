"""N-grams by numbers against n-grams by texts."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.corpus import Corpus
from ccds_kernel.labeling.text import is_word_character, normalise
from ccds_kernel.labeling.vocabulary import LONGEST_NGRAM, Vocabulary

# Every kind of neighbour: marks, numbers that aren't decimal, letters that fold to two, joints and what is none.
pieces = st.sampled_from(
    ["no", "No", "x", "Straße", "İ", "e\u0301", "ﬁ", "²", "\u0661", "x_1", "1", "5", " ", " ", " ", "\u00a0", "\n", "-", ".",
     ", ", "/", "’", "'", ";", "\u00ad", "\u200b", "🫁", "أ"]
)  # fmt: skip
sections = st.lists(pieces, max_size=14).map("".join)
corpora = st.lists(st.lists(sections, max_size=3), max_size=6)


def ngrams_of(section: str) -> set[str]:
    """The n-grams of a section, by cutting its normal form."""
    text = normalise(section)
    runs = ["".join(run) for _, run in itertools.groupby(text, is_word_character)]
    first = 0 if runs and is_word_character(runs[0][0]) else 1
    found = set()
    for begin in range(first, len(runs), 2):
        words = runs[begin]
        found.add(words)
        for end in range(begin + 2, min(begin + 2 * LONGEST_NGRAM, len(runs)), 2):
            joint = runs[end - 1]
            if joint not in {" ", "-", "/", "'", "’", ", "} and not (joint == "." and runs[end][0] in "0123456789"):
                break
            words += joint + runs[end]
            found.add(words)
    return found


@given(corpora, st.integers(1, 2), st.data())
def test_every_ngram_is_found_with_the_reports_that_hold_it(texts, at_least, data):
    """In any of the reports: the n-grams by cutting texts, with those of the reports asked about that hold them."""
    asked = data.draw(st.permutations(range(len(texts))).map(lambda rows: rows[: len(rows) // 2 + 1]))
    vocabulary = Vocabulary(texts)
    expected: dict[str, set[int]] = {}
    for row, report in enumerate(asked):
        for ngram in set().union(*map(ngrams_of, texts[report])):
            expected.setdefault(ngram, set()).add(row)

    found: dict[str, set[int]] = {}
    for tokens, ngram, row in vocabulary.ngrams(np.array(asked, dtype=np.int64), at_least):
        for number, one in zip(ngram.tolist(), row.tolist(), strict=True):
            holders = found.setdefault(vocabulary.text_of(tokens[number].tolist()), set())
            assert one not in holders
            holders.add(one)

    assert found == {ngram: holders for ngram, holders in expected.items() if len(holders) >= at_least}


@given(corpora)
def test_an_ngram_stands_where_its_text_is_matched(texts):
    """The same reports as the scan for the text finds."""
    vocabulary, corpus = Vocabulary(texts), Corpus(texts)

    for tokens, _, _ in vocabulary.ngrams(np.arange(len(texts)), 1):
        for one in tokens.tolist():
            assert vocabulary.reports_with(one).tolist() == corpus.reports_with(vocabulary.text_of(one)).tolist()


def test_a_corpus_may_be_shared_with_the_index():
    """Its texts aren't brought into their normal form a second time."""
    texts = [["No pleural effusion."], ["Effusion."]]
    shared, own = Vocabulary(Corpus(texts)), Vocabulary(texts)

    assert len(shared) == len(own) == len(texts)
    assert [tokens.tolist() for tokens, _, _ in shared.ngrams(np.arange(2), 1)] == [
        tokens.tolist() for tokens, _, _ in own.ngrams(np.arange(2), 1)
    ]


def test_a_person_would_write_a_readable_ngram():
    """No stop word at either end; a negation may stand there; numbers and negations alone say nothing."""
    vocabulary = Vocabulary([["There is no effusion of the left side 12 13 no no"]])

    texts = {
        vocabulary.text_of(one)
        for tokens, _, _ in vocabulary.ngrams(np.arange(1), 1)
        for one in tokens[vocabulary.readable(tokens)].tolist()
    }

    assert {"effusion", "no effusion", "effusion of the left", "left side"} <= texts
    assert (
        not {"no", "there is no", "is no effusion", "effusion of", "the left", "12", "12 13", "no no", "13 no"} & texts
    )


def test_a_site_brings_its_own_stop_words():
    """For reports in another language."""
    vocabulary = Vocabulary([["kein Erguss der Lunge"]], stop_words={"der"}, negations={"kein"})

    texts = {
        vocabulary.text_of(one)
        for tokens, _, _ in vocabulary.ngrams(np.arange(1), 1)
        for one in tokens[vocabulary.readable(tokens)].tolist()
    }

    assert texts == {"erguss", "lunge", "kein erguss", "erguss der lunge", "kein erguss der lunge"}


def test_the_words_of_a_phrase_are_found_in_any_order():
    """A first look, before the texts are compared."""
    vocabulary = Vocabulary([["pleural effusion, left; effusion pleural"]])
    tokens = [tokens for tokens, _, _ in vocabulary.ngrams(np.arange(1), 1)][1]

    held = {
        vocabulary.text_of(one) for one in tokens[vocabulary.holding(tokens, normalise("Pleural effusion"))].tolist()
    }

    assert held == {"pleural effusion", "effusion pleural"}
    assert not vocabulary.holding(tokens, "mass").any()
