"""Searching reports for words, as phrases see them: in normal form, within one section, and not in sections that are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.text import normalise, whole_words


@dataclass(frozen=True)
class Search:
    """What is searched.

    Args:
        text: as it was typed; case and white space don't count.
        whole: whether only whole words are found.

    Raises:
        CcdsError: there is nothing to search for.
    """

    text: str
    whole: bool

    def __post_init__(self) -> None:
        if not self.normalised:
            raise CcdsError(expected="words to search for", found="none", do="type some")

    @property
    def normalised(self) -> str:
        """The words in normal form."""
        return normalise(self.text)

    def reports(self, corpus: Corpus) -> Posting:
        """The reports in which they stand: indices, ascending."""
        return (corpus.reports_with if self.whole else corpus.reports_holding)(self.normalised)

    def places(self, folded: str) -> Iterator[int]:
        """Where they begin in a section's text in normal form."""
        if self.whole:
            yield from whole_words(folded, self.normalised)
            return
        begin = folded.find(self.normalised)
        while begin >= 0:
            yield begin
            begin = folded.find(self.normalised, begin + len(self.normalised))
