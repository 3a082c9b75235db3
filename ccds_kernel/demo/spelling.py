"""How a radiologist's hand changes a text: British spelling, abbreviations, and slips of keyboard and dictation.

No slip touches a negation, a side or a number: the truth of a report must survive its spelling.
"""

from __future__ import annotations

import re

from ccds_kernel.demo.chance import Draw

BRITISH = (
    ("hemorrhag", "haemorrhag"), ("hematom", "haematom"), ("edema", "oedema"), ("ischemi", "ischaemi"), ("gray", "grey"),
    ("centered", "centred"), ("tumor", "tumour"), ("caliber", "calibre"), ("favored", "favoured"), ("fiber", "fibre"),
    ("epidural", "extradural"), ("visualized", "visualised"), ("pneumatized", "pneumatised"),
    ("mineralization", "mineralisation"),
)  # fmt: skip
ABBREVIATIONS = (
    ("subdural hematoma", "SDH"), ("subdural hemorrhage", "SDH"), ("epidural hematoma", "EDH"),
    ("subarachnoid hemorrhage", "SAH"), ("intraventricular hemorrhage", "IVH"), ("intraparenchymal hemorrhage", "IPH"),
    ("intracerebral hemorrhage", "ICH"), ("intracranial hemorrhage", "ICH"), ("midline shift", "MLS"),
)  # fmt: skip
DICTATED = (
    ("mass effect", "mass affect"), ("normal in size", "normal and size"), ("is seen", "is scene"),
    ("sulci", "sulcus"), ("within normal limits", "within normal limit"), ("clear.", "clear .."), (" are ", " our "),
)  # fmt: skip
MISSPELT = {
    "hemorrhage": ("hemorrage", "hemmorhage", "hemorrhgae", "hemorhage"),
    "haemorrhage": ("haemorrage", "haemorrhge"),
    "hematoma": ("hematom", "hemtoma"),
    "subdural": ("sub dural", "sudbural"),
    "subarachnoid": ("subarachnod", "sub-arachnoid", "subarrachnoid"),
    "ventricles": ("ventricels", "ventricules"),
    "parenchymal": ("parenchmal",),
}
_KEPT = frozenset(
    (
        "without",
        "negative",
        "neither",
        "cannot",
        "excluded",
        "possible",
        "possibly",
        "suspected",
        "suspicious",
        "concerning",
        "likely",
        "probable",
        "probably",
        "artifact",
        "artifactual",
        "calcification",
        "resolved",
        "resolution",
        "residual",
        "stable",
        "unchanged",
        "larger",
        "smaller",
        "increased",
        "decreased",
        "bilateral",
        "remote",
        "chronic",
        "subacute",
        "question",
        "favored",
        "favoured",
        "versus",
        "rather",
        "ADDENDUM",
    )
)
_WORD = re.compile(r"[A-Za-z]{6,}")


def british(text: str) -> str:
    """`text` in British spelling."""
    for american, spelling in BRITISH:
        text = text.replace(american, spelling).replace(american.capitalize(), spelling.capitalize())
    return text


def abbreviate(text: str, draw: Draw, share: float) -> str:
    """`text` with about `share` of its long terms as their usual letters."""
    for term, letters in ABBREVIATIONS:
        if term in text.lower() and draw.chance(share):
            text = re.sub(term, letters, text, flags=re.IGNORECASE)
    return text


def slips(text: str, draw: Draw, per_word: float) -> str:
    """`text` with typing slips in about `per_word` of its longer words, and now and then a dictation error."""
    for said, heard in DICTATED:
        if said in text and draw.chance(2 * per_word):
            text = text.replace(said, heard, 1)
    return _WORD.sub(lambda found: _slip(found[0], draw) if draw.chance(per_word) else found[0], text)


def _slip(word: str, draw: Draw) -> str:
    if word.lower() in _KEPT or word.isupper():
        return word
    if word in MISSPELT:
        return draw.one(MISSPELT[word])
    at = draw.integer(1, len(word) - 3)
    return draw.one(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )
