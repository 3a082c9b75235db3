"""The peers of `benchmarks/labeling.py`: each is asked for labels, and then for those with one phrase more.

An engine is made with the folder of `reports.txt` and the phrases in their order, in a process of its own. Each imports its own
library; here stands only what is in each of the environments. What a peer is given: normal texts, made once; whole words by the
fastest way it has (a literal search, and a regular expression where that finds something); what it can keep from one question
to the next. Only "pandas, literal" knows no words.
"""

from __future__ import annotations

import importlib
import platform
import re
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

_NOBODY = np.iinfo(np.int16).max

Firsts = npt.NDArray[np.int16]
Rows = npt.NDArray[np.int64]
Votes = npt.NDArray[np.int64]
Time = tuple[float, float]
"""Wall clock and processor time, in seconds."""


class Engine(Protocol):
    """What is asked of each. Those that keep what they found can also `move`, and may tell `more`."""

    version: str

    def labels(self) -> Firsts:
        """Per report the position of the first phrase that matches, or -1: from raw texts, whatever was found before."""
        ...

    def add(self, phrase: str) -> int:
        """Puts a phrase above all others and finds the labels again; in how many reports it stands."""
        ...


def processor_time() -> float:
    """Of this process and of those that it waited for, in seconds."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def timed(action: Callable[[], Any]) -> tuple[Time, Any]:
    """How long `action` took, and what it returned."""
    begin, spent = time.perf_counter(), processor_time()
    found = action()
    return (time.perf_counter() - begin, processor_time() - spent), found


def texts_of(folder: Path) -> list[str]:
    """The reports of a folder."""
    return (folder / "reports.txt").read_text(encoding="utf-8").split("\n")[:-1]


def normal(text: str) -> str:
    """What a peer searches: white space and case don't count."""
    return " ".join(text.split()).lower()


def whole_words_of(phrase: str) -> Callable[[str], bool]:
    """Whether a phrase stands in a text: faster than the regular expression alone, which looks at each character."""
    search = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)").search
    return lambda text: phrase in text and search(text) is not None


def first_of(rows: Sequence[Rows], count: int) -> Firsts:
    """Per report the first phrase among whose rows it is, or -1."""
    first = np.full(count, -1, np.int16)
    for position in reversed(range(len(rows))):
        first[rows[position]] = position
    return first


def first_vote(votes: Votes) -> Firsts:
    """Per report, of a matrix of votes, the first column that has one, or -1."""
    cast = votes >= 0
    found: Firsts = np.where(cast.any(axis=1), cast.argmax(axis=1), -1).astype(np.int16)
    return found


def moved(things: list[Any], old: int, new: int) -> None:
    """Moves one of a list."""
    things.insert(new, things.pop(old))


class PlainPython:
    """A loop that stops at the first phrase that matches."""

    version = platform.python_version()

    def __init__(self, folder: Path, phrases: Sequence[str]) -> None:
        self._texts, self._phrases = texts_of(folder), phrases

    def labels(self) -> Firsts:
        """Each phrase in each report, until one stands there."""
        self._normal = list(map(normal, self._texts))
        stands = [whole_words_of(phrase) for phrase in self._phrases]
        return np.array(
            [next((at for at, one in enumerate(stands) if one(text)), -1) for text in self._normal], np.int16
        )

    def add(self, phrase: str) -> int:
        """Each report once."""
        return sum(map(whole_words_of(phrase), self._normal))


class Ripgrep:
    """`rg -i -w -F`, once for each phrase: of many (`-f`) it tells only the leftmost that match."""

    def __init__(self, folder: Path, phrases: Sequence[str]) -> None:
        told = subprocess.run(["rg", "--version"], capture_output=True, text=True, check=True).stdout
        self.version = told.split()[1]
        self._file, self._phrases = str(folder / "reports.txt"), phrases
        with (folder / "reports.txt").open("rb") as lines:  # not read at once: its memory would hide ripgrep's
            self._count = sum(1 for _ in lines)

    def labels(self) -> Firsts:
        """The numbers of each phrase's lines, put together."""
        self._lines = [self._lines_with(phrase) for phrase in self._phrases]
        return first_of(self._lines, self._count)

    def add(self, phrase: str) -> int:
        """Counts only."""
        return int(self._run("-c", phrase) or 0)

    def move(self, old: int, new: int) -> None:
        """The numbers of all lines put together again."""
        moved(self._lines, old, new)
        first_of(self._lines, self._count)

    def _lines_with(self, phrase: str) -> Rows:
        told = self._run("-nor", "", phrase)
        return np.fromstring(told.replace(b":", b" "), np.int64, sep=" ") - 1 if told else np.zeros(0, np.int64)

    def _run(self, *arguments: str) -> bytes:
        call = ["rg", "--no-config", "-i", "-w", "-F", *arguments, self._file]
        return subprocess.run(call, capture_output=True, check=False).stdout  # exit status 1 says that nothing matched


