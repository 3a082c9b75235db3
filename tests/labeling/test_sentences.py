"""Where sentences end, in characters of the normal form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.sentences import sentence_ends
from ccds_kernel.labeling.text import normalise

special = st.sampled_from(
    [". ", ".", "? ", "\n", "\r\n", "\n\n", "\n- ", " ", "\u00a0", "\u00ad", "\u200b", "İ", "ß", "ﬁ", "A", "vs"]
)
texts = st.lists(special | st.characters(exclude_categories=["Cs"])).map("".join)


def sentences(text: str) -> list[str]:
    """The sentences of `text` in normal form, without the space between two."""
    folded, begin, found = normalise(text), 0, []
    for end in sentence_ends(text):
        found.append(folded[begin:end].strip())
        begin = end
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No effusion. Heart normal.", ["no effusion.", "heart normal."]),
        ("no effusion! mass? yes", ["no effusion!", "mass?", "yes"]),
        ("A 3.5 cm mass at 10.30. Stable", ["a 3.5 cm mass at 10.30.", "stable"]),
        ("Edema vs. pneumonia, seen by Dr. Reed, e.g. today. Ok", ["edema vs. pneumonia, seen by dr. reed, e.g. today.", "ok"]),
        ("Edema vs\n\n. Ok", ["edema vs", ".", "ok"]),  # no word of another line
        ("No edema\n-", ["no edema", "-"]),  # whatever follows, even nothing
        ("No edema\nsmall", ["no edema", "small"]),
        ("Edema (vs. pneumonia). Ok", ["edema (vs. pneumonia).", "ok"]),
        ("Approx. 3 cm, approx. half. It is approx. Heart", ["approx. 3 cm, approx. half.", "it is approx.", "heart"]),
        ("See no. 3. Mass? No. Effusion", ["see no. 3.", "mass?", "no.", "effusion"]),
        ("Hepatitis C. No mass", ["hepatitis c.", "no mass"]),
        ("Normal heart.No effusion", ["normal heart.", "no effusion"]),
        ("T1.Mass at p.A", ["t1.mass at p.a"]),
        ("(No effusion.) “No mass.” Heart", ["(no effusion.)", "“no mass.”", "heart"]),
        ("? pneumonia. Rule out ?mass", ["? pneumonia.", "rule out ?mass"]),
        ("Mass... or not", ["mass...", "or not"]),
        ("肺に異常なし。心臓は正常。", ["肺に異常なし。", "心臓は正常。"]),
        ("لا انصباب؟ نعم", ["لا انصباب؟", "نعم"]),
        ("No pleural\neffusion", ["no pleural effusion"]),  # the line was full
        ("NO PNEUMOTHORAX\r\nLARGE EFFUSION\nPE", ["no pneumothorax", "large effusion", "pe"]),
        ("No pneumothorax\nLARGE EFFUSION", ["no pneumothorax", "large effusion"]),
        ("NO EDEMA\n3 CM MASS, 5 cm NODULE", ["no edema", "3 cm mass, 5 cm nodule"]),
        ("NO PLEURAL OR\nPERICARDIAL EFFUSION,\nMASS", ["no pleural or pericardial effusion, mass"]),
        ("No acute disease on this\nCT/MRI or\nCT", ["no acute disease on this ct/mri or ct"]),
        (
            "NO EVIDENCE OF CONSOLIDATION, MASS OR PLEURAL\nEFFUSION. NORMAL HEART SIZE.",  # the line was full
            ["no evidence of consolidation, mass or pleural effusion.", "normal heart size."],
        ),
        (
            "NO EVIDENCE OF CONSOLIDATION, MASS OR PNEUMOTHORAX\nLARGE EFFUSION",  # this one not, for all that is known
            ["no evidence of consolidation, mass or pneumothorax", "large effusion"],
        ),
        ("No pneumothorax\nIMPRESSION: effusion", ["no pneumothorax", "impression: effusion"]),
        ("No mass or\nFindings\neffusion", ["no mass or", "findings effusion"]),
        ("no mass IMPRESSION: effusion", ["no mass", "impression: effusion"]),
        ("NO MASS  ** FINDINGS: HEART NORMAL", ["no mass **", "findings: heart normal"]),
        ("lungs: no mass\npleura: effusion, as of\n10:30", ["lungs: no mass", "pleura: effusion, as of 10:30"]),
        ("No evidence of\nPneumocystis", ["no evidence of pneumocystis"]),
        ("No effusion,\nPneumothorax or mass", ["no effusion, pneumothorax or mass"]),
        ("No pneumothorax\nSmall effusion\nA mass", ["no pneumothorax", "small effusion", "a mass"]),
        ("no pneumothorax\n\nsmall effusion", ["no pneumothorax", "small effusion"]),
        ("no pneumothorax\r\n \r\nsmall effusion", ["no pneumothorax", "small effusion"]),
        ("no edema\n- small effusion\n2. mass\n(3) nodule", ["no edema", "- small effusion", "2.", "mass", "(3) nodule"]),
        ("1. No mass 2. Effusion", ["1.", "no mass 2.", "effusion"]),
        ("1) No mass 2) Effusion (image 2) No", ["1) no mass", "2) effusion (image 2) no"]),
        ("No mass - Effusion - None - left", ["no mass", "- effusion - none - left"]),
        ("no mass\nsmall effusion", ["no mass", "small effusion"]),
        ("no mass, no edema, no pneumothorax, and no\nsmall nodule", ["no mass, no edema, no pneumothorax, and no small nodule"]),
        ("No mass, left effusion remains", ["no mass", ", left effusion remains"]),
        ("No mass, edema or effusion remains", ["no mass, edema or effusion remains"]),
        ("No mass: effusion is seen", ["no mass", ": effusion is seen"]),
        ("Mass: no\neffusion: yes", ["mass: no", "effusion: yes"]),
        ("İ no. İ\u00ad. ﬁ", ["i̇ no.", "i̇.", "fi"]),
        (" \u200b\n ", []),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(text, expected):
    """Full stops of numbers and abbreviations end nothing; line feeds do where something new begins."""
    assert sentences(text) == expected


@given(texts)
def test_the_ends_fit_the_normal_form(text):
    """They ascend to its length, and none stands before a space that belongs to the sentence before it."""
    folded, ends = normalise(text), sentence_ends(text)

    assert ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == len(folded)
    assert all(end and not folded[end - 1].isspace() for end in ends)


@given(texts, texts)
def test_a_blank_line_parts_what_is_before_from_what_follows(one, other):
    """Two texts with a blank line between have the sentences of both."""
    parted = sentences(f"{one}\n\n{other}")

    assert parted == [*sentences(one), *sentences(other)]


@pytest.mark.parametrize(
    "text",
    [
        ".",
        "?",
        "\n ",
        "\nB",
        "A B\n",
        "FINDINGS:",
        " ",
        "no. ",
        "...)))",
        "(?",
        "a.b",
        ".\n- ",
        "vs. ",
        "1) A ",
        "(",
        ", a b ",
        " - A",
    ],
    ids=repr,
)
def test_a_long_text_of_one_thing_is_read(text):
    """200 kB of nothing but marks, gaps or abbreviations has its ends, too: each character is looked at a few times only."""
    long = text * (200_000 // len(text))

    ends = sentence_ends(long)

    assert (ends[-1] if ends else 0) == len(normalise(long))
