"""The phrase list as the app last saw it, with its index, brought up to date by touching only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.text import normalise
from ccds_widgets.labeling.ports import HasPhrase


class PhraseList:
    """The phrases that a repository listed, matched against `texts`.

    Args:
        texts: per report its sections.

    Attributes:
        index: the phrases over the reports.
        ids: their ids, in the index's order.
        revision: another number whenever the list has changed.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self.index = PhraseIndex(texts)
        self.ids: list[int] = []
        self.revision = 0
        self._tones: dict[str, int] = {}

    def follow(self, stored: Sequence[HasPhrase]) -> None:
        """Becomes what the repository lists now, the highest priority first."""
        listed = [(one.id, one.phrase) for one in stored]
        if listed == list(zip(self.ids, self.index.phrases, strict=True)):
            return
        wanted = {row: phrase.normalised for row, phrase in listed}
        for row, phrase in list(zip(self.ids, self.index.phrases, strict=True)):
            if wanted.get(row) != phrase.normalised:
                self.index.remove(self.ids.index(row))
                self.ids.remove(row)
        for position, (row, phrase) in enumerate(listed):
            if row in self.ids:
                old = self.ids.index(row)
                self.index.move(old, position)
                self.ids.insert(position, self.ids.pop(old))
                self.index.replace(position, phrase)
            else:
                self.index.insert(phrase, position)
                self.ids.insert(position, row)
        # A label keeps its colour while the app is open, whatever becomes of its phrases.
        for _, phrase in sorted(listed, key=lambda one: one[0]):
            self._tones.setdefault(phrase.label, len(self._tones))
        self.revision += 1

    def position(self, phrase_id: int) -> int:
        """Where phrase `phrase_id` stands.

        Raises:
            CcdsError: it isn't on the list (any more).
        """
        if phrase_id not in self.ids:
            raise CcdsError(expected="a phrase of the list", found="one that was removed", do="choose another one")
        return self.ids.index(phrase_id)

    def alike(self, normalised: str) -> int | None:
        """The id of the phrase whose normal form is `normalised`; None where there is none."""
        pairs = zip(self.ids, self.index.phrases, strict=True)
        return next((row for row, phrase in pairs if phrase.normalised == normalised), None)

    def label(self, name: str) -> str:
        """`name` as the list writes it already, whatever its case and white space; else tidied."""
        alike = (phrase.label for phrase in self.index.phrases if normalise(phrase.label) == normalise(name))
        return next(alike, " ".join(name.split()))

    def shown(self) -> dict[str, Any]:
        """What a page shows: phrases with their counts, labels with theirs, in the order of their colours."""
        captured: dict[str, int] = {}
        phrases = []
        for row, phrase, count in zip(self.ids, self.index.phrases, self.index.counts, strict=True):
            captured[phrase.label] = captured.get(phrase.label, 0) + count.captured
            phrases.append(
                {
                    "id": row,
                    "text": phrase.text,
                    "label": phrase.label,
                    "captured": count.captured,
                    "matched": count.raw,
                }
            )
        return {
            "revision": self.revision,
            "labelled": sum(captured.values()),
            "labels": [
                {"name": label, "tone": self._tones[label], "captured": captured[label]}
                for label in sorted(captured, key=self._tones.__getitem__)
            ],
            "phrases": phrases,
        }
