r"""Where the sentences of a text end, told in its normal form.

The ends are found in the text as it came, because the normal form has lost line feeds and capital letters, and are then counted
in characters of the normal form, in which phrases and cues are found. Decided, for English reports:

- A full stop, exclamation or question mark ends a sentence before white space or the end of the text, so that "3.5 cm" is one;
  and a full stop also between a small and a capital letter ("effusion.Heart", a lost space). A question mark after white space
  doesn't: "? pneumonia" asks.
- The usual abbreviations don't ("vs.", "Dr.", "e.g."); those that may well end a sentence ("approx.", "5 p.m.") don't before a
  small letter or a number. A single letter is none: "hepatitis C." is commoner than initials.
- A heading ends the sentence before it, wherever it stands (`incoming.headings`).
- A line feed is mostly where a line was full, and ends nothing: "No pleural\neffusion". It does where a blank line follows, a
  mark or number of a list, a capitalised word, or a word before a colon, unless the line before ends in a comma or a word such
  as "of" or "the". Before a line in capitals likewise ("NO MASS\nEFFUSION"), unless the line was full: long, and the next
  one not so much longer that its first word would have fitted, with a full stop within one of the two. Before a small size
  ("no pneumothorax\nsmall effusion") likewise, unless the line before was long.
- Within a line, a number in parentheses or a dash between blanks ends a sentence before a capitalised word that isn't an answer
  ("effusion - None"); a comma or colon does before a clause which says that something is there: "no mass, effusion remains".

A sentence is never found by a trained model: the same text would be cut otherwise by the next version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccds_kernel.labeling.incoming import headings
from ccds_kernel.labeling.text import normalise, visible

_STOPS = ".!?…؟۔।。！？"  # noqa: RUF001 - full stops of other scripts, too
_WITHOUT_SPACE = "。！？"  # noqa: RUF001 - scripts that write no space after them
_LINE_FEEDS = "\n\r\v\f\x85\u2028\u2029"
_MARK = re.compile(f"[{_STOPS}{_LINE_FEEDS}]")
_EXTENT = re.compile(rf"[{_STOPS}]++[\"'”’»)\]]*+|[{_LINE_FEEDS}]\s*+")
_FEED = re.compile(rf"\r\n|[{_LINE_FEEDS}]")

_ABBREVIATED = frozenset(["vs", "dr", "drs", "mr", "mrs", "ms", "prof", "st", "cf", "fig", "figs", "e.g", "i.e"])
_ABBREVIATED_BEFORE_SMALL = frozenset(["approx", "ca", "etc", "incl", "max", "min", "resp", "a.m", "p.m"])
_PLAIN = 4
_TAILS = frozenset(word[-_PLAIN:] for word in _ABBREVIATED | _ABBREVIATED_BEFORE_SMALL if len(word) >= _PLAIN)
_AROUND_WORDS = "()[]\"'"

_NUMBER = re.compile(r"\s+\d")
_SMALL = re.compile(r"\s+[a-z0-9]")
_CAPITALISED = re.compile(r"[A-Z][a-z]")
_NEW_ITEM = re.compile(
    r"(?:[-*+>•·–—]|\(?\d{1,2}[.)])(?:\s|$)|[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿ]|\s[a-zß-öø-ÿ])|[^\W\d_][\w &/-]{1,40}:(?!\w)"
)
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ]")
_SMALL_LETTER = re.compile(r"[a-zß-öø-ÿ]")
_FEWEST_CAPITALS = 6
"""Of a line in capitals after one that isn't: "CT" and "COPD" are words of a sentence."""
_FULL_LINE = 40
"""The shortest line that may have been full, in characters."""
_LONGEST_LINE = 400
_STOP_IN_LINE = re.compile(r"[^\W\d_]\.(?:\s|$)")
_CALLS_FOR_MORE = re.compile(
    r"(?:[,/-]|(?<!\w)(?:a|an|and|at|by|for|from|in|(?<!: )no|of|on|or|than|the|to|versus|vs\.?|with|without))$",
    re.IGNORECASE,
)
_LOOK_BACK = 12
_SIZE = re.compile(r"(?:tiny|trace|minimal|mild|small|moderate|large)(?:\s|$)")
_CAPITAL_BEGINS = r"[^\W\d_a-z]"
_ANSWERS = "no|not|none|nil|absent|negative|resolved|cleared|excluded|ruled|unlikely|possible|suspected"
_WHAT = r"\s(?:(?!(?i:and|or|nor|no|not|without)\b)[\w'-]++\s){1,5}"
_CLAUSE = re.compile(
    rf"(?<!\s)\s++(?=(?:\(\d{{1,2}}\)|\d{{1,2}}\))\s{_CAPITAL_BEGINS})"
    rf"|(?<!\s)\s++(?=[-–—•]\s(?!(?i:{_ANSWERS})\b){_CAPITAL_BEGINS})"
    r"|\([^()]*+\)"
    rf"|[,:](?={_WHAT}(?i:remains?|persists?)\b)"
    rf"|:(?={_WHAT}(?i:is|are)\s(?i:present|seen|noted|identified|visible|evident)\b)"
)
"""Where a sentence ends within a line; what stands in parentheses is passed over."""


