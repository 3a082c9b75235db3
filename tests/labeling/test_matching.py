"""The phrase index against a plain recomputation, and the rules of captured, raw and shadowed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matching import Counts, PhraseIndex, Preview, Span
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.text import is_word_character, normalise

CHEST = [
    ["No pleural effusion.", "Normal chest."],
    ["Small left pleural\n effusion.", "Pleural effusion."],
    ["Effusions are gone.", ""],
    ["Clear lungs.", "NO  ACUTE disease."],
]

# Few words, so that phrases match often, share words, nest and repeat; with every kind of neighbour that matters.
pieces = st.sampled_from(
    [
        "no",
        "acute",
        "NO",
        "Straße",
        "STRASSE",
        "İ",
        "i",
        "e\u0301",
        "e",
        "ﬁ",
        "fi",
        "Σας",
        "x_1",
        "\u0661",
        " ",
        " ",
        " ",
        "\u00a0",
        "\n",
        "-",
        ".",
        "\u00ad",
        "\u200b",
        "’",
        "²",
        "x",
    ]
)
sections = st.lists(pieces, max_size=12).map("".join)
reports = st.lists(sections, max_size=3)
phrases = st.lists(pieces, min_size=1, max_size=4).map("".join).filter(normalise).map(lambda text: Phrase(text, "x"))


def stands_in(section: str, phrase: Phrase) -> bool:
    """Whether `phrase` stands in `section`, by trying every place of the normal form."""
    text, words = normalise(section), phrase.normalised
    for start in range(len(text) - len(words) + 1):
        end = start + len(words)
        touched = (start > 0 and is_word_character(text[start - 1])) or (
            end < len(text) and is_word_character(text[end])
        )
        if text[start:end] == words and not touched:
            return True
    return False


class IndexAgainstRecomputation(RuleBasedStateMachine):
    """After any sequence of changes the index says what a recomputation from nothing says."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[list[str]] = []
        self.index = PhraseIndex([])
        self.phrases: list[Phrase] = []

    @precondition(lambda self: not self.phrases)
    @rule(texts=st.lists(reports, min_size=1, max_size=8))
    def start(self, texts) -> None:
        """Reports to begin with."""
        self.texts, self.index = texts, PhraseIndex(texts)

    @rule(phrase=phrases, data=st.data())
    def insert(self, phrase, data) -> None:
        """A new phrase anywhere, with its preview."""
        if phrase.normalised in {known.normalised for known in self.phrases}:
            return
        position = data.draw(st.integers(0, len(self.phrases)))
        preview = self.index.preview(phrase)
        before = self.index.first
        self.index.insert(phrase, position)
        self.phrases.insert(position, phrase)
        raw = [report for report, texts in enumerate(self.texts) if any(stands_in(text, phrase) for text in texts)]
        holders = [int(before[report]) for report in raw]
        assert preview == Preview(
            raw=len(raw),
            captured_if_last=holders.count(-1),
            captured_if_first=len(raw),
            takes_from={holder: holders.count(holder) for holder in set(holders) - {-1}},
        )

    @precondition(lambda self: self.phrases)
    @rule(data=st.data())
    def remove(self, data) -> None:
        """Any phrase goes."""
        position = data.draw(st.integers(0, len(self.phrases) - 1))
        assert self.index.remove(position) == self.phrases.pop(position)

    @precondition(lambda self: self.phrases)
    @rule(data=st.data())
    def move(self, data) -> None:
        """Any phrase to any place."""
        old, new = (data.draw(st.integers(0, len(self.phrases) - 1)) for _ in range(2))
        self.index.move(old, new)
        self.phrases.insert(new, self.phrases.pop(old))

    @precondition(lambda self: self.phrases)
    @rule(phrase=phrases, data=st.data())
    def replace(self, phrase, data) -> None:
        """Any phrase becomes another, or the same."""
        position = data.draw(st.integers(0, len(self.phrases) - 1))
        others = {known.normalised for at, known in enumerate(self.phrases) if at != position}
        if phrase.normalised not in others:
            self.index.replace(position, phrase)
            self.phrases[position] = phrase

    @invariant()
    def says_what_a_recomputation_says(self) -> None:
        """Holds after every step."""
        matching = [
            [at for at, phrase in enumerate(self.phrases) if any(stands_in(text, phrase) for text in texts)]
            for texts in self.texts
        ]
        first = [found[0] if found else -1 for found in matching]
        assert self.index.phrases == tuple(self.phrases)
        assert self.index.first.tolist() == first
        for position, counts in enumerate(self.index.counts):
            raw = [report for report, found in enumerate(matching) if position in found]
            captured = [report for report in raw if first[report] == position]
            assert counts == Counts(len(captured), len(raw), len(raw) - len(captured))
            assert self.index.reports_of(position).tolist() == raw
            assert self.index.reports_of(position, captured_only=True).tolist() == captured


TestIndexAgainstRecomputation = IndexAgainstRecomputation.TestCase
TestIndexAgainstRecomputation.settings = settings(deadline=None, max_examples=150, stateful_step_count=20)


