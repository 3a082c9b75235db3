"""The cues of negation and uncertainty with which a task begins: English, for radiology reports.

Chosen from the lists of NegEx and ConText (see `negation`) and from what radiologists write ("unremarkable" is no cue: it denies
nothing that stands beside it). No word denies in both directions: "resolved" does what comes right before it, else "effusion with
resolved pneumothorax" would be denied. After a comma a small finding ends a scope, a large one doesn't: "no consolidation, large
effusion or pneumothorax" is one list. A fellow edits a task's own copy.
"""

from itertools import product


def _each(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Every way to put one of each part together; an empty one is left out."""
    return tuple(" ".join(filter(None, words)) for words in product(*parts))


_SEEN = (
    "seen", "identified", "present", "evident", "visualized", "visualised", "demonstrated", "appreciated", "detected", "noted",
    "apparent", "visible", "found", "shown",
)  # fmt: skip
_CANNOT = ("cannot", "can not", "can't", "could not", "couldn't")
_WHOLLY = ("entirely", "completely", "fully", "definitely", "definitively", "reliably", "confidently", "safely")
_GONE = ("resolved", "cleared")
_BEFORE_NOW = ("on prior", "on the prior", "on previous", "on the previous", "previously", "before")
_LESS_THAN_LARGE = ("small", "tiny", "trace", "minimal", "mild", "moderate")

NEGATION_BEFORE = (
    "no", "not", "without", "without any", "without evidence of", "negative for", "no evidence of", "no evidence for",
    "absence of", "denies", "denied", "free of", "clear of", "neither", "nor", "never", "lack of", "lacks", "rather than",
    "resolution of", "interval resolution of", "rules out", "ruled out for", "has ruled out", "have ruled out", "rule out for",
    "excludes", "no longer", "not have", "fails to reveal", "failed to reveal", "fails to show", "no sign of", "no signs of",
    "no suggestion of", "no findings of", "no radiographic evidence of", "no ct evidence of", "no suspicious", "isn't", "aren't",
    "wasn't", "weren't", "doesn't", "don't", "didn't", "unlikely to be", "unlikely to represent",
)  # fmt: skip
"""Deny what follows."""

NEGATION_AFTER = (
    "is excluded", "are excluded", "was excluded", "were excluded", "has been excluded", "have been excluded", "is ruled out",
    "are ruled out", "was ruled out", "were ruled out", "has been ruled out", "have been ruled out", "is absent", "are absent",
    "is negative", "are negative", "unlikely", "is resolved", "are resolved", "has resolved", "have resolved", "has cleared",
    "have cleared",
    *_each(("completely", "entirely", "fully", "since", "now"), _GONE),
    *_each(("not", "no longer", "isn't", "aren't", "wasn't", "weren't"), _SEEN),
    *_each(_CANNOT, ("be",), _SEEN),
)  # fmt: skip
"""Deny what comes before."""

NEGATION_RIGHT_AFTER = ("absent", "excluded", "negative", "none", "resolved", "ruled out")
"""Deny what stands right before them."""

NEGATION_OPENING = ("resolved", "interval resolved", "cleared")
"""Deny what follows where a sentence begins with them: "resolved effusion", but "pneumothorax resolved, effusion"."""

UNCERTAINTY_BEFORE = (
    "possible", "possibly", "probable", "probably", "likely", "suspected", "suspicious for", "suspicion of", "suspicion for",
    "suspect", "concern for", "concerning for", "worrisome for", "questionable", "question of", "question", "may be",
    "may represent", "may reflect", "may relate to", "may be related to", "may indicate", "may suggest", "might be",
    "might represent", "could be", "could represent", "could reflect", "could relate to", "could indicate", "not exclude",
    "not excluding", "not rule out", "not definitely", "suggesting", "suggestive of", "suggests", "suggest", "potential",
    "potentially", "presumed", "presumably", "perhaps", "equivocal", "equivocal for", "indeterminate for", "doubt", "versus",
    "vs", "vs.", "differential includes", "differential diagnosis includes", "differential considerations include",
    "compatible with possible", "evaluate for", "rule out", "r/o", "assess for", "?",
    *_each(_CANNOT, ("exclude", "rule out")),
    *_each((*_CANNOT, "not"), _WHOLLY, ("exclude", "rule out")),
)  # fmt: skip
"""Leave open what follows."""

UNCERTAINTY_AFTER = (
    "not excluded", "not been excluded", "not ruled out", "not been ruled out", "is possible", "are possible", "is suspected",
    "are suspected", "is questioned", "is questionable", "is likely", "are likely", "less likely", "is probable",
    "is considered", "should be considered", "could be considered", "may be considered", "is a consideration", "may be present",
    "could be present", "might be present", "versus", "vs", "vs.", "is not certain", "is uncertain", "is equivocal",
    "are equivocal", "is doubtful", "should be excluded", "should be ruled out",
    *_each(("not",), _WHOLLY, ("excluded", "ruled out")),
    *_each(_CANNOT, ("be",), ("excluded", "ruled out")),
    *_each(_CANNOT, ("be",), _WHOLLY, ("excluded", "ruled out")),
    *_each(("not",), ("clearly", "definitely"), _SEEN),
)  # fmt: skip
"""Leave open what comes before."""

UNCERTAINTY_RIGHT_AFTER = ("possible", "suspected", "questioned", "questionable", "doubtful", "likely.", "probable.")
"""Leave open what stands right before them. "Likely" only at the end of a sentence: an "effusion likely chronic" is there."""

LOOK_ALIKES = (
    "not only", "not necessarily", "not limited to", "not cause", "not certain if", "not certain whether", "not well seen",
    "not well evaluated", "not well visualized", "not well visualised", "not fully evaluated", "gram negative",
    "no doubt", "without doubt", "without a doubt",
    "no comparison", "no comparisons", "no prior", "no priors", "no previous", "no.", "to suggest", "to indicate",
)  # fmt: skip
"""Hold the words of a cue and are none: what stands beside them is not denied by them. "No." stands for "number": at the end of
a sentence nothing follows that it could deny."""

SCOPE_ENDS = (
    "but", "however", "although", "though", "nevertheless", "yet", "except", "except for", "with the exception of",
    "aside from", "apart from", "other than", "besides", "whereas", "while", "which", "because", "because of", "due to",
    "secondary to", "as the cause of", "as a cause of", "cause of", "cause for", "source of", "source for", "reason for",
    "etiology of", "etiology for", "in the setting of", "status post", "there is", "there are", "there has been", "there was",
    "there were", ";", ", with", ", now", ", and a",
    # what they are said of is there
    "positive for",
    "unchanged", "likely unchanged", "possibly unchanged", "stable", "again seen", "again noted", "again demonstrated",
    "redemonstrated", "persists", "persist", "remains", "remain", "not changed", "not significantly changed", "not increased",
    "is likely secondary to", "is likely due to", "is likely chronic", "are likely secondary to", "are likely due to",
    "are likely chronic", "previously not", "not previously", "without further",
    *_each(("no", "without"), ("", "interval", "significant", "significant interval", "definite", "suspicious"), ("change",)),
    *_each(("no",), ("changes", "increase", "decrease", "improvement")),
    *_each(
        ("not", "not yet", "not completely", "not entirely", "not fully", "nearly", "nearly completely", "almost",
         "almost completely", "near completely", "partially", "partly", "largely", "mostly"),
        _GONE,
    ),
    *_each(("absent", "not seen", "not present", "not identified", "not evident", "not visualized", "not noted"), _BEFORE_NOW),
    *_each((",",), ("persistent", "residual", "increasing", "worsening", *_LESS_THAN_LARGE)),
    *_each(("with", "and"), ("a small", "a large", "a moderate", "a trace", "a persistent", "a residual", "large")),
    *_each(("with", "and"), ("persistent", "residual", *_LESS_THAN_LARGE)),
)  # fmt: skip
"""End the reach of every cue within a sentence."""

SCOPE_ENDS_BACKWARD = (",",)
"""End the reach of a cue to what comes before. "And" doesn't: "infiltrates and congestion have resolved"."""

AFFIRMATION_RIGHT_AFTER = (
    "unchanged", "stable", "again seen", "again noted", "again demonstrated", "not significantly changed",
    *_each(("is", "are", "appears", "appear"), ("unchanged", "stable", "larger", "smaller")),
    *_each(("has", "have"), ("increased", "decreased", "worsened", "improved", "not resolved", "not changed")),
)  # fmt: skip
"""Say of what stands right before them that it is there: "no pneumothorax, effusion unchanged"."""
