"""A phrase's options: what they may be, and that they survive files and databases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.phrase_file import read_phrases, write_phrases
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.text import normalise

OPTED = Phrase("effusion", "present", negatable=True, uncertain_label=" perhaps ")

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8).filter(normalise)
phrases = st.builds(
    lambda sign, text, label, *options: Phrase(f"{sign}x{text}", f"{sign}L{label}", *options),
    st.sampled_from(["", "=", "-", "@", "'", "'="]),
    words,
    words,
    st.booleans(),
    st.none() | words.map(lambda word: f"U{word}"),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("uncertain", "found"),
    [(" ", "a blank one"), ("x\0", "a zero byte or half a character"), (" positive ", "the same one")],
)
def test_an_impossible_uncertain_label_is_refused(uncertain, found):
    """No label, half a character, or the label itself."""
    with pytest.raises(CcdsError) as error:
        Phrase("effusion", "positive", uncertain_label=uncertain)

    assert error.value.found == found


@given(st.lists(phrases, min_size=1, max_size=6, unique_by=lambda phrase: (phrase.normalised, phrase.label)))
def test_a_written_list_is_read_back(tmp_path_factory, listed):
    """Every option comes back; in a task whose labels are decided by themselves words may stand once for each label."""
    path = tmp_path_factory.mktemp("phrases") / "p.csv"

    write_phrases(path, listed)

    assert read_phrases(path, each_label_by_itself=True) == tuple(listed)


def test_a_written_list_has_no_formulas(tmp_path):
    """A spreadsheet program carries out nothing that somebody typed as a phrase or a label."""
    write_phrases(
        tmp_path / "p.csv", [Phrase("=cmd|' /C calc'!A0", "@SUM(A1)", uncertain_label="-x"), Phrase("x", "-1")]
    )

    lines = (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == ["'=cmd|' /C calc'!A0,'@SUM(A1),no,'-x", "x,-1,no,"]


@pytest.mark.parametrize(
    ("listed", "columns"),
    [
        ([Phrase("a", "x", negatable=True)], "phrase,label,negatable"),
        ([Phrase("a", "x"), OPTED], "phrase,label,negatable,uncertain"),
        ([Phrase("a", "x", excludes=True)], "phrase,label,negatable,excludes"),
        ([OPTED, Phrase("a", "x", excludes=True)], "phrase,label,negatable,uncertain,excludes"),
    ],
)
def test_a_list_has_only_the_columns_that_it_needs(tmp_path, listed, columns):
    """What was written before there were options is written so still."""
    write_phrases(tmp_path / "p.csv", listed)

    assert (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()[0] == columns


def test_the_same_words_for_one_label_twice_are_refused(tmp_path):
    """Also where they may stand for another label."""
    (tmp_path / "p.csv").write_text("phrase,label\na,x\nA,y\n a,x\n", encoding="utf-8")

    with pytest.raises(CcdsError) as error:
        read_phrases(tmp_path / "p.csv", each_label_by_itself=True)

    assert error.value.found == "that of line 2 again in line 4 (case and white space don't count)"


def test_a_project_keeps_the_options(open_as):
    """As they were given, and as they were changed."""
    repository = LabelingRepository(open_as("fay", Action.EDIT_PHRASES))

    stored = repository.insert_phrase(OPTED, 0)
    inserted = repository.phrases()[0].phrase
    repository.replace_phrase(stored.id, Phrase("effusion", "present", uncertain_label="unsure"))

    assert inserted == OPTED
    assert repository.phrases()[0].phrase == Phrase("effusion", "present", uncertain_label="unsure")