class Pandas:
    r"""`str.contains` over strings in Arrow: a literal, and `\b` around it where that is found."""

    words = True

    def __init__(self, folder: Path, phrases: Sequence[str]) -> None:
        self._pandas = importlib.import_module("pandas")
        self.version = f"{self._pandas.__version__}, pyarrow {version('pyarrow')}"
        self._texts, self._phrases = self._pandas.Series(texts_of(folder), dtype="str"), phrases

    def labels(self) -> Firsts:
        """Each phrase's column of yes and no, put together."""
        self._normal = self._texts.str.lower().str.replace(r"\s+", " ", regex=True).str.strip()
        self._rows = [self._rows_with(phrase) for phrase in self._phrases]
        return first_of(self._rows, len(self._normal))

    def add(self, phrase: str) -> int:
        """One column more."""
        self._rows.insert(0, self._rows_with(phrase))
        first_of(self._rows, len(self._normal))
        return len(self._rows[0])

    def move(self, old: int, new: int) -> None:
        """All columns put together again."""
        moved(self._rows, old, new)
        first_of(self._rows, len(self._normal))

    def _rows_with(self, phrase: str) -> Rows:
        rows = np.flatnonzero(self._normal.str.contains(phrase, regex=False))
        if not self.words:
            return rows
        pattern = rf"\b{re.escape(phrase)}\b".replace(r"\ ", " ")
        whole: Rows = rows[self._normal.iloc[rows].str.contains(pattern, regex=True).to_numpy()]
        return whole


class PandasLiteral(Pandas):
    """`str.contains(regex=False)`: "mass" in "massive", too."""

    words = False


class AhoCorasick:
    """One automaton of all phrases; the places that it finds are looked at for whole words."""

    def __init__(self, folder: Path, phrases: Sequence[str]) -> None:
        self._library = importlib.import_module("ahocorasick")
        self.version = version("pyahocorasick")
        self._texts, self._phrases = texts_of(folder), list(phrases)

    def labels(self) -> Firsts:
        """Each report once."""
        self._normal = list(map(normal, self._texts))
        return self._read()

    def add(self, phrase: str) -> int:
        """The automaton anew, and each report with it."""
        self._phrases.insert(0, phrase)
        return int((self._read() == 0).sum())

    def _read(self) -> Firsts:
        automaton = self._library.Automaton()
        for position, phrase in enumerate(self._phrases):
            automaton.add_word(phrase, (position, len(phrase)))
        automaton.make_automaton()
        return np.array([self._first(automaton.iter(text), text) for text in self._normal], np.int16)

    @staticmethod
    def _first(found: Iterable[tuple[int, tuple[int, int]]], text: str) -> int:
        best = _NOBODY
        for last, (position, length) in found:
            if position < best:
                before, after = text[last - length : last - length + 1], text[last + 1 : last + 2]
                free = last < length or not (before.isalnum() or before == "_")
                if free and not (after.isalnum() or after == "_"):
                    best = position
        return best if best < _NOBODY else -1


class Snorkel:
    """`LFApplier`, which takes any sequence, over the texts: one labelling function for each phrase."""

    applier = "LFApplier"

    def __init__(self, folder: Path, phrases: Sequence[str]) -> None:
        library = importlib.import_module("snorkel.labeling")
        self._function, self._applier = library.LabelingFunction, getattr(library, self.applier)
        self.version = version("snorkel")
        self._texts, self._phrases = texts_of(folder), phrases

    def labels(self) -> Firsts:
        """All functions on all reports; of the votes the first."""
        self._points = self._pack(list(map(normal, self._texts)))
        self._votes = self._apply(self._phrases)
        return first_vote(self._votes)

    def add(self, phrase: str) -> int:
        """One function on all reports."""
        self._votes = np.hstack([self._apply([phrase]), self._votes])
        first_vote(self._votes)
        return int((self._votes[:, 0] >= 0).sum())

    def move(self, old: int, new: int) -> None:
        """The columns in another order, and the first of each row again."""
        order = list(range(self._votes.shape[1]))
        moved(order, old, new)
        self._votes = self._votes[:, order]
        first_vote(self._votes)

    def _pack(self, texts: list[str]) -> object:
        """What the applier goes over."""
        return texts

    def _apply(self, phrases: Sequence[str]) -> Votes:
        functions = [self._function(f"f{at}", self._voting(phrase)) for at, phrase in enumerate(phrases)]
        votes: Votes = self._applier(functions).apply(self._points, progress_bar=False)
        return votes

    def _voting(self, phrase: str) -> Callable[[Any], int]:
        stands = whole_words_of(phrase)
        return lambda text: 0 if stands(text) else -1


class SnorkelPandas(Snorkel):
    """`PandasLFApplier`, as its tutorials have it: rows of a data frame."""

    applier = "PandasLFApplier"

    def _pack(self, texts: list[str]) -> object:
        return importlib.import_module("pandas").DataFrame({"text": texts})

    def _voting(self, phrase: str) -> Callable[[Any], int]:
        stands = whole_words_of(phrase)
        return lambda row: 0 if stands(row.text) else -1


PEERS: dict[str, Callable[[Path, Sequence[str]], Engine]] = {
    "ripgrep": Ripgrep,
    "pandas": Pandas,
    "pandas, literal": PandasLiteral,
    "pyahocorasick": AhoCorasick,
    "plain Python": PlainPython,
    "Snorkel LFApplier": Snorkel,
    "Snorkel PandasLFApplier": SnorkelPandas,
}
