"""The cues of negation and uncertainty with which a task begins: English, for radiology reports.

Chosen from the lists of NegEx and ConText (see `negation`) and from what radiologists write ("unremarkable" is no cue: it denies
nothing that stands beside it). A fellow edits a task's own copy.
"""

NEGATION_BEFORE = (
    "no", "not", "without", "without any", "without evidence of", "negative for", "no evidence of", "absence of", "absent",
    "denies", "denied", "free of", "clear of", "neither", "nor", "never", "lack of", "lacks", "rather than", "resolution of",
    "interval resolution of", "resolved", "rules out", "ruled out", "rule out for", "excludes", "no longer", "not have",
    "fails to reveal", "failed to reveal", "fails to show", "no sign of", "no signs of", "no suggestion of", "no findings of",
    "no radiographic evidence of", "no ct evidence of", "no suspicious",
)  # fmt: skip
"""Deny what follows."""

NEGATION_AFTER = (
    "is excluded", "are excluded", "excluded", "has been excluded", "have been excluded", "is ruled out", "are ruled out",
    "was ruled out", "were ruled out", "has been ruled out", "is not seen", "are not seen", "not seen", "is not identified",
    "are not identified", "not identified", "is not present", "are not present", "not present", "is not evident",
    "are not evident", "not evident", "is not visualized", "are not visualized", "not visualized", "not visualised",
    "is not demonstrated", "are not demonstrated", "not demonstrated", "not appreciated", "not detected", "not noted",
    "is not apparent", "not apparent", "is absent", "are absent", "absent", "is unlikely", "unlikely", "is negative",
    "are negative", "negative", "has resolved", "have resolved", "resolved", "has cleared", "have cleared", "no longer seen",
    "no longer visualized", "no longer visualised", "no longer identified", "no longer evident", "no longer present",
    "no longer demonstrated",
)  # fmt: skip
"""Deny what comes before."""

UNCERTAINTY_BEFORE = (
    "possible", "possibly", "probable", "probably", "likely", "suspected", "suspicious for", "suspicion of", "suspicion for",
    "suspect", "concern for", "concerning for", "worrisome for", "questionable", "question of", "question", "may be",
    "may represent", "may reflect", "may relate to", "may be related to", "may indicate", "may suggest", "might be",
    "might represent", "could be", "could represent", "could reflect", "could relate to", "could indicate", "cannot exclude",
    "can not exclude", "can't exclude", "cannot rule out", "can not rule out", "not exclude", "not excluding", "not rule out",
    "not definitely", "suggesting", "suggestive of", "suggests", "suggest", "potential", "potentially", "presumed",
    "presumably", "perhaps", "equivocal", "equivocal for", "indeterminate for", "versus", "vs", "vs.",
    "differential includes", "differential diagnosis includes", "differential considerations include",
    "compatible with possible", "evaluate for", "rule out", "r/o", "assess for", "?",
)  # fmt: skip
"""Leave open what follows."""

UNCERTAINTY_AFTER = (
    "cannot be excluded", "can not be excluded", "can't be excluded", "could not be excluded", "cannot be entirely excluded",
    "cannot be completely excluded", "is not excluded", "are not excluded", "not excluded", "not entirely excluded",
    "not completely excluded", "cannot be ruled out", "can not be ruled out", "could not be ruled out", "is not ruled out",
    "not ruled out", "is possible", "are possible", "possible", "is suspected", "are suspected", "suspected", "is questioned",
    "questioned", "is questionable", "questionable", "is likely", "likely", "is probable", "probable", "is considered",
    "should be considered", "could be considered", "may be considered", "is a consideration", "may be present",
    "could be present", "might be present", "versus", "vs", "vs.", "is not certain", "is uncertain", "is equivocal",
    "are equivocal",
)  # fmt: skip
"""Leave open what comes before."""

LOOK_ALIKES = (
    "no change", "no changes", "no interval change", "no significant change", "no significant interval change", "no increase",
    "no decrease", "no improvement", "without change", "without interval change", "without significant change",
    "without further", "not changed", "not significantly changed", "not increased", "not only", "not necessarily",
    "not well seen", "not well evaluated", "not well visualized", "not well visualised", "not fully evaluated",
    "not limited to", "not cause", "not certain if", "not certain whether", "gram negative", "no comparison",
    "no comparisons", "no prior", "no priors", "no previous", "likely unchanged", "possibly unchanged", "to suggest",
    "to indicate",
)  # fmt: skip
"""Hold the words of a cue and are none: what stands beside them is not denied by them."""

SCOPE_ENDS = (
    "but", "however", "although", "though", "nevertheless", "yet", "except", "except for", "with the exception of",
    "aside from", "apart from", "other than", "besides", "whereas", "while", "which", "because", "because of", "due to",
    "secondary to", "as the cause of", "as a cause of", "cause of", "cause for", "source of", "source for", "reason for",
    "etiology of", "etiology for", "in the setting of", "status post", "there is", "there are", "there has been", "there was",
    "there were", ";",
)  # fmt: skip
"""End the reach of every cue within a sentence."""
