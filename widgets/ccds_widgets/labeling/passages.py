"""A report's text cut into the pieces that a page draws one after the other.

Python counts code points, a browser UTF-16 units: pieces need neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ccds_kernel.labeling.matching import Span

Piece = tuple[str, list[int]]
"""Some text, and the positions of the phrases that cover it, the highest priority first; empty where there is none."""


def cut(text: str, spans: Sequence[Span]) -> list[Piece]:
    """`text` in pieces at the ends of `spans`, which may overlap; joined they are `text` again.

    Args:
        text: the text of one section.
        spans: places in it, `start` < `end`, in code points.
    """
    ends = sorted({0, len(text), *(span.start for span in spans), *(span.end for span in spans)})
    return [
        (text[start:end], sorted({span.position for span in spans if span.start <= start and end <= span.end}))
        for start, end in pairwise(ends)
    ]
