"""CHEST-1 with a few reports, and the prioritise screen on a few phrases."""

import pytest

from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from support.phrase_screens import prioritise_model
from support.prioritising import TEXTS, WORDS


@pytest.fixture
def project(open_as):
    """CHEST-1, opened by the fellow fay, with one report for each of `TEXTS`."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports(
        Report(f"ACC{number}", (Section("findings", text),)) for number, text in enumerate(TEXTS)
    )
    return project


@pytest.fixture
def model(project):
    """The screen on the phrases of `WORDS`."""
    LabelingRepository(project).append_phrases(Phrase(text, label) for text, label in WORDS.items())
    return prioritise_model(project)
