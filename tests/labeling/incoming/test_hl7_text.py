r"""Character sets and escape sequences of HL7 v2 (v2.5.1, 2.7; MSH-18 in 2.15.9.18)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.incoming.hl7_text import Delimiters, codec_of, unescape
from ccds_kernel.labeling.incoming.version import Odd

USUAL = Delimiters("|", "^", "~", "\\", "&")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"A\F\B\S\C\T\D\R\E\E\F", r"A|B^C&D~E\F"),
        (r"one\.br\two\.sp\three\.sp2\four\.ce\five", "one\ntwo\nthree\n\nfour\nfive"),
        (r"one^\.sp\two", "one\ntwo"),
        (r"\.in+4\\.ti-4\ 1. Normal\.fi\\.nf\\.sk3\x", " 1. Normal   x"),
        (r"\H\high\N\ normal", "high normal"),
        (r"one\.BR\two", "one\ntwo"),
        (r"\X0D0A\\X41\ \XC3\\XA4\ \Xe282AC\ \P\ ", "\r\nA ä € # "),
        (r"C:\temp\file 5\10 \Zab\ \X4\ \.xy\ end\ ", r"C:\temp\file 5\10 \Zab\ \X4\ \.xy\ end\ "),
        (r"\E\R\ ", "\\R\\ "),
        ("none", "none"),
    ],
)
def test_escape_sequences_are_carried_out(raw, text):
    """Signs, lines and hexadecimal bytes; what is no escape sequence stays."""
    assert unescape(raw, USUAL, "utf-8") == text


def test_the_message_s_own_delimiters_count():
    """Another escape character, other separators."""
    assert unescape(r"a!F!b!S!c \T\ d!.br!e", Delimiters("#", "*", "+", "!", "%"), "utf-8") == "a#b*c \\T\\ d\ne"


@pytest.mark.parametrize("raw", [r"\XFF\ ", r"\C2842\ ", r"\M2442\ ", r"\M244233\ "])
def test_characters_that_cannot_be_had_are_odd(raw):
    """Bytes that are none of the character set, and a switch to another."""
    with pytest.raises(Odd):
        unescape(raw, USUAL, "utf-8")


def test_hexadecimal_bytes_are_of_the_message_s_character_set():
    """0xE4 is an a with two dots in ISO 8859-1."""
    assert unescape(r"\XE4\ ", USUAL, "iso8859-1") == "ä "


ESCAPES = {"|": r"\F\ ", "^": r"\S\ ", "&": r"\T\ ", "~": r"\R\ ", "\\": r"\E\ ", "\n": r"\.br\ ", "\r": r"\X0D\ "}


@given(st.text(st.sampled_from("|^&~\\\n\rab ä€.XEF") | st.characters(exclude_categories=["Cs"]), max_size=30))
def test_what_is_escaped_comes_back(text):
    """Every text that a sender escapes by the book is read as it was."""
    escaped = "".join(ESCAPES[sign].strip() if sign in ESCAPES else sign for sign in text)

    assert unescape(escaped, USUAL, "utf-8") == text


@pytest.mark.parametrize(
    ("named", "codec"),
    [
        ("", "cp1252"),
        ("ASCII", "cp1252"),
        ("UNICODE UTF-8", "utf-8"),
        ("unicode utf-8 ", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/15", "iso8859-15"),
        ("GB 18030-2000", "gb18030"),
    ],
)
def test_a_character_set_is_found_by_its_name(named, codec):
    """Of HL7 table 0211; where none is named, it is the site's."""
    assert codec_of(named, "cp1252") == codec
    assert "a".encode(codec) == b"a"


@pytest.mark.parametrize("named", ["UNICODE UTF-16", "ISO IR87", "klingon"])
def test_a_character_set_that_is_not_read_is_odd(named):
    """Rather than a text with other characters."""
    with pytest.raises(Odd, match="MSH-18"):
        codec_of(named, "utf-8")


@pytest.mark.parametrize("signs", ["|^~\\^", "||~\\&", "|^~a&", "|^~ &"])
def test_delimiters_are_five_different_signs(signs):
    """No letters, no blanks."""
    with pytest.raises(Odd, match="delimiters"):
        Delimiters(*signs)
