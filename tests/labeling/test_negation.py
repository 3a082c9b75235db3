"""What a sentence says of a phrase: affirmed, negated or uncertain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.contexts import ContextReader, Said
from ccds_kernel.labeling.corpus import Corpus
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.negation import LONGEST_REACH, Assertion, SentenceCues, sentence_around
from ccds_kernel.labeling.sentences import sentence_ends
from ccds_kernel.labeling.text import normalise, whole_words

AFFIRMED, NEGATED, UNCERTAIN = Assertion
NOTHING: dict[str, list[str]] = {name: [] for name in RADIOLOGY.to_lists()}


def said(text: str, phrase: str, cues: Cues = RADIOLOGY) -> list[Assertion]:
    """What `text` says of `phrase` at each place."""
    folded, ends = normalise(text), sentence_ends(text)
    found = []
    for at in whole_words(folded, phrase):
        begin, end = sentence_around((at, at + len(phrase)), ends)
        found.append(SentenceCues(folded[begin:end], cues).assertion(at - begin, at + len(phrase) - begin))
    return found


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
        ("Effusion can\u2019t be excluded.", [UNCERTAIN]),
        ("Effusion can\u02bct be excluded.", [UNCERTAIN]),
        ("No İ, ß or ﬁ, effusion", [NEGATED]),
    ],
)
def test_what_a_sentence_says(text, expected):
    """By the default cues."""
    assert said(text, "effusion") == expected


@pytest.mark.parametrize(
    "text",
    [
        "The effusion has not resolved.",
        "Effusion not resolved",
        "Effusion has almost resolved.",
        "The effusion has not completely cleared.",
        "Pneumothorax not resolved, effusion",
        "Large effusion with resolved pneumothorax.",
        "Effusion without resolved infiltrate",
        "Pneumothorax resolved, effusion",
        "Large effusion, absent on the prior film.",
        "Effusion absent on prior",
        "Effusion not previously seen",
        "Effusion was not present on the previous film",
        "Persistent effusion, negative CT",
        "Large effusion, possible pneumonia",
        "Small effusion likely chronic",
        "Effusion is likely secondary to heart failure",
        "No pneumothorax, no change in effusion.",
        "No pneumothorax, unchanged effusion.",
        "No pneumothorax, small effusion.",
        "No pneumothorax, with large effusion",
        "No pneumothorax and a small effusion",
        "No pneumothorax; effusion persists",
        "No mass previously, now effusion",
        "Effusion unchanged, pneumothorax is not seen.",
        "No pneumothorax, effusion unchanged",
        "No pneumothorax, the effusion has increased",
        "Effusion is stable and pneumothorax is not seen",
        "Left effusion, right effusion is unlikely to be new",
        "No. 2 effusion",
        "No pneumothorax\nIMPRESSION: Effusion",
        "No pneumothorax IMPRESSION: Effusion",
        "NO PNEUMOTHORAX\nLARGE EFFUSION",
        "Negative for pneumothorax, positive for effusion.",
        "no pneumothorax\nsmall effusion",
        "1) No pneumothorax 2) Effusion",
        "(1) No pneumothorax (2) Effusion",
        "No pneumothorax - Effusion",
        "No pneumothorax: effusion is present",
        "Interval resolution of pneumothorax, effusion remains.",
        "There is no doubt about an effusion.",
        "Pneumothorax: no, effusion: yes",
        "Effusion: no pneumothorax",
    ],
)
def test_a_finding_that_is_there_is_not_denied(text):
    """By words that are said of another finding, of another film, or that hold a cue and mean the opposite."""
    assert set(said(text, "effusion")) == {AFFIRMED}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Effusion resolved.", NEGATED),
        ("Effusion: none", NEGATED),
        ("Effusion (resolved)", NEGATED),
        ("The effusion has completely resolved", NEGATED),
        ("Effusion absent, otherwise normal", NEGATED),
        ("Effusion is no longer visible", NEGATED),
        ("Effusion cannot be seen", NEGATED),
        ("No evidence for effusion", NEGATED),
        ("Effusion and pneumothorax are not seen", NEGATED),
        ("Effusions and venous engorgement have resolved; effusion", AFFIRMED),
        ("No consolidation, large effusion or pneumothorax", NEGATED),
        ("No pleural effusion, unchanged from prior", NEGATED),
        ("No effusion unchanged", NEGATED),
        ("No pneumothorax or effusion is seen in the stable chest", NEGATED),
        ("Cannot entirely exclude effusion", UNCERTAIN),
        ("Effusion can't be completely excluded", UNCERTAIN),
        ("Effusion possible.", UNCERTAIN),
        ("Effusion likely.", UNCERTAIN),
        ("Effusion is less likely", UNCERTAIN),
        ("Doubt effusion", UNCERTAIN),
        ("Resolved effusion.", NEGATED),
        ("1. Resolved left effusion and pneumothorax", NEGATED),
        ("IMPRESSION: Resolved effusion", NEGATED),
        ("Effusion: no.", NEGATED),
        ("Effusion: no\nPneumothorax: yes", NEGATED),
        ("Effusion - no, pneumothorax - yes", NEGATED),
        ("Effusion - None", NEGATED),
        ("No pneumothorax (image 2) Or effusion", NEGATED),
        ("No pneumothorax, consolidation, or effusion remains.", NEGATED),
        ("No pneumothorax or effusion is present", NEGATED),
        ("Negative for: effusion, pneumothorax", NEGATED),
        ("There is no evidence of pneumothorax, edema or of a\nsmall effusion", NEGATED),
        ("No consolidation, pneumothorax, edema or definite\nsmall effusion", NEGATED),
    ],
)
def test_a_finding_that_is_denied_or_left_open(text, expected):
    """By what is said right behind it, in any of the usual ways."""
    assert said(text, "effusion") == [expected]


def test_no_word_denies_in_both_directions():
    """What is said of the word before can't be said of the one after, too."""
    backward = {*RADIOLOGY.negation_after, *RADIOLOGY.negation_right_after}

    assert not backward & set(RADIOLOGY.negation_before)


def test_what_must_stand_right_behind_reaches_no_further():
    """Over a mark, not over a word, a comma, or a longer gap."""
    cues = Cues(**NOTHING | {"negation_right_after": ["gone"], "scope_ends_backward": [","]})

    for text in ("mass gone", "mass (gone)", "mass - gone"):
        assert said(text, "mass", cues) == [NEGATED]
    for text in ("mass, gone", "mass is gone", "mass - (gone)", "gone mass"):
        assert said(text, "mass", cues) == [AFFIRMED]


def test_a_cue_reaches_a_thousand_characters():
    """A text that goes on without a full stop is no sentence."""
    near, far = "x " * (LONGEST_REACH // 2 - 1), "x " * (LONGEST_REACH // 2)

    assert said(f"no {near}mass", "mass") == [NEGATED]
    assert said(f"no {far}mass", "mass") == [AFFIRMED]
    assert said(f"mass {far}is excluded", "mass") == [AFFIRMED]


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


def test_a_word_may_deny_further_in_a_task_s_own_list():
    """What the defaults let deny right before it only; the lists agree, so that both may have it."""
    cues = Cues(negation_after=["excluded"])

    assert said("Effusion on the left excluded", "effusion", cues) == [NEGATED]
    assert said("Effusion on the left excluded", "effusion") == [AFFIRMED]


@given(
    st.lists(
        st.sampled_from(
            ["No mass or", "effusion.", "effusion", "possible", "is excluded.", "\n\n", "but", "absent", ",", "no"]
        ),
        max_size=12,
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