def sentence_ends(text: str) -> list[int]:
    """The offsets into `normalise(text)` at which its sentences end, ascending.

    The last one is the length of the normal form; an empty text has none. A space between two sentences belongs to the second.
    """
    text = visible(text)
    if text.isascii() and len(" ".join(text.split())) == len(text):  # every character stands for itself, at its place
        return _breaks(text) if text else []
    ends: list[int] = []
    length, spaced, begin = 0, False, 0
    for end in _breaks(text):
        piece = text[begin:end]
        begin = end
        words = len(normalise(piece))
        if not words:
            spaced = spaced or bool(piece)
            continue
        if ends and (spaced or piece[0].isspace()):
            length += 1
        spaced = piece[-1].isspace()
        length += words
        ends.append(length)
    return ends


def _breaks(text: str) -> list[int]:
    """Where the sentences of the visible `text` end: before a line feed, after a stop, and at its end."""
    found = []
    seen = 0
    for start in (mark.start() for mark in _MARK.finditer(text)):
        if start < seen:
            continue
        if text[start : start + 2] == ". " and _is_plain_word(text[max(0, start - _PLAIN) : start]):
            found.append(start + 1)  # by far the commonest
            continue
        seen = end = next(_EXTENT.finditer(text, start)).end()  # begins here: each mark begins one
        if end == len(text):
            break
        if text[start] in _LINE_FEEDS:
            if _is_new_line(text, start, end):
                found.append(start)
        elif _is_stop(text, start, end):
            found.append(end)
    return _with_headings(text, sorted({*found, *_clauses(text), len(text)}))


def _clauses(text: str) -> Iterator[int]:
    """Where `_CLAUSE` ends sentences in `text`."""
    for found in _CLAUSE.finditer(text):
        if found.start() and not found.group().startswith("("):
            yield found.start()


def _with_headings(text: str, breaks: list[int]) -> list[int]:
    """`breaks` and those before the headings in `text`."""
    if ":" not in text and _FEED.search(text) is None:  # where no heading is known
        return breaks
    before = (len(text[:cut].rstrip()) for cut, _ in headings.starts(text))
    return sorted({*breaks, *filter(None, before)})


def _is_plain_word(tail: str) -> bool:
    """Whether the last `_PLAIN` characters before a full stop are those of a word that is certainly no abbreviation."""
    return len(tail) == _PLAIN and tail.isalpha() and tail.islower() and tail not in _TAILS


def _is_stop(text: str, start: int, end: int) -> bool:
    stop = text[start:end]
    if not text[end].isspace():
        if stop == ".":
            return text[max(0, start - 2) : start].isalpha() and _CAPITALISED.match(text, end) is not None
        return stop[-1] in _WITHOUT_SPACE
    if stop[0] == "?":
        return start > 0 and not text[start - 1].isspace()
    if stop != ".":
        return True
    words = _FEED.split(text[max(0, start - _LOOK_BACK) : start])[-1].split()
    word = words[-1].lower().strip(_AROUND_WORDS) if words else ""
    if word in _ABBREVIATED or (word == "no" and _NUMBER.match(text, end)):
        return False
    return word not in _ABBREVIATED_BEFORE_SMALL or _SMALL.match(text, end) is None


def _is_new_line(text: str, start: int, end: int) -> bool:
    if len(_FEED.findall(text, start, end)) > 1:
        return True
    before = text[max(0, start - _LOOK_BACK) : start]
    if _CALLS_FOR_MORE.search(before.rstrip()) is not None:
        return False
    if _NEW_ITEM.match(text, end) is not None or _is_line_in_capitals(text, start, end):
        return True
    return _SIZE.match(text, end) is not None and len(_line_before(text, start)) < _FULL_LINE


def _line_before(text: str, end: int) -> str:
    """What stands before `end` in its line, as far as it is looked at."""
    line = text[max(0, end - _LONGEST_LINE) : end]
    return line[1 + max(map(line.rfind, _LINE_FEEDS)) :]


def _is_line_in_capitals(text: str, start: int, end: int) -> bool:
    """Whether the line that begins at `end` is in capitals, and the one that ends at `start` wasn't full."""
    if text[end].islower():
        return False
    following = _FEED.split(text[end : end + _LONGEST_LINE], 1)[0]
    line = _line_before(text, start)
    if not _is_in_capitals(following, 1 if _is_in_capitals(line, 1) else _FEWEST_CAPITALS):
        return False
    next_word = following.split(None, 1)[0]
    was_full = len(line) >= _FULL_LINE and len(line) + len(" ") + len(next_word) > len(following)
    return not (was_full and (_STOP_IN_LINE.search(line) or _STOP_IN_LINE.search(following)))


def _is_in_capitals(line: str, fewest: int) -> bool:
    """Whether `line` has at least `fewest` capitals and hardly any small letters, as those of "3 cm"."""
    capitals = len(_CAPITAL.findall(line))
    return capitals >= fewest and 3 * len(_SMALL_LETTER.findall(line)) <= capitals
