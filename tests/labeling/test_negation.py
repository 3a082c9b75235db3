"""What a sentence says of a phrase: affirmed, negated or uncertain; and the lists of cues as a value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.contexts import ContextReader, Said
from ccds_kernel.labeling.corpus import Corpus
from ccds_kernel.labeling.negation import LONGEST_CUE, MOST_CUES, RADIOLOGY, Assertion, Cues
from ccds_kernel.labeling.sentences import sentence_ends
from ccds_kernel.labeling.text import normalise, whole_words

AFFIRMED, NEGATED, UNCERTAIN = Assertion
NOTHING: dict[str, list[str]] = {name: [] for name in RADIOLOGY.to_lists()}


def said(text: str, phrase: str, cues: Cues = RADIOLOGY) -> list[Assertion]:
    """What `text` says of `phrase` at each place."""
    folded, ends = normalise(text), sentence_ends(text)
    return [cues.assertion(folded, (at, at + len(phrase)), ends) for at in whole_words(folded, phrase)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Left effusion.", [AFFIRMED]),
        ("No effusion.", [NEGATED]),
        ("There is no pneumothorax, focal consolidation or effusion.", [NEGATED]),
        ("Negative for\n effusion.", [NEGATED]),
        ("Lungs without effusion", [NEGATED]),
        ("Effusion is excluded.", [NEGATED]),
        ("An effusion is not seen.", [NEGATED]),
        ("The effusion has resolved.", [NEGATED]),
        ("Possible effusion.", [UNCERTAIN]),
        ("?effusion", [UNCERTAIN]),
        ("Findings concerning for effusion", [UNCERTAIN]),
        ("Effusion cannot be excluded.", [UNCERTAIN]),  # holds "excluded"
        ("Cannot exclude effusion.", [UNCERTAIN]),
        ("Effusion vs. atelectasis", [UNCERTAIN]),
        # another sentence says nothing of it
        ("No mass. Effusion.", [AFFIRMED]),
        ("No mass.\n\nEffusion", [AFFIRMED]),
        ("No mass\n- effusion", [AFFIRMED]),
        ("Effusion. Pneumothorax is excluded.", [AFFIRMED]),
        ("Nodule of 3.5 cm, no effusion of 1.5 cm", [NEGATED]),
        # a scope ends
        ("No mass but effusion", [AFFIRMED]),
        ("No mass; effusion", [AFFIRMED]),
        ("Effusion, although a mass is excluded", [AFFIRMED]),
        # a cue reaches one way
        ("Effusion without pneumothorax", [AFFIRMED]),
        ("A mass is excluded, effusion", [AFFIRMED]),
        # no cue, though it looks like one
        ("No change in effusion", [AFFIRMED]),
        ("Not only effusion", [AFFIRMED]),
        ("No blunting to suggest effusion", [NEGATED]),
        ("Nodular effusion, abnormal", [AFFIRMED]),
        ("no\u0301 effusion", [AFFIRMED]),  # another letter
        # the nearest decides
        ("No pneumothorax, possible effusion", [UNCERTAIN]),
        ("Possible pneumothorax, no effusion", [NEGATED]),
        ("No mass, small effusion cannot be excluded", [UNCERTAIN]),
        ("No effusion, no mass or possible effusion. Effusion.", [NEGATED, UNCERTAIN, AFFIRMED]),
        # whatever a report is written with
        ("NO\u00a0PLEURAL EFFU\u00adSION", [NEGATED]),
        ("No İ, ß or ﬁ, effusion", [NEGATED]),
    ],
)
def test_what_a_sentence_says(text, expected):
    """By the default cues."""
    assert said(text, "effusion") == expected


def test_a_phrase_holds_its_own_negation():
    """A cue within the phrase is part of it, and hides no shorter one beside it."""
    assert said("No effusion, clearly.", "no effusion") == [AFFIRMED]
    assert said("No change.", "change") == [NEGATED]  # "no change" overlaps the phrase, "no" doesn't


def test_of_two_cues_as_near_the_negation_decides():
    """A negation and an uncertainty at the same distance, one on either side."""
    assert said("no effusion possible", "effusion") == [NEGATED]


def test_a_phrase_over_two_sentences_is_reached_from_both():
    """From the begin of its first sentence and from the end of its last one."""
    assert said("No effusion. Mass.", "effusion. mass") == [NEGATED]
    assert said("Effusion. Mass is excluded.", "effusion. mass") == [NEGATED]


def test_the_lists_are_a_task_s_own():
    """Other words, another language; an empty list is one, too."""
    german = Cues(["kein", "ohne"], ["ausgeschlossen"], ["Verdacht auf"], [], [], ["aber"])

    assert said("Kein Pneumothorax oder Erguss", "erguss", german) == [NEGATED]
    assert said("Verdacht auf  Erguss", "erguss", german) == [UNCERTAIN]
    assert said("No erguss", "erguss", german) == [AFFIRMED]


def test_the_lists_go_through_json():
    """What is stored is read back as the same; a list that is missing is the default one."""
    cues = Cues(negation_before=["Kein ", "ohne"])

    assert Cues.from_lists(json.loads(json.dumps(cues.to_lists()))) == cues
    assert Cues.from_lists({}) == RADIOLOGY
    assert cues.negation_before == ("kein", "ohne")


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ({"negation_before": [" "]}, "a blank one, a longer one, or one in half characters"),
        ({"negation_before": ["x" * (LONGEST_CUE + 1)]}, "a blank one, a longer one, or one in half characters"),
        ({"scope_ends": ["\ud83d"]}, "a blank one, a longer one, or one in half characters"),
        ({"scope_ends": ["but", "BUT "]}, "'but' again (case and white space don't count)"),
        ({"uncertainty_before": ["no"]}, "'no' again (case and white space don't count)"),
        ({"scope_ends": ["is  excluded"]}, "'is excluded' again (case and white space don't count)"),
        (NOTHING | {"look_alikes": [f"cue {number}" for number in range(MOST_CUES + 1)]}, str(MOST_CUES + 1)),
        ({"cues": ["no"]}, "1 of another name"),
        ({"scope_ends": "but"}, "something else"),
        ({"scope_ends": [1]}, "something else"),
        ({"scope_ends": None}, "something else"),
    ],
)
def test_lists_that_cannot_be_are_refused(lists, found):
    """Blank, endless, twice, in two lists that can't both be meant, too many, of another name or kind."""
    with pytest.raises(CcdsError) as error:
        Cues.from_lists(lists)

    assert error.value.found == found


@given(
    st.lists(
        st.sampled_from(["No mass or", "effusion.", "effusion", "possible", "is excluded.", "\n\n", "but"]), max_size=12
    )
)
def test_reading_many_reports_says_what_reading_one_says(words):
    """What the index keeps of sentences that it has read changes no answer; a report in two sections neither."""
    texts = [" ".join(words), " ".join(reversed(words))]
    expected = 0
    for one in (text for text in texts for text in said(text, "effusion")):
        expected |= {AFFIRMED: Said.AFFIRMED, NEGATED: Said.NEGATED, UNCERTAIN: Said.UNCERTAIN}[one]
    corpus = Corpus([texts, texts])
    posting = corpus.reports_with("effusion")

    reader = ContextReader(corpus, RADIOLOGY)

    for _ in range(2):
        assert reader.said("effusion", posting).tolist() == [expected] * len(posting)
