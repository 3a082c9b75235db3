"""A phrase: words that a fellow looks for in reports, and the label that they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.text import is_valid_unicode, normalise

LONGEST = 500
"""The longest phrase in characters: longer ones are slips of the mouse or of a quotation mark."""


LONGEST_GIVEN = 200
"""The longest phrase that comes in by now; longer ones that were kept before stay readable."""

MOST_PHRASES = 32_000
"""How many phrases one list takes: `PhraseIndex.first` counts in 16 bits."""


@dataclass(frozen=True)
class Phrase:
    """One phrase of a label set.

    Args:
        text: as the person wrote it, at most `LONGEST` characters; white space around it is dropped, likewise of the label.
        label: the soft label of the reports that it captures; not blank, because a blank label means that nothing matched.
        negatable: not if negated: a place that a negation cue of its sentence reaches (see `negation`) doesn't count.
        uncertain_label: the soft label instead of `label` where an uncertainty cue reaches every place that counts; None where
            that makes no difference, another than `label` otherwise. In a `several` task what is then said of `label`.
        excludes: the phrase stands for the absence of `label`; only in a `several` task, where each label is decided by itself.

    Attributes:
        normalised: the text in normal form. Two phrases with the same one are the same phrase.

    Raises:
        CcdsError: the text is blank, too long or not valid Unicode, or a label is; or the uncertain label is the label.
    """

    text: str
    label: str
    negatable: bool = False
    uncertain_label: str | None = None
    excludes: bool = False
    normalised: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.strip())
        object.__setattr__(self, "label", self.label.strip())
        if self.uncertain_label is not None:
            object.__setattr__(self, "uncertain_label", self.uncertain_label.strip())
        _refuse_longer(self.text, LONGEST)
        for name, value in self.words():
            if not normalise(value):
                raise CcdsError(expected=f"a {name}", found="a blank one", do=f"give the {name} at least one character")
            if "\0" in value or not is_valid_unicode(value):
                raise CcdsError(
                    expected=f"a {name} in whole characters",
                    found="a zero byte or half a character",
                    do=f"select or type the {name} again",
                )
        if self.uncertain_label == self.label:
            raise CcdsError(
                expected="another label where the phrase is uncertain",
                found="the same one",
                do="leave it out, or change it",
            )
        object.__setattr__(self, "normalised", normalise(self.text))

    @property
    def reads_cues(self) -> bool:
        """Whether the words around a place of the phrase decide what it counts for."""
        return self.negatable or self.uncertain_label is not None

    def words(self) -> list[tuple[str, str]]:
        """What each of its words is called, with the word: the phrase, its label, and that where it is uncertain."""
        given = [("phrase", self.text), ("label", self.label)]
        return given if self.uncertain_label is None else [*given, ("label if uncertain", self.uncertain_label)]


def check_telling(phrase: Phrase) -> None:
    """Looks whether a list takes `phrase` as one that somebody gives; those that were kept before aren't asked.

    Raises:
        CcdsError: its words or a label of it have no letter and no digit, or the words are too many.
    """
    _refuse_longer(phrase.text, LONGEST_GIVEN)
    for name, value in phrase.words():
        check_readable(value, name)


def check_readable(word: str, what: str) -> None:
    """Looks whether `word`, as somebody gives it, has a letter or a digit.

    Raises:
        CcdsError: it hasn't; says that it should be a `what`.
    """
    if not any(sign.isalnum() for sign in word):
        raise CcdsError(
            expected=f"a {what} with a letter or a digit", found="other signs only", do=f"write the {what} in words"
        )


def check_count(count: int) -> None:
    """Looks whether one list takes `count` phrases.

    Raises:
        CcdsError: it doesn't.
    """
    if count > MOST_PHRASES:
        raise CcdsError(
            expected=f"at most {MOST_PHRASES} phrases", found=str(count), do="leave out those that capture nothing"
        )


def _refuse_longer(text: str, most: int) -> None:
    if len(text) > most:
        raise CcdsError(
            expected=f"a phrase of at most {most} characters",
            found=f"one of {len(text)}",
            do="choose the few words that matter",
        )
