"""Text that may name a patient or repeat a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ccds_kernel.airlock.finding import Finding, places, refusals, refuse, warn
from ccds_kernel.airlock.scan.escapes import unescaped
from ccds_kernel.airlock.scan.known_texts import RUN, KnownTexts
from ccds_kernel.airlock.scan.unreadable import unreadable_lines

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"

# Bounded, or begun where a word begins: a megabyte of one letter must not take an hour.
WARNED: Mapping[str, re.Pattern[str]] = {
    "a day, as birth dates and study dates are": re.compile(
        rf"(?<!\d)(?:(?:19|20)\d\d([-/.]){_MONTH}\1{_DAY}|{_DAY}([./-]){_MONTH}\2(?:19|20)?\d\d"
        rf"|{_MONTH}/{_DAY}/(?:19|20)?\d\d|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
    ),
    "a long number, as patients and studies have": re.compile(r"(?<![\d.e-])\d{6,16}(?![\d.])"),
    "words that go with a patient": re.compile(
        r"\b(?:mrn|ssn|dob|accession|date of birth|patient[ _'’]*s?[ _]?(?:id|name|birth)|geburtsdatum)\b",
        re.IGNORECASE,
    ),
    "a name, as people are called": re.compile(
        r"\b[A-Z][\w'’-]{0,64}\^[A-Z]|\b(?:Dr|Prof|Mr|Mrs|Ms|Herr|Frau)\.?[ ]+[A-Z][\w'’-]+"
    ),
    "an e-mail address or a telephone number": re.compile(
        r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.\w{2,}|(?<!\d)\d{3}[-. ]\d{2,3}[-. ]\d{4}(?!\d)|\+\d{1,3}[ -]\d[\d -]{6,20}\d"
    ),
}
"""What a reviewer has to look at → how it looks."""

UNREADABLE = "data that nobody can read, such as a file in base64"

MOST_NUMBERS = 20_000
"""Of up to five digits, in a text that is no table."""

REFUSED: Mapping[str, re.Pattern[str]] = {
    "a DICOM identifier": re.compile(r"(?<![\d.])[012](?:\.\d+){7,}(?![\d.])"),
    UNREADABLE: re.compile(r"[A-Za-z0-9+/_-]{256,}={0,2}|data:\w+/[\w.+-]+[;,]"),
}
"""What may not leave → how it looks."""

_DIGITS = re.compile(r"\d{1,5}")

Place = Callable[[int], str]
"""The number of a line, counted from 0 → what people call the place."""


def line(number: int) -> str:
    """The place of a line in a file."""
    return f"line {number + 1}"


def decoded(content: bytes, file: str) -> str | Finding:
    """`content` as text, or why it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return refuse("text that isn't UTF-8", file)
    if any(sign < " " and sign not in "\t\n\r\f" for sign in text):
        return refuse("bytes that are no text", file)
    return text


def scan_text(
    text: str, file: str, known: KnownTexts, *, place: Place = line, quiet: bool = False, drawing: bool = False
) -> list[Finding]:
    """What is found in `text`, as it stands or with its escapes taken for the letters that they stand for.

    Args:
        text: any.
        file: whose.
        known: the project's reports.
        place: names a line.
        quiet: leaves out the long numbers and how many there are, for texts that are full of them.
        drawing: leaves out what looks like data because it is a drawing's source.
    """
    lines = text.splitlines()
    plain = [unescaped(one) for one in lines]
    versions = [lines] if plain == lines else [lines, plain]

    def found_by(look: Callable[[list[str]], list[int]]) -> list[int]:
        return sorted({number for version in versions for number in look(version)})

    refused: dict[str, list[int]] = {
        f"{RUN} or more words of a report": found_by(known.lines_with_words),
        "an accession number or study key": found_by(known.lines_with_ids),
        **{what: found_by(partial(_matching, form)) for what, form in REFUSED.items()},
    }
    if not drawing:
        refused[UNREADABLE] = sorted({*refused[UNREADABLE], *found_by(unreadable_lines)})
    found = [refuse(what, file, places(map(place, numbers))) for what, numbers in refused.items() if numbers]
    if not quiet and not drawing and len(_DIGITS.findall(text)) > MOST_NUMBERS:
        found.append(refuse(f"more than {MOST_NUMBERS:,} numbers, which is data", file))
    for what, form in WARNED.items():
        numbers = [] if quiet and what.startswith("a long number") else found_by(partial(_matching, form))
        if numbers:
            found.append(warn(what, file, places(map(place, numbers))))
    return found


def scan_words(words: Iterable[str], file: str, known: KnownTexts, found: Iterable[Finding]) -> list[Finding]:
    """What may not leave in `words`, which a reader of the file gets to see, and isn't among what was `found` in its text."""
    told = {finding.what for finding in found}
    again = scan_text("\n".join(words), file, known, place=lambda _: "its words", quiet=True)
    return [finding for finding in refusals(again) if finding.what not in told]


def _matching(form: re.Pattern[str], lines: list[str]) -> list[int]:
    return [number for number, text in enumerate(lines) if form.search(text)]
