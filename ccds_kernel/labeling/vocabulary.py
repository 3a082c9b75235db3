"""The words of n reports, numbered once, so that n-grams are counted and found without reading a text again.

A *word* is a run of word characters (`text.is_word_character`); a *token* is a word with what stands between it and the word
before; an *n-gram* is n words in a row with nothing but a space, a hyphen, an apostrophe, a slash, a comma or a decimal point
between them, so that none spans two sentences or two sections. Because words are maximal runs, an n-gram's tokens stand in a
report exactly where its text stands there as whole words: what is found here is what `matching.PhraseIndex` matches.

Rejected: numbering all n-grams once (five numbers a word, most of them of n-grams seen once), a hashing vectoriser (collisions
would make counts wrong), and counting in the texts anew per request (seconds). Pure; immutable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ccds_kernel.labeling.corpus import Corpus, Posting
from ccds_kernel.labeling.stop_words import NEGATIONS, STOP_WORDS
from ccds_kernel.labeling.text import is_word_character

LONGEST_NGRAM = 5
"""Words in the longest n-gram."""

_ASCII_WORD = "0-9a-z_"
_JOINTS = (" ", "-", "'", "\u2019", "/", ", ")
_MARK = re.compile(r"_+|[x_]{2,}")
"""What stands in a report in place of a name or a date that was taken out: "xxxx", "___"; a single x may be of "x ray"."""
_CHUNK = 50_000
_OF_FIRST_PASS = 0.2
"""The share of the time that goes into looking for characters beyond ASCII, roughly."""

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Ngrams(NamedTuple):
    """The n-grams of one length in some reports.

    Attributes:
        tokens: shape (k, n): per n-gram the number of its first word, then those of its further tokens.
        ngram: shape (m,), ascending: one entry per n-gram and report that holds it, each once; the n-gram, 0 … k - 1.
        row: shape (m,): likewise the report, as an index into the reports that were asked about.
    """

    tokens: Numbers
    ngram: Numbers
    row: Numbers


class Vocabulary:
    """The words of n reports.

    Args:
        texts: per report its sections, those that the phrase index searches; or the corpus that it searches.
        stop_words: words that say nothing by themselves, in normal form.
        negations: words that turn what follows round, in normal form.
        progress: is told from time to time which share of the reading is done, up to 1.
    """

    def __init__(
        self,
        texts: Sequence[Sequence[str]] | Corpus,
        *,
        stop_words: Collection[str] = STOP_WORDS,
        negations: Collection[str] = NEGATIONS,
        progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        corpus = texts if isinstance(texts, Corpus) else Corpus(texts)
        self._tokens, self._words, self._word_of_token, joined, numbers, lengths = _numbered(corpus, progress)
        self._number_of_word = {word: number for number, word in enumerate(self._words)}
        self._is_stop_word = np.array([word in stop_words for word in self._words], dtype=np.bool_)
        self._says_nothing = np.array(
            [word in stop_words or word in negations or word.isnumeric() for word in self._words], dtype=np.bool_
        )
        self._is_mark = np.array([_MARK.fullmatch(word) is not None for word in self._words], dtype=np.bool_)
        self._token = np.append(numbers, -1).astype(np.int32)
        self._starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
        opens = np.zeros(len(numbers) + 1, dtype=np.bool_)
        opens[self._starts] = True
        # Whether the token at a place goes on from the one before; the place after the last one doesn't.
        self._goes_on = np.append(joined[numbers], False) & ~opens
        by_word = self._word_of_token[numbers]
        self._places = np.argsort(by_word, kind="stable").astype(np.int32)
        self._first_place = np.concatenate(([0], np.cumsum(np.bincount(by_word, minlength=len(self._words)))))

    def __len__(self) -> int:
        """How many reports there are."""
        return len(self._starts) - 1

    def text_of(self, tokens: Sequence[int]) -> str:
        """The text of an n-gram, in normal form."""
        first, *further = tokens
        return self._words[first] + "".join(self._tokens[token] for token in further)

    def readable(self, tokens: Numbers) -> Flags:
        """Per n-gram whether a person would write it: no stop word at either end, one word at least that says something, and
        none that only stands for what was taken out of the reports.

        Args:
            tokens: shape (k, n). A negation may stand at an end, though it says nothing by itself.
        """
        words = self._words_of(tokens)
        ends = self._is_stop_word[words[:, [0, -1]]]
        says = ~self._says_nothing[words].all(axis=1) & ~self._is_mark[words].any(axis=1)
        return np.asarray(~ends.any(axis=1) & says, dtype=np.bool_)

    def telling(self, text: str) -> list[str]:
        """The words of `text`, in normal form, that say something by themselves and stand in a report."""
        words = ("".join(characters) for is_word, characters in groupby(text, is_word_character) if is_word)
        known = ((word, self._number_of_word.get(word)) for word in words)
        return [word for word, number in known if number is not None and not self._says_nothing[number]]

    def holding(self, tokens: Numbers, text: str) -> Flags:
        """Per n-gram, shape (k, n), whether each word of `text` (in normal form) is one of its words."""
        words = self._words_of(tokens)
        found = np.ones(len(tokens), dtype=np.bool_)
        for is_word, characters in groupby(text, is_word_character):
            if is_word:
                found &= (words == self._number_of_word.get("".join(characters), -1)).any(axis=1)
        return found

    def ngrams(self, reports: Numbers, at_least: int) -> Iterator[Ngrams]:
        """The n-grams that stand in at least `at_least` of `reports`: those of one word, then of two, … of `LONGEST_NGRAM`.

        Args:
            reports: report indices, each once, shape (r,).
            at_least: a longer one is looked for only where its beginning is as frequent.
        """
        place, row = self._places_in(reports)
        key, tokens = self._word_of_token[self._token[place]], np.arange(len(self._words))[:, None]
        for length in range(1, LONGEST_NGRAM + 1):
            order = np.argsort(key, kind="stable")  # places ascend, and so do the reports of equal keys
            key, row, place = key[order], row[order], place[order]
            new_key = _differs(key)
            distinct, ngram = key[new_key], np.cumsum(new_key) - 1
            if length > 1:
                shorter, last = np.divmod(distinct, len(self._tokens))
                tokens = np.column_stack((tokens[shorter], last))
            else:
                tokens = tokens[distinct]
            new_pair = new_key | _differs(row)
            held = ngram[new_pair], row[new_pair]
            frequent = np.bincount(held[0], minlength=len(tokens)) >= at_least
            number = np.cumsum(frequent) - 1
            tokens = tokens[frequent]
            kept = frequent[held[0]]
            yield Ngrams(tokens, number[held[0][kept]], held[1][kept])
            end = place + length
            kept = frequent[ngram] & self._goes_on[end]
            place, row = place[kept], row[kept]
            key = number[ngram[kept]] * len(self._tokens) + self._token[end[kept]]

    def reports_with(self, tokens: Sequence[int]) -> Posting:
        """The reports in which an n-gram stands, as `Corpus.reports_with` says of its text."""
        first, *further = tokens
        words = [first, *(int(self._word_of_token[token]) for token in further)]
        rarest = min(range(len(words)), key=lambda at: self._first_place[words[at] + 1] - self._first_place[words[at]])
        word = words[rarest]
        place = self._places[self._first_place[word] : self._first_place[word + 1]] - rarest
        place = place[(place >= 0) & (place + len(words) <= len(self._token))]
        for offset, token in enumerate(further, start=1):
            at = place + offset
            place = place[(self._token[at] == token) & self._goes_on[at]]
        if rarest:
            place = place[self._word_of_token[self._token[place]] == first]
        holder = np.searchsorted(self._starts, place, side="right") - 1
        return holder[_differs(holder)].astype(np.uint32)

    def _words_of(self, tokens: Numbers) -> Numbers:
        return np.column_stack((tokens[:, :1], self._word_of_token[tokens[:, 1:]]))

    def _places_in(self, reports: Numbers) -> tuple[Numbers, Numbers]:
        """Every token's place in `reports`, and the index of its report there."""
        begin, length = self._starts[reports], self._starts[reports + 1] - self._starts[reports]
        row = np.repeat(np.arange(len(reports)), length)
        within = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
        return np.repeat(begin, length) + within, row


