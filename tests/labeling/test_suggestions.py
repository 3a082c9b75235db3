"""Suggested phrases: what is said of one is what happens when it is accepted, and which come first."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.outcome import label_by_itself
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.stop_words import NEGATIONS, STOP_WORDS
from ccds_kernel.labeling.suggestions import Suggestion, correcting, settling
from ccds_kernel.labeling.vocabulary import Vocabulary

YES, NO = "effusion", "no effusion"
LABELS = (YES, NO, "other")
MANY = 1000

# Few words, so that n-grams repeat, nest and meet the listed phrases.
words = st.sampled_from(
    ["no", "small", "pleural", "effusion", "effusions", "t-spine", "1.5", "cm", "the", "of", "é", "x²"]
)
between = st.sampled_from([" ", " ", " ", ", ", ". ", "\n", "-", "  "])
sections = st.lists(st.tuples(words, between), max_size=10).map(lambda pairs: "".join(a + b for a, b in pairs))
corpora = st.lists(st.lists(sections, min_size=1, max_size=2), max_size=12)
listed = st.lists(
    st.tuples(
        st.sampled_from(["effusion", "no effusion", "pleural effusion", "small", "the", "t-spine", "absent words"]),
        st.sampled_from(LABELS),
        st.booleans(),
        st.sampled_from([None, "unsure"]),
    ),
    max_size=4,
    unique_by=lambda one: one[0],
).map(lambda rows: [Phrase(*row) for row in rows])
confirmations = st.dictionaries(st.integers(0, 11), st.sampled_from(LABELS))


def index_of(texts: Sequence[Sequence[str]], phrases: Sequence[Phrase]) -> PhraseIndex:
    """A list of phrases over reports."""
    index = PhraseIndex(texts)
    for place, phrase in enumerate(phrases):
        index.insert(phrase, place)
    return index


def both(index: PhraseIndex, texts: Sequence[Sequence[str]], confirmed: dict[int, str]) -> list[Suggestion]:
    """Every suggestion of either kind."""
    vocabulary = Vocabulary(texts)
    return settling(vocabulary, index, YES, confirmed, most=MANY) + correcting(
        vocabulary, index, YES, confirmed, instead=NO, most=MANY
    )


@given(corpora, listed, confirmations)
def test_accepting_a_suggestion_does_what_was_said(texts, phrases, confirmations):
    """Raw, captured, changed, right, wrong and taken reports are those that a list shows into which the phrase was inserted."""
    index = index_of(texts, phrases)
    confirmed = {report: label for report, label in confirmations.items() if report < len(texts)}
    before, labels = index.first, index.soft_labels().to_list()

    for suggestion in both(index, texts, confirmed):
        accepted = index_of(texts, phrases)
        accepted.insert(suggestion.phrase, suggestion.position)
        captured = accepted.reports_of(suggestion.position, captured_only=True).tolist()
        losers = [int(before[report]) for report in captured]
        had = None if suggestion.phrase.label == YES else YES
        assert suggestion.raw == accepted.counts[suggestion.position].raw
        assert suggestion.captures == len(captured)
        assert suggestion.changes == [labels[report] for report in captured].count(had)
        assert suggestion.right == sum(confirmed.get(report) == suggestion.phrase.label for report in captured)
        assert suggestion.right + suggestion.wrong == sum(report in confirmed for report in captured)
        assert suggestion.takes_from == {loser: losers.count(loser) for loser in set(losers) - {-1}}
        if suggestion.phrase.label == YES:
            assert suggestion.captures == suggestion.changes
        else:
            assert accepted.soft_labels().to_list().count(YES) == labels.count(YES) - suggestion.changes


@given(corpora, listed, confirmations)
def test_suggestions_are_new_readable_and_each_says_something_else(texts, phrases, confirmations):
    """None is on the list, begins or ends with a stop word, or holds a better one that stands in the same reports."""
    index = index_of(texts, phrases)
    confirmed = {report: label for report, label in confirmations.items() if report < len(texts)}

    suggestions = both(index, texts, confirmed)

    for suggestion in suggestions:
        text = suggestion.phrase.text
        assert suggestion.phrase.normalised == text
        assert text not in {phrase.normalised for phrase in phrases}
        assert not {text.split()[0], text.split()[-1]} & STOP_WORDS
        assert set(text.split()) - STOP_WORDS - NEGATIONS
    for label in (YES, NO):
        postings = [
            (one.phrase.text, index_of(texts, [one.phrase]).reports_of(0).tolist())
            for one in suggestions
            if one.phrase.label == label
        ]
        assert len({text for text, _ in postings}) == len(postings)
        assert not [
            (text, other)
            for text, reports in postings
            for other, others in postings
            if text != other and text in other and reports == others
        ]


@given(corpora)
def test_without_anything_confirmed_what_settles_most_comes_first(texts):
    """Nothing else is known of an n-gram then."""
    settled = [one.changes for one in settling(Vocabulary(texts), PhraseIndex(texts), YES, {}, most=MANY)]

    assert settled == sorted(settled, reverse=True)


def test_without_anything_confirmed_only_words_near_the_label_are_suggested():
    """Those that share a word with it or with one of its phrases, however frequent others are; never one of its "no" alone."""
    texts = [["The chest is normal. No small effusion. Fluid on the left."]] * 5 + [["Fluid film. Chest normal."]] * 4
    index = index_of([*texts, ["loculated fluid"]], [Phrase("loculated fluid", YES)])
    vocabulary = Vocabulary([*texts, ["loculated fluid"]])

    near = {one.phrase.text for one in settling(vocabulary, index, YES, {}, most=MANY)}
    decided = {one.phrase.text for one in settling(vocabulary, index, YES, {0: YES}, most=MANY)}

    assert near >= {"effusion", "fluid"}
    assert all({"effusion", "fluid"} & set(text.split()) for text in near)
    assert "normal" in decided
    assert settling(vocabulary, index, "no", {}, most=MANY) == []


@pytest.mark.parametrize(("label", "near"), [("present", {"effusion"}), ("fluid", {"effusion", "fluid"})])
def test_a_verdict_names_no_finding(label, near):
    """What "present" stands for is said by its phrases; a label that names what is sought is a word like theirs."""
    texts = [["A small effusion is present. Fluid."]] * 3 + [["Large effusion."]]
    index = index_of(texts, [Phrase("large effusion", label)])

    found = {one.phrase.text for one in settling(Vocabulary(texts), index, label, {}, most=MANY)}

    assert found >= near
    assert all(near & set(text.split()) for text in found)


@pytest.mark.parametrize("confirmed", [{}, {0: YES, 1: YES}])
def test_what_stands_for_a_name_that_was_taken_out_is_never_suggested(confirmed):
    """Rows of x and underscores, whatever stands beside them; the x of "x ray" is a word."""
    texts = [["Effusion XXXX seen by ___ on x ray, [XX] effusion."]] * 4

    found = settling(Vocabulary(texts), PhraseIndex(texts), YES, confirmed, most=MANY)
    found += settling(Vocabulary(texts), PhraseIndex(texts), "x ray", confirmed, most=MANY)

    words = {word for one in found for word in one.phrase.text.replace(",", "").split()}
    assert words
    assert not words & {"xxxx", "___", "xx"}
    assert {"effusion", "ray"} <= words


def test_a_wording_of_the_positives_comes_before_a_more_frequent_one():
    """What settles right ones comes first, with its counts; what has no gain comes after, with none."""
    texts = [["Blunting of the angle. Heart is large."]] * 6 + [["Heart is large."]] * 30
    confirmed = dict.fromkeys(range(6), YES) | dict.fromkeys(range(6, 20), NO)

    found = settling(Vocabulary(texts), PhraseIndex(texts), YES, confirmed)

    assert [one.phrase.text for one in found][:2] == ["angle", "blunting"]
    assert (found[0].raw, found[0].captures, found[0].right, found[0].wrong, found[0].takes_from) == (6, 6, 6, 0, {})
    assert found[0].gain > 0
    heart = next(one for one in found if one.phrase.text == "heart")
    assert (heart.raw, heart.right, heart.wrong) == (36, 6, 14)
    assert heart.gain <= 0


def test_a_correction_holds_the_phrase_that_was_wrong_and_goes_above_it():
    """Not "acute", which stands in the same reports: "no pleural effusion" says why "effusion" was wrong there."""
    texts = [["No pleural effusion. No acute disease."]] * 9 + [["Small effusion. Mass."]] * 3
    index = index_of(texts, [Phrase("mass", "other"), Phrase("effusion", YES)])
    confirmed = dict.fromkeys(range(9), NO)

    found = correcting(Vocabulary(texts), index, YES, confirmed, instead=NO)

    assert [(one.phrase.text, one.phrase.label) for one in found] == [("pleural effusion", NO)]
    assert (found[0].position, found[0].changes, found[0].right, found[0].takes_from) == (1, 9, 9, {1: 9})
    assert found[0].gain > 0


def test_what_takes_right_and_wrong_ones_alike_has_no_gain():
    """Most reports with "effusion" are false positives, and no less those with "pleural effusion"; "no …" are all."""
    negative, positive = ["No pleural effusion."], ["Left pleural effusion."]
    texts = [negative] * 36 + [positive] * 4 + [["Effusion."]] * 36 + [["An effusion."]] * 4
    index = index_of(texts, [Phrase("effusion", YES)])
    confirmed = {report: YES if text in (positive, ["An effusion."]) else NO for report, text in enumerate(texts)}

    found = {one.phrase.text: one for one in correcting(Vocabulary(texts), index, YES, confirmed, instead=NO)}

    assert next(iter(found)) == "no pleural effusion"
    assert found["no pleural effusion"].gain > 0
    assert found["pleural effusion"].gain <= 0


def test_few_lucky_reports_prove_less_than_many():
    """Two of two are less than twenty of twenty-two."""
    texts = [["Rare wording."]] * 2 + [["Common wording today."]] * 22 + [["Nothing."]] * 76
    confirmed = {row: YES if row not in (5, 6) else NO for row in range(24)} | dict.fromkeys(range(24, 100), NO)

    found = settling(Vocabulary(texts), PhraseIndex(texts), YES, confirmed)

    order = [one.phrase.text for one in found]
    assert order.index("common") < order.index("rare")


def test_in_the_list_of_one_label_a_correction_excludes_it():
    """Confirmed ones are present or absent there, and the phrase has the label itself."""
    texts = [["No effusion."]] * 5 + [["Effusion."]] * 5
    index = PhraseIndex(texts, outcome_of=label_by_itself)
    index.insert(Phrase("effusion", YES), 0)
    confirmed = dict.fromkeys(range(5), "absent") | dict.fromkeys(range(5, 10), "present")

    found = correcting(Vocabulary(texts), index, YES, confirmed, outcome_of=label_by_itself)

    assert [one.phrase for one in found] == [Phrase("no effusion", YES, excludes=True)]
    assert (found[0].right, found[0].wrong) == (5, 0)
    index.insert(found[0].phrase, found[0].position)
    assert index.soft_labels().to_list() == ["absent"] * 5 + ["present"] * 5


def test_labels_that_are_alike_are_refused():
    """A label can't be corrected by itself, nor excluded where labels exclude each other."""
    texts = [["No effusion."]] * 3
    index = index_of(texts, [Phrase("effusion", YES)])

    with pytest.raises(CcdsError, match="the same one twice"):
        correcting(Vocabulary(texts), index, YES, {}, instead=YES)
    with pytest.raises(CcdsError, match="excludes its label"):
        correcting(Vocabulary(texts), index, YES, {})


def test_reports_beyond_the_sample_are_counted_all_the_same():
    """N-grams are looked for in some of many reports; what is said of them is counted in all."""
    texts = [[f"Wording {number % 3}."] for number in range(7001)]

    found = settling(Vocabulary(texts), PhraseIndex(texts), "wording", {}, most=2)

    assert [(one.phrase.text, one.raw) for one in found] == [("wording", 7001), ("wording 0", 2334)]


@given(corpora, listed, confirmations)
def test_the_same_question_has_the_same_answer(texts, phrases, confirmations):
    """In the same order, also where several are as good."""
    index = index_of(texts, phrases)
    confirmed = {report: label for report, label in confirmations.items() if report < len(texts)}

    assert both(index, texts, confirmed) == both(index, texts, confirmed)


def test_a_list_over_no_reports_has_no_suggestions():
    """Nothing to suggest, and nothing that fails."""
    assert both(PhraseIndex([]), [], {}) == []
    assert both(PhraseIndex([[""], []]), [[""], []], {}) == []
