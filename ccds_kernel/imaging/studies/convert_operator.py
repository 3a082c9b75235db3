"""The conversion of a project's studies as what the workflow does to each: what `make_volumes` does, by another process.

What became of a study stands in the project's database, from which it follows what waits. So the workflow's own records count in
the run that wrote them only: each run has a digest of its own.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.workflow.operator import Item, Outcome


@dataclass(frozen=True)
class Conversion:
    """`ImageStudies.make_volumes`, for one study after another.

    It may be killed and called again, also beside another call: the study's lock is held meanwhile and ends with its process,
    volumes appear whole, and the verdicts are one transaction. It opens the project as whoever runs the worker.

    Args:
        project: the project's id.
        digest: the run's own.
        code_version: of ccds.
    """

    project: str
    digest: str = field(default_factory=lambda: secrets.token_hex(32))
    code_version: str = field(default_factory=lambda: version("ccds"))

    name: str = field(default="convert", init=False)

    def run(self, item: Item, into: Path) -> Outcome:  # noqa: ARG002 - the project says where
        """Makes the volumes of the study `item.key`, and keeps its verdicts: in quarantine it is done, too.

        Raises:
            CcdsError: the person may not, no such study, or volumes or database can't be written: there is no verdict.
        """
        ImageStudies(_opened(self.project)).make_volumes(item.key)
        return Outcome("", "", ())  # the verdict is in the database, the digests are in the volume's sidecar


@lru_cache(maxsize=1)
def _opened(project: str) -> Project:
    """The project, opened once in a worker, with connections of its own, until that ends. Each study asks for the right anew."""
    return open_project(project, Action.WRITE_IMAGES)
