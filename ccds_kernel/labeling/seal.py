"""What was loaded, as one hash: by it somebody finds out later whether those reports are still what they were.

Members of a project may write its table of reports, and not its audit log. So the reports of a load have consecutive ids, and the
log gets the first, the last and the hash of all between. Each seal has to hold by itself: one that somebody makes up can only
break, and doesn't make up for another.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SealedReport:
    """A report as it is hashed: its id, accession number, study key, and sections (name, text) in their order."""

    id: int
    accession: str
    study_key: str
    sections: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of all of it."""
        fixed = [self.id, self.accession, self.study_key, self.sections]
        return hashlib.sha256(json.dumps(fixed).encode()).digest()


@dataclass(frozen=True)
class Seal:
    """The reports with ids from `first` to `last`, and the SHA-256 in hex over their digests."""

    first: int
    last: int
    digest: str


def sealed(reports: Sequence[SealedReport]) -> Seal | None:
    """The seal of all `reports`, which are in the order of their ids; None where there are none."""
    return Seal(reports[0].id, reports[-1].id, _over(one.digest for one in reports)) if reports else None


def broken(seals: Iterable[Seal], reports: Sequence[SealedReport]) -> int:
    """How many of `seals` don't hold any more for `reports`, which are all of a project in the order of their ids."""
    ids, digests = [one.id for one in reports], [one.digest for one in reports]
    return sum(
        _over(digests[bisect_left(ids, seal.first) : bisect_left(ids, seal.last + 1)]) != seal.digest
        for seal in set(seals)
    )


def _over(digests: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(digests)).hexdigest()
