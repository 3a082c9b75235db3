"""Which volumes of a project's folder may be worked on: of studies that conversions look after only those that a verdict accepts.

A volume's file comes first and its verdict after it: no transaction holds both, and whoever dies between them leaves a volume of
which nobody said anything. Rejected: the verdict first. Dying there would leave one that speaks of a file not made yet, and where
an older one of that name lies nothing could tell that it isn't the one that was accepted.
"""

from __future__ import annotations

from collections.abc import Callable

from ccds_kernel.imaging.output import SERIES
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.project import Project

Takes = Callable[[str, str], bool]
"""Whether the volume of that study key and series may be taken."""


def takes_of(project: Project) -> Takes:
    """What the project's database says now, asked once for all its volumes; no file is opened.

    Conversions look after studies of which files are there or a verdict is, once the project keeps rules; without rules, after
    those for which people chose. There they take away what they didn't accept, by its name that is one of theirs. Whatever else
    lies in the folder somebody put there, and it is taken as it is.

    Raises:
        ProjectAccessDenied: this person may not read images.
        CcdsError: the database can't be read.
    """
    keys = ImageStudies(project).study_keys()
    with project.store.reading() as connection:
        accepted = rows.accepted_series(connection)
        ruled = bool(rows.kept_rules(connection))
        looked_after = {*keys, *accepted} if ruled else set(rows.newest_choices(connection))

    def takes(study_key: str, series: str) -> bool:
        ours = series.startswith(SERIES) and study_key in looked_after
        return not ours or series in accepted.get(study_key, ())

    return takes
