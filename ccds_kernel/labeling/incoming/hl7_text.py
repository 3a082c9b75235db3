r"""Characters of HL7 v2: from bytes by MSH-18, and the escape sequences of text (HL7 v2.5.1, 2.7 and 2.15.9.18).

What stands for a character becomes that character, what ends a line a line feed. Commands of layout that no text can follow
(word wrap, indentation, highlighting) go; what is no escape sequence stays as it is, because a lone backslash in a text
("5\10") is common. A switch of the character set within a text (\Cxxyy\, \Mxxyyzz\) is refused: a text with characters missing
isn't what somebody wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ccds_kernel.labeling.incoming.version import Odd

_CHARACTER_SETS = {
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 10), 15)},
    "ISO IR6": "ascii",
    "ISO IR100": "iso8859-1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc-kr",
    "BIG-5": "big5",
}
"""HL7 table 0211 → Python's name, for those whose bytes below 0x20 are control characters."""

_UNNAMED = {"", "ASCII"}
"""ASCII is what a message is in that names none, and what senders say who don't know: both are what the site says they are."""


@dataclass(frozen=True)
class Delimiters:
    r"""The characters that separate (MSH-1, MSH-2): as a rule `|^~\&`."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    def __post_init__(self) -> None:
        signs = (self.field, self.component, self.repetition, self.escape, self.subcomponent)
        if len(set(signs)) < len(signs) or any(sign.isalnum() or sign.isspace() for sign in signs):
            raise Odd("its delimiters (MSH-1, MSH-2) are none")


def codec_of(named: str, unnamed: str) -> str:
    """Python's name of the character set `named` in MSH-18, `unnamed` where it names none.

    Raises:
        Odd: it isn't one that is read.
    """
    name = named.strip().upper()
    if name in _UNNAMED:
        return unnamed
    if name not in _CHARACTER_SETS:
        raise Odd("its character set (MSH-18) isn't one that is read")
    return _CHARACTER_SETS[name]


def unescape(text: str, delimiters: Delimiters, codec: str) -> str:
    r"""`text` with its escape sequences carried out; bytes in \X…\ are of the encoding `codec`.

    Raises:
        Odd: such bytes aren't, or the text switches its character set.
    """
    if delimiters.escape not in text:
        return text
    signs = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "P": "#",
        "H": "",
        "N": "",
    }

    def meant(sequence: re.Match[str]) -> str:
        if sequence["bytes"]:
            # several in a row may be the bytes of one character
            raw = bytes.fromhex("".join(_HEXADECIMAL.findall(sequence["bytes"])))
            try:
                return raw.decode(codec)
            except UnicodeDecodeError:
                raise Odd("an escape sequence (X) has bytes that aren't of its character set") from None
        if sequence["switch"]:
            raise Odd("a text switches its character set (escape sequence C or M)")
        if sequence["sign"]:
            return signs[sequence["sign"]]
        command, count = sequence["command"].lower(), int(sequence["count"] or 1)
        return {"br": "\n", "ce": "\n", "sp": "\n" * count, "sk": " " * count}.get(command, "")

    return _sequence(delimiters.escape, delimiters.component).sub(meant, text)


_HEXADECIMAL = re.compile(r"X([0-9A-Fa-f]+)")


@lru_cache
def _sequence(escape: str, component: str) -> re.Pattern[str]:
    escape, component = re.escape(escape), re.escape(component)
    return re.compile(
        rf"(?P<bytes>(?:{escape}X(?:[0-9A-Fa-f]{{2}})+{escape})+)"
        rf"|{escape}(?P<switch>[CM](?:[0-9A-Fa-f]{{2}}){{2,3}}){escape}"
        rf"|{escape}(?P<sign>[FSTREPHN]){escape}"
        rf"|(?:{component}(?={escape}\.[sS][pP]))?"  # before .sp it is part of the line's end
        rf"{escape}\.(?P<command>(?i:br|ce|fi|nf|sp|sk|in|ti))[ ]?[+-]?(?P<count>\d{{1,2}})?{escape}"
    )
