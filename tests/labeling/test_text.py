"""The normal form, what a word is, and the way back to the original offsets."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.phrase import LONGEST, Phrase
from ccds_kernel.labeling.text import is_word_character, normalise, normalise_with_offsets, whole_words

special = st.sampled_from([" ", "\n", "\u00a0", "\u00ad", "\u200b", "\u0130", "ß", "ﬁ", "Σ", "e\u0301"])
texts = st.lists(special | st.characters(exclude_categories=["Cs"])).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  No\tPLEURAL \r\n\n effusion. ", "no pleural effusion."),
        ("no\u00a0effusion\u2007of\u202fnote", "no effusion of note"),  # no-break spaces
        ("effu\u00adsion", "effusion"),  # soft hyphen
        ("\ufeffno\u200b effusion", "no effusion"),  # byte order mark, zero-width space
        ("Erguß ERGUSS", "erguss erguss"),
        ("ﬁbrosis", "fibrosis"),  # ligature, as PDF files have it
        ("İ", "i\u0307"),  # the dotted capital I of Turkish: an i with a dot, which is another letter than i
        ("ΟΔΟΣ οδος", "οδοσ οδοσ"),  # a final sigma is a sigma
        ("", ""),
        (" \u00a0\u200b\u00ad\n", ""),
    ],
)
def test_the_normal_form(text, expected):
    """Case is folded, white space of every kind is one space, what can't be seen is not there."""
    assert normalise(text) == expected


@given(texts)
def test_the_offsets_lead_back_to_the_original(text):
    """Each character of the normal form comes from a piece of the original that has it in its normal form.

    The pieces are in order, and only the parts of one folded character share one.
    """
    folded, starts, ends = normalise_with_offsets(text)

    assert folded == normalise(text)
    assert len(folded) == len(starts) == len(ends)
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    for at, character in enumerate(folded):
        piece = text[starts[at] : ends[at]]
        assert character in normalise(f"x{piece}x")
        if at and starts[at] != starts[at - 1]:
            assert starts[at] >= ends[at - 1]


@given(texts)
def test_the_normal_form_of_a_normal_form_is_itself(text):
    """A phrase that is compared in normal form may be normalised again without a change."""
    assert normalise(normalise(text)) == normalise(text)


def test_no_word_ends_within_a_folded_character():
    """Where one character folds into several, all of them are word characters, so that a match never cuts one in two."""
    several = [chr(code) for code in range(sys.maxunicode + 1) if len(chr(code).casefold()) > 1]

    parts = {part for character in several for part in character.casefold()}

    assert len(several) > 100
    assert all(is_word_character(part) for part in parts)


def test_ascii_word_characters_are_those_of_the_scan():
    """The fast scan takes every ASCII character but these for the end of a word."""
    words = {chr(code) for code in range(128) if is_word_character(chr(code).casefold())}

    assert {character.casefold() for character in words} == set("0123456789abcdefghijklmnopqrstuvwxyz_")


@pytest.mark.parametrize(
    ("text", "phrase", "starts"),
    [
        ("effusion, effusions, pre-effusion", "effusion", [0, 25]),
        ("size 1.5 cm, .5 cm, 5 cm", ".5 cm", [13]),  # what a phrase begins with is touched by no word either
        ("t-spine x t-spines", "t-spine", [0]),
        ("no no no", "no no", [0, 3]),
        ("ab ab", "b ab", []),
        ("a_b a", "a", [4]),
        ("cafe\u0301 cafe", "cafe", [6]),  # an accent belongs to its letter
        ("5 cm² 5 cm", "cm", [8]),
        ("größe groß", "groß", [6]),
        ("(effusion)", "effusion", [1]),
        ("effusion)x", "effusion)", []),
        ("“effusion”", "effusion", [1]),
    ],
)
def test_whole_words(text, phrase, starts):
    """A phrase stands where no letter, number, underscore or accent touches it."""
    assert list(whole_words(text, phrase)) == starts


def test_a_phrase_keeps_what_was_written():
    """The text stays as it was written but for white space around it; two that differ in case have one normal form."""
    phrase = Phrase(" No  Pleural Effusion\n", " negative ")

    assert (phrase.text, phrase.label) == ("No  Pleural Effusion", "negative")
    assert phrase.normalised == Phrase("NO pleural effusion", "other").normalised == "no pleural effusion"


@pytest.mark.parametrize(
    ("text", "label", "found"),
    [
        ("", "x", "a blank one"),
        (" \u00ad\u00a0", "x", "a blank one"),
        ("x", " ", "a blank one"),
        ("x" * (LONGEST + 1), "x", f"one of {LONGEST + 1}"),
        ("x\ud83d", "x", "a zero byte or half a character"),
        ("x", "\0", "a zero byte or half a character"),
    ],
)
def test_an_impossible_phrase_is_refused(text, label, found):
    """Nothing to look for, no label, a whole paragraph, half of a surrogate pair."""
    with pytest.raises(CcdsError) as error:
        Phrase(text, label)

    assert error.value.found == found
