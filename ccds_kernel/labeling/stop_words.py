"""Words that carry no finding by themselves, so that a suggestion neither begins nor ends with one; negations are none of them.

Function words of English reports; short on purpose: "left", "normal", "small", "negative" say something. A site that reports in
another language passes a list of its own to `suggestions`.
"""

NEGATIONS = frozenset(("cannot", "neither", "never", "no", "non", "none", "nor", "not", "without"))
"""Function words that turn a finding round: a suggestion may begin or end with one."""

STOP_WORDS = frozenset(
    (
        "a", "about", "after", "again", "all", "along", "also", "although", "an", "and", "any", "are", "as", "at",
        "be", "because", "been", "before", "being", "between", "both", "but", "by", "can", "could", "did", "do",
        "does", "during", "each", "either", "else", "for", "from", "had", "has", "have", "having", "he", "her",
        "here", "his", "how", "however", "i", "if", "in", "into", "is", "it", "its", "may", "might", "more", "most",
        "of", "on", "or", "other", "our", "over", "per", "she", "should", "since", "so", "some", "such", "than",
        "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "under",
        "until", "up", "upon", "very", "via", "was", "we", "were", "what", "when", "where", "which", "while", "who",
        "will", "with", "within", "would",
    )
)  # fmt: skip
"""Function words; none of `NEGATIONS`."""
