"""What a cluster's scheduler is told to remember with a job of ours, so that any process finds all of them by one question.

It stands where the scheduler lets a job carry a text (Slurm's comment, LSF's description), and whoever may list jobs reads it. So
it holds no secret, and proves nothing: everybody can write the like for a job of their own. A job counts as ours only where its
Unix user is ours, or is the very person whom it names: see `Mark.is_of`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote

from ccds_kernel.batch.spec import PriorityClass

_FORM = re.compile(r"ccds1:([0-9a-f]{12}):([0-9a-f]{16}):([a-z]+):([A-Za-z0-9%._~-]+)")


@dataclass(frozen=True)
class Mark:
    """The mark of one job.

    Attributes:
        folder: which scheduler folder it was submitted from, see `folder_tag`.
        nonce: of its run's folder: 16 hexadecimal digits.
        priority_class: the class that we gave it last.
        owner: the person for whom it runs.
    """

    folder: str
    nonce: str
    priority_class: PriorityClass
    owner: str

    def text(self) -> str:
        """One word of letters, digits and `:%._~-`, which needs no quotes anywhere."""
        return f"ccds1:{self.folder}:{self.nonce}:{self.priority_class.value}:{quote(self.owner, safe='')}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The mark that `text` is; None for any other text."""
        if not (found := _FORM.fullmatch(text)) or found[3] not in set(PriorityClass):
            return None
        return cls(found[1], found[2], PriorityClass(found[3]), unquote(found[4], errors="replace"))

    def is_of(self, folder: str, user: str, me: str) -> bool:
        """Whether a job of Unix user `user` with this mark was submitted from `folder` by us, who are `me`."""
        return self.folder == folder and user in {me, self.owner}


def folder_tag(folder: Path) -> str:
    """Twelve hexadecimal digits that stand for this folder."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]