@settings(deadline=None)
@given(texts=reports, found=st.lists(phrases, min_size=1, max_size=4, unique_by=lambda phrase: phrase.normalised))
def test_a_span_marks_the_original_text_of_its_phrase(texts, found):
    """Each span cuts text out of the original whose normal form is the phrase; matching reports, and only they, have spans."""
    index = PhraseIndex([texts])
    for position, phrase in enumerate(found):
        index.insert(phrase, position)

    spans = index.spans(0)

    for span in spans:
        assert normalise(texts[span.section][span.start : span.end]) == found[span.position].normalised
    assert {(span.section, span.position) for span in spans} == {
        (section, position)
        for section, text in enumerate(texts)
        for position, phrase in enumerate(found)
        if stands_in(text, phrase)
    }


def test_spans_are_offsets_into_the_original_section():
    """Offsets count code points of the text as it came, every occurrence has one, sections are kept apart."""
    index = PhraseIndex([["No\u00a0 pleural effu\u00adsion, no \U0001d522ffusion", "effusion effusion"]])
    index.insert(Phrase("pleural effusion", "positive"), 0)
    index.insert(Phrase("EFFUSION", "positive"), 1)

    spans = index.spans(0)

    assert spans == [Span(0, 4, 21, 0), Span(0, 12, 21, 1), Span(1, 0, 8, 1), Span(1, 9, 17, 1)]


def test_the_first_phrase_that_matches_captures_a_report():
    """Priority is the order of the phrases: a negative phrase before a positive one hides it, and is counted so."""
    index = PhraseIndex(CHEST)
    index.insert(Phrase("pleural effusion", "positive"), 0)
    index.insert(Phrase("no pleural effusion", "negative"), 0)
    index.insert(Phrase("no acute disease", "negative"), 2)

    first, counts = index.first, index.counts

    assert first.tolist() == [0, 1, -1, 2]
    assert first.dtype == np.int16
    assert counts == (Counts(1, 1, 0), Counts(1, 2, 1), Counts(1, 1, 0))


def test_moving_a_phrase_there_and_back_changes_nothing():
    """A move is undone by the move back."""
    index = PhraseIndex(CHEST)
    for position, text in enumerate(["no pleural effusion", "pleural effusion", "effusion", "chest"]):
        index.insert(Phrase(text, "x"), position)
    before = index.first.tolist(), index.counts

    index.move(0, 3)
    moved = index.first.tolist()
    index.move(3, 0)

    assert moved == [0, 0, -1, -1]
    assert (index.first.tolist(), index.counts) == before


def test_a_preview_says_what_would_happen_and_changes_nothing():
    """The preview counts the reports that the phrase would get at either end, and from whom it would take them."""
    index = PhraseIndex(CHEST)
    index.insert(Phrase("no pleural effusion", "negative"), 0)

    preview = index.preview(Phrase("pleural effusion", "positive"))

    assert preview == Preview(raw=2, captured_if_last=1, captured_if_first=2, takes_from={0: 1})
    assert index.counts == (Counts(1, 1, 0),)


def test_a_new_label_keeps_what_the_phrase_captures():
    """Replacing a phrase by the same words with another label changes the label only."""
    index = PhraseIndex(CHEST)
    index.insert(Phrase("effusion", "unsure"), 0)

    index.replace(0, Phrase("Effusion", "positive"))

    assert index.phrases == (Phrase("Effusion", "positive"),)
    assert index.counts == (Counts(2, 2, 0),)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda index: index.insert(Phrase("PLEURAL  Effusion", "x"), 0), "the one at place 1 again"),
        (lambda index: index.preview(Phrase("pleural effusion", "x")), "the one at place 1 again"),
        (lambda index: index.replace(1, Phrase("pleural effusion", "x")), "the one at place 1 again"),
        (lambda index: index.insert(Phrase("lungs", "x"), 3), "place 4"),
        (lambda index: index.remove(2), "place 3"),
        (lambda index: index.move(0, -1), "place 0"),
        (lambda index: index.reports_of(2), "place 3"),
        (lambda index: index.spans(4), "report 5"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(change, found):
    """A phrase twice, or a place that isn't there, is a CcdsError and leaves the index as it was."""
    index = PhraseIndex(CHEST)
    index.insert(Phrase("pleural effusion", "positive"), 0)
    index.insert(Phrase("chest", "x"), 1)
    before = index.phrases, index.counts, index.first.tolist()

    with pytest.raises(CcdsError) as error:
        change(index)

    assert error.value.found.startswith(found)
    assert (index.phrases, index.counts, index.first.tolist()) == before


def test_an_index_over_no_reports_answers():
    """A project without reports has phrases that match nothing."""
    index = PhraseIndex([])
    index.insert(Phrase("effusion", "positive"), 0)

    counts = index.counts

    assert counts == (Counts(0, 0, 0),)
    assert index.first.tolist() == []
