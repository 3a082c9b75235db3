"""From a project's reports to one soft label per study: that of the first phrase that matches its report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.repository import LabelingRepository

SoftLabels = Mapping[str, str | None]
"""Study key → label; None where no phrase matches the report."""


def soft_labels(project: Project, phrases: Path | str | None = None) -> SoftLabels:
    """The soft label of each study that has a report.

    Args:
        project: whose reports.
        phrases: a phrase file; where it isn't given, the project's own list, which its fellows made in the labelling app.

    Raises:
        ProjectAccessDenied: this person may not read reports or phrases.
        CcdsError: the phrase file is none.
    """
    project.require(Action.READ_PHRASES)
    repository = LabelingRepository(project)
    reports = repository.reports()
    listed = (
        [stored.phrase for stored in repository.phrases()] if phrases is None else list(read_phrases(Path(phrases)))
    )
    index = PhraseIndex([stored.report.texts for stored in reports])
    for position, phrase in enumerate(listed):
        index.insert(phrase, position)
    keys = (stored.study_key for stored in reports)
    return dict(zip(keys, index.soft_labels().to_list(), strict=True))