def _differs(sorted_values: Numbers) -> Flags:
    """Per value whether it differs from the one before; the first one does."""
    return np.append(True, sorted_values[1:] != sorted_values[:-1])[: len(sorted_values)]


def _numbered(
    corpus: Corpus, progress: Callable[[float], None]
) -> tuple[list[str], list[str], Numbers, Flags, Numbers, Numbers]:
    """Tokens, words, per token its word and whether it goes on from a word before; per place its token; tokens per report."""
    # Every character beyond ASCII is named: Rust's Unicode tables aren't Python's, and decide nothing here.
    beyond: set[str] = set()
    for begin, reports in _chunks(corpus):
        beyond.update(*(report for report in reports if not report.isascii()))
        progress(_OF_FIRST_PASS * (begin + len(reports)) / len(corpus))
    named = "".join(f"\\x{{{ord(one):x}}}" for one in sorted(beyond) if not one.isascii() and is_word_character(one))
    characters = _ASCII_WORD + named
    number: dict[str, int] = {}
    numbers, lengths = [], []
    for begin, reports in _chunks(corpus):
        found = pl.Series(reports, dtype=pl.String).str.extract_all(f"[^{characters}]*[{characters}]+")
        lengths.append(found.list.len().to_numpy())
        every = found.explode().drop_nulls()
        distinct = every.unique(maintain_order=True)  # so that the same texts get the same numbers
        of_distinct = np.array([number.setdefault(token, len(number)) for token in distinct], dtype=np.int64)
        numbers.append(of_distinct[every.cast(pl.Enum(distinct)).to_physical().to_numpy()])
        progress(_OF_FIRST_PASS + (1 - _OF_FIRST_PASS) * (begin + len(reports)) / len(corpus))
    tokens = list(number)
    series = pl.Series(tokens, dtype=pl.String)
    word = series.str.extract(f"([{characters}]+)$", 1)
    between = series.str.replace(f"[{characters}]+$", "")
    words = word.unique(maintain_order=True)
    joined = between.is_in(_JOINTS) | ((between == ".") & word.str.contains("^[0-9]"))
    return (
        tokens,
        words.to_list(),
        word.cast(pl.Enum(words)).to_physical().to_numpy().astype(np.int64),
        joined.to_numpy(),
        np.concatenate(numbers) if numbers else np.empty(0, dtype=np.int64),
        np.concatenate(lengths) if lengths else np.empty(0, dtype=np.int64),
    )


def _chunks(corpus: Corpus) -> Iterator[tuple[int, list[str]]]:
    """Some reports at once, each time with the number of the first."""
    for begin in range(0, len(corpus), _CHUNK):
        yield begin, corpus.normalised(list(range(begin, min(begin + _CHUNK, len(corpus)))))
