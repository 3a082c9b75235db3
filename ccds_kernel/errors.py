"""What the program says when it can't go on.

Every error that a person may see is a `CcdsError`: one line that says what was expected, what came instead, and what to
do. It holds no patient text, no accession number and no token: such a line ends up in logs and on shared screens.
"""

from __future__ import annotations

from functools import partial
from typing import Any


class CcdsError(Exception):
    """A failure that a person can act on.

    Args:
        expected: what should have been there, as a phrase ("a CSV file in UTF-8").
        found: what was there instead ("bytes that are not UTF-8 at line 3").
        do: what the person can do about it ("save the file as UTF-8").
    """

    def __init__(self, *, expected: str, found: str, do: str) -> None:
        self.expected = one_line(expected)
        self.found = one_line(found)
        self.do = one_line(do)
        super().__init__(f"expected {self.expected}; found {self.found}; {self.do}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled with positional arguments, of which there are none: a worker's error would be lost.
        return partial(type(self), expected=self.expected, found=self.found, do=self.do), ()


def one_line(text: str) -> str:
    """`text` for one line of a terminal: names of files, and what people wrote, may hold anything, also what a terminal obeys."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in " ".join(text.split()))
