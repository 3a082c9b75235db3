"""Which presentation contexts are proposed for fetching: one for each transfer syntax, compressed ones first. Pure.

A context with several syntaxes would let the archive choose one for all instances of that class: it would decompress, or fail
for those that it can't. An association has room for 128 contexts, so that objects without images, which nobody compresses, are
asked for in three syntaxes only.
"""

from __future__ import annotations

from collections.abc import Collection

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

COMPRESSED = (
    JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2K, JPEGLSLossless, JPEGLSNearLossless, JPEGLosslessSV1, JPEGLossless,
    JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless,
)  # fmt: skip
PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
EVERY = (*COMPRESSED, DeflatedExplicitVRLittleEndian, *PLAIN)
"""In the order in which they are proposed."""

MOST = 127
"""Contexts for storage: 128 of an association, one of them for the request itself."""

_WITHOUT_IMAGES = ("1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.11.", "1.2.840.10008.5.1.4.1.1.481.")
"""Begins of SOP classes: reports, presentation states, radiotherapy."""


_STORAGE = "1.2.840.10008.5.1.4.1.1."
USUAL = frozenset(
    _STORAGE + suffix
    for suffix in (
        "2", "2.1", "4", "4.1", "128", "1", "1.1", "7",  # CT, MR, PET, radiographs, secondary captures
        "66.4", "88.11", "88.22", "88.33", "88.59", "11.1", "481.3",  # segmentations, reports, presentation states, contours
    )
)  # fmt: skip
"""SOP classes that are expected of an archive that doesn't say which it has."""


def proposals(sop_classes: Collection[str], also: Collection[str] = ()) -> list[tuple[UID, list[UID]]]:
    """The contexts, each with one transfer syntax, for instances of `sop_classes`; as many as there is room for.

    Args:
        sop_classes: of the instances that are to come.
        also: further transfer syntaxes that the archive says it has, private ones say.
    """
    images = [UID(one) for one in sorted(sop_classes) if not one.startswith(_WITHOUT_IMAGES)]
    every = [UID(one) for one in sorted(sop_classes)]
    rare = [UID(one) for one in sorted(also) if one not in EVERY]
    compressed = [(one, [syntax]) for syntax in (*rare, *EVERY) if syntax not in PLAIN for one in images]
    plain = [(one, [syntax]) for syntax in PLAIN for one in every][:MOST]
    # Plain syntaxes every archive can send: where there is no room for all, it is the rare ones that go.
    return [*compressed[: MOST - len(plain)], *plain]
