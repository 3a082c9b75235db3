"""Which reports a phrase matches, and how: its scan, and where it has options what these reports say of it.

The lists of a task share a scanner: the same words in several lists, as when one sees what they would do for each label, are
looked for once and read once. The last few scans are kept, for the insertion after a preview and for undoing a removal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.contexts import ContextReader, sorted_out
from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.cues import RADIOLOGY, Cues
from ccds_kernel.labeling.matches import Matching
from ccds_kernel.labeling.phrase import Phrase

_KEPT = 8
_NONE: Posting = np.zeros(0, dtype=np.uint32)


@dataclass
class _Scan:
    """The reports that hold a phrase, and, once it was asked for, what each says of it."""

    posting: Posting
    said: npt.NDArray[np.uint8] | None = None


class Scanner:
    """Looks for phrases in n reports.

    Args:
        texts: per report its sections, as `Corpus` takes them; or a corpus.
        cues: by which phrases with options read the sentences around them.

    Attributes:
        corpus: the texts.
        contexts: what the sentences say.
    """

    def __init__(self, texts: Sequence[Sequence[str]] | Corpus, cues: Cues = RADIOLOGY) -> None:
        self.corpus = texts if isinstance(texts, Corpus) else Corpus(texts)
        self.contexts = ContextReader(self.corpus, cues)
        self._scans: dict[str, _Scan] = {}

    def match(self, phrase: Phrase) -> Matching:
        """What `phrase` matches."""
        words = phrase.normalised
        scan = self._scans.pop(words, None) or _Scan(self.corpus.reports_with(words))
        self._scans[words] = scan
        if len(self._scans) > _KEPT:
            del self._scans[next(iter(self._scans))]
        if not phrase.reads_cues:
            return Matching(scan.posting, _NONE, _NONE)
        if scan.said is None:
            scan.said = self.contexts.said(words, scan.posting)
        return sorted_out(phrase, scan.posting, scan.said)
